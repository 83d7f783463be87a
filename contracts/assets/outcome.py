"""What can come of an asset operation: its events and its refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class AssetRegistered(TypedEvent, frozen=True):
    """An asset stands in the register."""

    NAME = "asset.registered"
    INDEXED = ("asset_id", "certificate", "holder", "identifier", "registrar")

    asset_id: bytes
    identifier: str
    kind: str
    holder: str
    registrar: str
    certificate: str


EVENTS: Final = (AssetRegistered,)

CODES: Final[dict[str, Code]] = {
    "asset-exists": Code(
        "Asset exists",
        "This registrar has already registered an asset under this identifier.",
        "Look the asset up by its id; a new version of the same asset is a change, not a registration.",
    ),
    "asset-grade-core": Code(
        "Core data",
        "Data of the grade core concerns national security and may not be registered or traded.",
        "Have the data graded again, or keep it off the exchange.",
    ),
    "asset-grade-level": Code(
        "Level without general grade",
        "Levels 1 to 4 exist inside the grade general only.",
        "Leave the level at 0 for important data.",
    ),
    "asset-range": Code(
        "Impossible range",
        "A range ends before it begins.",
        "Compare both ends of the period or box.",
    ),
    "asset-parent-twice": Code(
        "Parent twice",
        "One asset is named as a parent more than once.",
        "Name each parent once, with its main relation.",
    ),
    "asset-holder-unknown": Code(
        "Holder unknown",
        "The holder is no active identity of this chain.",
        "Have the holder create its identity first.",
    ),
    "asset-registrar-number": Code(
        "No registrar number",
        "The sender was never given a registrar number, which certificate numbers begin with.",
        "A governor grants the role exchange or registrar, which brings the number.",
    ),
    "asset-serials-spent": Code(
        "Serial numbers spent",
        "The registrar has used all serial numbers of its certificates.",
        "Register under a second registrar identity.",
    ),
}
