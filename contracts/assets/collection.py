"""Assets as readers list them."""

from typing import Final

from contracts.assets.lineage import Edge, LineageRecord
from contracts.assets.outcome import AssetFrozen, AssetRegistered, AssetTransferred
from contracts.assets.record import LIFECYCLE, AssetRecord
from contracts.kernel.collection import Collection, Filter
from contracts.kernel.text import Hash32

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
            Filter("holder", ((AssetRegistered, "holder"), (AssetTransferred, "holder"))),
            Filter("applicant", ((AssetRegistered, "applicant"),)),
            Filter("frozen_by", ((AssetFrozen, "order"),)),
            Filter("registrar", ((AssetRegistered, "registrar"),)),
            Filter("status", choices=LIFECYCLE.statuses()),
            Filter("description.kind"),
            Filter("description.grade"),
            Filter("description.industry"),
            Filter("description.keywords"),
        ),
        missing="asset-not-found",
    ),
    Collection(
        name="lineage",
        namespace=("lineage",),
        ids=("asset_id",),
        record=LineageRecord,
        summary="From what each asset was made.",
        filters=(Filter("generation"), Filter("edges.parent_id"), Filter("edges.relation")),
    ),
    Collection(
        name="lineage-children",
        namespace=("lineage-child",),
        ids=("parent_id", "child_id"),
        record=Edge,
        summary="What was made from an asset, as the child states it.",
        filters=(Filter("relation"),),
        id_types={"child_id": Hash32},
    ),
)
