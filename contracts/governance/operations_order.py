"""Lawful orders: the wire forms of the regulator's power to hold things still."""

from typing import Annotated, Literal

import msgspec

from chainnode.types.block import Hash
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, Name, ShortText, Time

OrderId = Annotated[bytes, msgspec.Meta(min_length=16, max_length=32)]
"""Chosen by the issuer, unique among its own orders."""
Target = Literal["asset", "right", "trade", "identity"]
TargetId = Annotated[bytes, msgspec.Meta(max_length=32)]


class EvidenceOfOrder(msgspec.Struct, frozen=True, array_like=True):
    """A record of evidence on this chain, such as the served document."""

    submitter: AnyDid
    evidence_id: OrderId


class IssueOrder(Operation, frozen=True, array_like=True, tag="governance.issue_order"):
    """Freeze an asset, a right or a trade, or suspend an identity, on a legal basis that is written down."""

    order_id: OrderId
    target: Target
    legal_basis: Name
    """The provision or ruling that gives the power, as it is cited."""
    document_hash: Hash
    """SHA-256 of the order as it was served."""
    target_id: TargetId = b""
    """Of the asset, right or trade; empty for an identity."""
    identity: AnyDid = ""
    """DID of the identity; empty for the others."""
    until_ms: Time = 0
    """The first block of this time or later lifts it by itself; 0 = until it is lifted."""
    reason: ShortText = ""
    evidence: EvidenceOfOrder | None = None

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``order-target``.
        """
        if self.target == "identity":
            if not self.identity or self.target_id:
                raise OperationFailed("order-target", "an order against an identity names its DID, and no other target")
        elif self.identity or len(self.target_id) < 16:
            raise OperationFailed("order-target", f"an order against a {self.target} names its id, and no identity")


class LiftOrder(Operation, frozen=True, array_like=True, tag="governance.lift_order"):
    """End an order before its time."""

    order: Hash
    """As events and records name it (``contracts.governance.order.order_of``)."""
    reason: Name
    document_hash: Hash
    """SHA-256 of the decision that lifts it."""
