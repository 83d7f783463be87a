"""What can come of linking an asset to those it was made from: events and refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class AssetLinked(TypedEvent, frozen=True):
    """An asset names another as one that it was made from."""

    NAME = "asset.linked"
    INDEXED = ("asset_id", "parent_id")

    asset_id: bytes
    parent_id: bytes
    relation: str
    share_basis_points: int
    process_hash: bytes
    """Empty where none was told."""


class AssetUnlinked(TypedEvent, frozen=True):
    """An asset no longer names another as one that it was made from."""

    NAME = "asset.unlinked"
    INDEXED = ("asset_id", "parent_id")

    asset_id: bytes
    parent_id: bytes


EVENTS: Final = (AssetLinked, AssetUnlinked)

CODES: Final[dict[str, Code]] = {
    "asset-parent-unknown": Code(
        "Parent unknown",
        "A parent is no asset registered here.",
        "Register the parent first, or leave it out.",
    ),
    "asset-parent-shares": Code(
        "Parents' shares exceed the whole",
        "The shares of income that belong to the parents sum to more than 10,000 basis points.",
        "Lower the shares; what is left after all of them stays with the holder.",
    ),
    "asset-lineage-cycle": Code(
        "Lineage runs in a circle",
        "A parent was itself made from this asset, directly or through others.",
        "Look at the lineage of the parent; one of the two edges is the wrong way round.",
    ),
    "asset-lineage-too-deep": Code(
        "Lineage too deep",
        "More generations would stand above the asset than a lineage may have.",
        "Derive from an earlier generation, or register a new root asset for the stage.",
    ),
    "asset-lineage-too-large": Code(
        "Lineage too large",
        "More assets stand above the new parents than one change may look at.",
        "Name nearer parents; a registration is not bound so, only a later change of parents.",
    ),
    "asset-derivation-right": Code(
        "No right to derive",
        "A parent belongs to somebody else, and the holder has used no right to process it for this asset.",
        "The holder records right.use with this asset's id as derived, under a processing-use right in force.",
    ),
    "asset-grade-lowered": Code(
        "Grade below its parent's",
        "The asset is graded lower than an asset that it was made from.",
        "Grade it at least as high, or anonymise it and say so in the relation.",
    ),
}
LINKING: Final = (
    "asset-parent-unknown",
    "asset-lineage-too-deep",
    "asset-derivation-right",
    "asset-grade-lowered",
    "asset-lineage-cycle",
    "asset-frozen",
)
"""Refusals of a first registration."""
RELINKING: Final = (*LINKING, "asset-lineage-too-large")
"""Refusals of a later change."""
