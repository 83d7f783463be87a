"""What can come of requests about a registered asset: events and refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class ChangeProposed(TypedEvent, frozen=True):
    """A holder asked for another description."""

    NAME = "asset.change_proposed"
    INDEXED = ("asset_id", "holder", "registrar")

    asset_id: bytes
    holder: str
    registrar: str
    description_hash: bytes


class AssetChanged(TypedEvent, frozen=True):
    """An asset has a new description; the earlier one is kept under its version."""

    NAME = "asset.changed"
    INDEXED = ("asset_id", "certificate", "holder", "kind", "registrar")

    asset_id: bytes
    holder: str
    registrar: str
    certificate: str
    kind: str
    version: int
    description_hash: bytes


class TransferOffered(TypedEvent, frozen=True):
    """A holder offered its asset to somebody."""

    NAME = "asset.transfer_offered"
    INDEXED = ("asset_id", "holder", "new_holder", "registrar")

    asset_id: bytes
    holder: str
    new_holder: str
    registrar: str
    ends_ms: int
    agreement_hash: bytes


class TransferAccepted(TypedEvent, frozen=True):
    """Whom an asset was offered to agreed; the registrar's confirmation is awaited."""

    NAME = "asset.transfer_accepted"
    INDEXED = ("asset_id", "new_holder", "registrar")

    asset_id: bytes
    new_holder: str
    registrar: str


class RenewalRequested(TypedEvent, frozen=True):
    """A holder asked for the renewal of a certificate."""

    NAME = "asset.renewal_requested"
    INDEXED = ("asset_id", "holder", "registrar")

    asset_id: bytes
    holder: str
    registrar: str
    valid_until_ms: int
    ends_ms: int


class AssetRenewed(TypedEvent, frozen=True):
    """A certificate holds longer."""

    NAME = "asset.renewed"
    INDEXED = ("asset_id", "certificate", "holder", "registrar")

    asset_id: bytes
    holder: str
    registrar: str
    certificate: str
    valid_until_ms: int


class RequestEnded(TypedEvent, frozen=True):
    """A request was refused by the registrar, or taken back or declined by a party; the asset stands as it did."""

    NAME = "asset.request_ended"
    INDEXED = ("asset_id", "by", "holder")

    asset_id: bytes
    procedure: str
    holder: str
    by: str
    reason_hash: bytes
    """Empty where it was taken back."""


class AssetCancelled(TypedEvent, frozen=True):
    """A holder took its asset out of the register."""

    NAME = "asset.cancelled"
    INDEXED = ("asset_id", "certificate", "holder", "registrar")

    asset_id: bytes
    holder: str
    registrar: str
    certificate: str
    reason_hash: bytes


class AssetExpired(TypedEvent, frozen=True):
    """The end of a certificate was noted."""

    NAME = "asset.expired"
    INDEXED = ("asset_id", "certificate", "holder", "registrar")

    asset_id: bytes
    holder: str
    registrar: str
    certificate: str
    valid_until_ms: int


EVENTS: Final = (
    ChangeProposed,
    AssetChanged,
    TransferOffered,
    TransferAccepted,
    RenewalRequested,
    AssetRenewed,
    RequestEnded,
    AssetCancelled,
    AssetExpired,
)

CODES: Final[dict[str, Code]] = {
    "asset-not-holder": Code(
        "Not the holder",
        "Only the asset's holder may do this.",
        "Look at the holder in the asset's record.",
    ),
    "asset-not-party": Code(
        "Not a party",
        "The sender is neither the asset's holder nor the one to whom it is offered.",
        "Look at the request that waits for the asset.",
    ),
    "asset-request-changed": Code(
        "Another request",
        "What waits for a decision is not what the sender names.",
        "Read the request again, and decide on what it says now.",
    ),
    "asset-change-empty": Code(
        "Nothing changes",
        "The description proposed is the present one.",
        "Propose a description that differs.",
    ),
    "asset-consent-missing": Code(
        "New holder's consent missing",
        "The one to whom the asset is offered has not accepted it.",
        "Wait until it has; a registrar confirms afterwards.",
    ),
    "asset-transfer-accepted": Code(
        "Accepted before",
        "The transfer has been accepted and waits for the registrar.",
        "The registrar confirms or refuses it.",
    ),
    "asset-transfer-late": Code(
        "Offer has ended",
        "The time for accepting the transfer has ended.",
        "The holder retracts the offer and makes another.",
    ),
    "asset-renewal-endless": Code(
        "Nothing to renew",
        "The certificate holds without end.",
        "There is nothing to do.",
    ),
    "asset-renewal-early": Code(
        "Renewal too early",
        "The certificate can be renewed only shortly before its end, as the registrar's rules say.",
        "Ask from the block time on that the message names.",
    ),
    "asset-renewal-late": Code(
        "Renewal too late",
        "The certificate has ended, or the time for deciding on its renewal has.",
        "Apply for registration anew.",
    ),
    "asset-not-expired": Code(
        "Not expired",
        "The certificate still holds, or a renewal asked for in time may still be decided.",
        "Try again from the block time that the message names.",
    ),
}
