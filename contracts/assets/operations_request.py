"""What can be done with a registered asset: the wire forms."""

from typing import Annotated

import msgspec

from contracts.assets.description import AssetDescription, check_description
from contracts.assets.pending import Period, Procedure
from contracts.kernel.operation import Operation
from contracts.kernel.text import AnyDid, Hash32


class ProposeChange(Operation, frozen=True, array_like=True, tag="asset.propose_change"):
    """Ask the registrar to replace the description of an own asset; until then the present one holds."""

    asset_id: Hash32
    description: AssetDescription

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: see ``check_description``.
        """
        check_description(self.description)


class OfferTransfer(Operation, frozen=True, array_like=True, tag="asset.offer_transfer"):
    """Offer an own asset to another identity."""

    asset_id: Hash32
    new_holder: Annotated[AnyDid, msgspec.Meta(min_length=1)]
    accept_within_ms: Period = 0
    """The offer holds so long from its block on; 0 = until retracted."""
    agreement_hash: Hash32 | None = None


class AcceptTransfer(Operation, frozen=True, array_like=True, tag="asset.accept_transfer"):
    """Accept an asset that its holder offers to the sender."""

    asset_id: Hash32


class RequestRenewal(Operation, frozen=True, array_like=True, tag="asset.request_renewal"):
    """Ask the registrar to renew the certificate of an own asset before it ends."""

    asset_id: Hash32
    report_hash: Hash32 | None = None
    """Digest of what shows that the description still holds."""


class RetractRequest(Operation, frozen=True, array_like=True, tag="asset.retract_request"):
    """Take back what the sender asked for, or decline a transfer offered to it."""

    asset_id: Hash32


class ApproveRequest(Operation, frozen=True, array_like=True, tag="asset.approve_request"):
    """Grant what the holder asked for, named so that nobody grants another request than it read."""

    asset_id: Hash32
    procedure: Procedure
    description_hash: Hash32 | None = None
    """Of the description proposed, for a change."""
    new_holder: AnyDid = ""
    """Who accepted, for a transfer."""


class RefuseRequest(Operation, frozen=True, array_like=True, tag="asset.refuse_request"):
    """Refuse what the holder asked for; the asset stands as it did."""

    asset_id: Hash32
    reason_hash: Hash32


class CancelAsset(Operation, frozen=True, array_like=True, tag="asset.cancel"):
    """Take an own asset out of the register for good."""

    asset_id: Hash32
    reason_hash: Hash32 | None = None


class RevokeAsset(Operation, frozen=True, array_like=True, tag="asset.revoke"):
    """Strike an asset from the register for good, as its registrar."""

    asset_id: Hash32
    reason_hash: Hash32


class ExpireAsset(Operation, frozen=True, array_like=True, tag="asset.expire"):
    """Note that a certificate has run out; it ended by itself, this makes it an event."""

    asset_id: Hash32
