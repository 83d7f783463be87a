"""Evidence as readers list it."""

from typing import Final

from chainnode.types.transaction import Did
from contracts.evidence.outcome import EvidenceAppended, EvidenceRecorded
from contracts.evidence.public_data.record import LIFECYCLE as PUBLIC_DATA
from contracts.evidence.public_data.record import Authorisation, PublicData, ResourceId, Step
from contracts.evidence.record import LIFECYCLE, SIGNING, EvidenceId, EvidenceRecord, LogEntry, SigningRecord
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
            Filter("related_asset"),
            Filter("kind"),
            Filter("status", choices=LIFECYCLE.statuses()),
        ),
        missing="evidence-not-found",
    ),
    Collection(
        name="evidence-signings",
        namespace=("evidence-signing",),
        ids=("submitter", "evidence_id"),
        record=SigningRecord,
        summary="Who countersigns a piece of evidence, and who has.",
        filters=(
            Filter("status", choices=SIGNING.statuses()),
            Filter("signatures.signer"),
        ),
    ),
    Collection(
        name="evidence-entries",
        namespace=("evidence-log",),
        ids=("submitter", "evidence_id", "number"),
        record=LogEntry,
        summary="What was added to a piece of evidence.",
        filters=(Filter("author"), Filter("digest", ((EvidenceAppended, "digest"),))),
        id_types={"submitter": Did, "evidence_id": EvidenceId},
    ),
    Collection(
        name="public-data",
        namespace=("public-data",),
        ids=("custodian", "resource_id"),
        record=PublicData,
        summary="Resources of public data.",
        filters=(
            Filter("status", choices=PUBLIC_DATA.statuses()),
            Filter("mode", choices=("unconditional", "conditional")),
            Filter("related_asset"),
        ),
    ),
    Collection(
        name="public-data-steps",
        namespace=("public-data",),
        ids=("custodian", "resource_id", "number"),
        record=Step,
        summary="What happened to a resource of public data, with the evidence of each step.",
        filters=(Filter("action"), Filter("actor"), Filter("operator")),
        id_types={"custodian": Did, "resource_id": ResourceId},
    ),
    Collection(
        name="public-data-authorisations",
        namespace=("public-authorisation",),
        ids=("custodian", "resource_id", "operator"),
        record=Authorisation,
        summary="Which operators may use a resource of public data, for what.",
        id_types={"custodian": Did, "resource_id": ResourceId},
    ),
)
