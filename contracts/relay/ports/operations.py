"""What is told to other chains, and asked of them: the wire forms and their form rules."""

from typing import Annotated

import msgspec

from chainnode.types.transaction import Height
from contracts.identity.accreditation import CredentialType, Kind
from contracts.identity.operations_accreditation import check_type
from contracts.kernel.money import Amount
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, Hash32, ShortName, Time
from contracts.market.operations_trade import check_amount
from contracts.market.record import OptionalId
from contracts.relay.operations import Proof
from contracts.relay.packet import ClientId, TimeoutS
from contracts.relay.ports.message import AnswerKind, Units

StateValue = Annotated[bytes, msgspec.Meta(min_length=1, max_length=4_096)]
EvidenceId = Annotated[bytes, msgspec.Meta(max_length=32)]


class AnnounceAsset(Operation, frozen=True, array_like=True, tag="relay.announce_asset"):
    """Show a registered asset, and one of its listings, in another chain's catalogue; again, after it changed.

    At first for its holder and registrar, and with a listing for its seller and exchange; what was once announced,
    anybody may announce again when it has changed.
    """

    client_id: ClientId
    asset_id: Hash32
    timeout_s: TimeoutS
    """Unix seconds by which the packet must arrive, up to a week ahead."""
    listing_id: OptionalId = b""
    """Empty = the asset alone."""


class AnnounceAccreditation(Operation, frozen=True, array_like=True, tag="relay.announce_accreditation"):
    """Have an accreditation of this chain recognised on another one; its end follows there by itself.

    At first for who accredited and who is accredited; again, after a renewal or where a packet failed, for anybody.
    """

    client_id: ClientId
    did: AnyDid
    kind: Kind
    timeout_s: TimeoutS
    credential_type: CredentialType = ""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``accreditation-type``.
        """
        check_type(self.kind, self.credential_type)


class ProveAccreditation(Operation, frozen=True, array_like=True, tag="relay.prove_accreditation"):
    """Show by another chain's state how an accreditation recognised here stands there now; anybody may.

    So the silence of who could announce an end keeps nothing alive.
    """

    client_id: ClientId
    did: AnyDid
    kind: Kind
    proof_height: Height
    """Of the client's header under which the proof holds."""
    value: StateValue
    """The accreditation's record, as the other chain's state holds it."""
    proof: Proof
    """A canonical ``StateProof``."""
    credential_type: CredentialType = ""


class SendCheckpoint(Operation, frozen=True, array_like=True, tag="relay.send_checkpoint"):
    """Have another chain keep this one's newest header for ever, and keep that chain's in return."""

    client_id: ClientId
    timeout_s: TimeoutS


class OrderAcross(Operation, frozen=True, array_like=True, tag="relay.order"):
    """Order from a listing of another chain that is shown in this one's catalogue."""

    reference: ShortName
    """The buyer's own name for the order; its id follows from it."""
    client_id: ClientId
    listing_id: Hash32
    quantity: Units
    price: Amount
    """For one unit: the listing's price, or where that is negotiable what the buyer offers."""
    agreement_hash: Hash32
    """Of the agreement in full, which stays with the parties."""
    accept_by_ms: Time
    """Accepted up to and including this millisecond of the other chain's time, and delivered likewise."""
    deliver_by_ms: Time
    timeout_s: TimeoutS
    """Unix seconds by which the order must arrive; not after ``accept_by_ms``."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``trade-amount`` or ``relay-order-deadlines``.
        """
        check_amount(self.price, self.quantity)
        if not self.timeout_s * 1_000 <= self.accept_by_ms <= self.deliver_by_ms:
            raise OperationFailed(
                "relay-order-deadlines",
                f"to arrive by {self.timeout_s} s, accept by {self.accept_by_ms}, deliver by {self.deliver_by_ms} ms",
            )


class AnswerOrder(Operation, frozen=True, array_like=True, tag="relay.answer_order"):
    """Accept or decline another chain's order, or show by evidence that it was delivered; the answer travels back.

    The seller answers; once the time to accept is over, anybody may decline, which frees the units, also while
    the client cannot be used; the answer can then be repeated.
    """

    client_id: ClientId
    order_id: Hash32
    answer: AnswerKind
    timeout_s: TimeoutS
    evidence_id: EvidenceId = b""
    """Of kind ``delivery``, recorded since the acceptance; for ``deliver`` and only for it."""
    submitter: AnyDid = ""
    """Who recorded it; empty = the sender."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``relay-answer-evidence``.
        """
        if (self.answer == "deliver") != bool(self.evidence_id):
            raise OperationFailed("relay-answer-evidence", f"{self.answer} with {len(self.evidence_id)} bytes of id")


class RepeatAnswer(Operation, frozen=True, array_like=True, tag="relay.repeat_answer"):
    """Send the last answer to another chain's order again, where its packet timed out or was refused; anybody may."""

    client_id: ClientId
    order_id: Hash32
    timeout_s: TimeoutS
