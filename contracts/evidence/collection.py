"""Evidence as readers list it."""

from typing import Final

from contracts.evidence.outcome import EvidenceRecorded
from contracts.evidence.record import LIFECYCLE, EvidenceRecord
from contracts.kernel.collection import Collection, Filter

COLLECTIONS: Final = (
    Collection(
        name="evidence",
        namespace=("evidence",),
        ids=("submitter", "evidence_id"),
        record=EvidenceRecord,
        summary="Digests and roots of batches, by who recorded them.",
        filters=(
            Filter("evidence_id", ((EvidenceRecorded, "evidence_id"),)),
            Filter("digest", ((EvidenceRecorded, "digest"),)),
            Filter("submitter"),
            Filter("related_asset"),
            Filter("kind"),
            Filter("status", choices=LIFECYCLE.statuses()),
        ),
        missing="evidence-not-found",
    ),
)
