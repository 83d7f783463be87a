"""Rights as readers list them."""

from typing import Final

from contracts.kernel.collection import Collection, Filter
from contracts.rights.outcome import RightFrozen, RightGranted
from contracts.rights.record import LIFECYCLE, RightRecord

COLLECTIONS: Final = (
    Collection(
        name="rights",
        namespace=("right",),
        ids=("right_id",),
        record=RightRecord,
        summary="Rights in assets, as granted; whether one holds now is `/v1/rights/{id}/force`.",
        filters=(
            Filter("asset_id", ((RightGranted, "asset_id"),)),
            Filter("holder", ((RightGranted, "holder"),)),
            Filter("grantor", ((RightGranted, "grantor"),)),
            Filter("parent", ((RightGranted, "parent"),)),
            Filter("frozen_by", ((RightFrozen, "order"),)),
            Filter("status", choices=LIFECYCLE.statuses()),
            Filter("terms.kind"),
            Filter("terms.exclusive"),
        ),
        missing="right-not-found",
    ),
)
