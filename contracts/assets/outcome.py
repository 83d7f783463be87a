"""What can come of an asset operation: its events and its refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class AssetRegistered(TypedEvent, frozen=True):
    """An asset stands in the register, with its certificate."""

    NAME = "asset.registered"
    INDEXED = ("applicant", "asset_id", "certificate", "holder", "identifier", "kind", "registrar")

    asset_id: bytes
    identifier: str
    kind: str
    holder: str
    registrar: str
    certificate: str
    applicant: str
    """Who chose the identifier on the reviewed path; empty = the fast path."""
    valid_until_ms: int


class RegistrarPolicySet(TypedEvent, frozen=True):
    """A registrar set the rules of its later decisions."""

    NAME = "asset.registrar_policy_set"
    INDEXED = ("registrar",)

    registrar: str
    reviewers: int
    approvals: int
    announcement_ms: int
    validity_ms: int


class AssetFrozen(TypedEvent, frozen=True):
    """An order holds an asset."""

    NAME = "asset.frozen"
    INDEXED = ("asset_id", "holder", "order", "registrar")

    asset_id: bytes
    order: bytes
    holder: str
    registrar: str


class AssetReleased(TypedEvent, frozen=True):
    """An order that held an asset was lifted; others may still hold it."""

    NAME = "asset.released"
    INDEXED = ("asset_id", "holder", "order", "registrar")

    asset_id: bytes
    order: bytes
    holder: str
    registrar: str
    status: str


class AssetRevoked(TypedEvent, frozen=True):
    """An asset was struck from the register against its holder's will."""

    NAME = "asset.revoked"
    INDEXED = ("asset_id", "certificate", "holder", "registrar")

    asset_id: bytes
    holder: str
    registrar: str
    certificate: str
    ground: bytes
    """Digest or id of what says why."""


class AssetTransferred(TypedEvent, frozen=True):
    """An asset has another holder."""

    NAME = "asset.transferred"
    INDEXED = ("asset_id", "certificate", "holder", "previous_holder", "registrar")

    asset_id: bytes
    previous_holder: str
    holder: str
    registrar: str
    certificate: str


EVENTS: Final = (AssetRegistered, RegistrarPolicySet, AssetFrozen, AssetReleased, AssetRevoked, AssetTransferred)

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
    "asset-compliance-missing": Code(
        "No compliance opinion",
        "Important data is registered with a compliance opinion only.",
        "Obtain the opinion and give its digest in the description.",
    ),
    "asset-basis-missing": Code(
        "No legal basis",
        "The data holds personal or sensitive information, and the description names no legal basis.",
        "Name the ground and the digest of the consents or of the authorisation, or de-identify the data.",
    ),
    "asset-assessment-missing": Code(
        "No impact assessment",
        "Sensitive personal information is registered with an impact assessment only.",
        "Make the assessment and give its digest beside the legal basis.",
    ),
    "asset-too-large": Code(
        "Description too large",
        "The description is larger than the chain keeps of one asset.",
        "Shorten texts and lists; publish the full schema elsewhere and give its digest.",
    ),
    "asset-policy-contradicts": Code(
        "Policy contradicts itself",
        "The rules cannot be met: more approvals than reviewers, or a renewal before the certificate begins.",
        "Ask for 1 to as many approvals as reviewers, and a renewal period no longer than the validity.",
    ),
    "asset-unknown": Code(
        "Asset unknown",
        "No asset is registered under this id.",
        "Compute the id from applicant and identifier, or look it up by its certificate.",
    ),
    "asset-status": Code(
        "Not in this status",
        "The asset's status does not allow this step.",
        "Look at the asset's status; the message names those in which the step is possible.",
    ),
    "asset-frozen": Code(
        "Asset frozen",
        "An order holds the asset; until it is lifted nothing can be done with it.",
        "Turn to whoever issued the order that the message names.",
    ),
    "asset-expired": Code(
        "Certificate expired",
        "The certificate's validity has ended.",
        "Apply for registration anew.",
    ),
    "asset-order-held": Code(
        "Order holds already",
        "This order holds the asset already.",
        "Lift it before you issue it again, or use an order of its own.",
    ),
    "asset-orders-full": Code(
        "Too many orders",
        "As many orders hold the asset as the chain keeps.",
        "It is frozen already; wait until one of them is lifted.",
    ),
    "asset-order-unknown": Code(
        "Order does not hold",
        "This order does not hold the asset.",
        "Compare the order with those in the asset's record.",
    ),
    "asset-holder-same": Code(
        "Holder unchanged",
        "The asset is held by this identity already.",
        "Name another identity.",
    ),
}
"""Refusals of this family; how each is met is in its tests."""
