"""Assets as readers list them."""

from typing import Final

from contracts.assets.outcome import AssetRegistered
from contracts.assets.record import LIFECYCLE, AssetRecord
from contracts.kernel.collection import Collection, Filter

COLLECTIONS: Final = (
    Collection(
        name="assets",
        namespace=("asset",),
        ids=("asset_id",),
        record=AssetRecord,
        summary="Registered assets.",
        filters=(
            Filter("certificate", ((AssetRegistered, "certificate"),)),
            Filter("identifier", ((AssetRegistered, "identifier"),)),
            Filter("holder", ((AssetRegistered, "holder"),)),
            Filter("registrar", ((AssetRegistered, "registrar"),)),
            Filter("status", choices=LIFECYCLE.statuses()),
            Filter("description.kind"),
            Filter("description.grade"),
            Filter("description.industry"),
            Filter("description.keywords"),
        ),
        missing="asset-not-found",
    ),
)
