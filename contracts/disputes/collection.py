"""Disputes as readers list them."""

from typing import Final

from contracts.disputes.outcome import DisputeFiled
from contracts.disputes.record import LIFECYCLE, DisputeRecord
from contracts.kernel.collection import Collection, Filter

COLLECTIONS: Final = (
    Collection(
        name="disputes",
        namespace=("dispute",),
        ids=("dispute_id",),
        record=DisputeRecord,
        summary="Complaints and disputes, with their rulings.",
        filters=(
            Filter("subject.id", ((DisputeFiled, "subject"),)),
            Filter("complainant", ((DisputeFiled, "complainant"),)),
            Filter("respondent", ((DisputeFiled, "respondent"),)),
            Filter("votes.arbitrator"),
            Filter("forum"),
            Filter("status", choices=LIFECYCLE.statuses()),
        ),
    ),
)
