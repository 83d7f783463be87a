"""What the ports write into packets: one struct for each kind of message, and how what another chain wrote is read.

Whatever arrives is foreign. Every field has its type and bound here, the bytes must be the one canonical encoding (so
nothing can stand beside the fields), and a name in this software's form must be of the chain that sent it: no chain
speaks for another's identities, nor for ours.

``height`` is the sender's when it wrote the message; with the packet's sequence it says which of two messages about
one thing is the newer one, in whatever order they arrive.
"""

from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from chainnode.codec.canonical import encode
from chainnode.types.ids import DID_METHOD, did_chain
from chainnode.types.transaction import Height
from contracts.assets.certificate import is_certificate_number
from contracts.assets.description import AssetKind, DeliveryMode, OptionalHash
from contracts.evidence.digest import Algorithm
from contracts.identity.accreditation import CredentialType, Jurisdiction, Kind
from contracts.kernel.money import Amount, Currency
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import DID_PATTERN, Hash32, Line, Name, ShortLine, Time
from contracts.market.record import PriceMode, Quantity
from contracts.relay.port import Arrival
from contracts.rights.terms import RightKind

DONE: Final = b"\x01"
"""The acknowledgement of a port that has nothing more to say."""
M = TypeVar("M", bound=msgspec.Struct)
ForeignDid = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=DID_PATTERN)]
"""An identity of the sender's chain, by whatever method it names its own."""
OptionalDid = Annotated[str, msgspec.Meta(max_length=128, pattern=DID_PATTERN)]
Certificate = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[0-9-]+\Z")]
Units = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
AssetStatus = Literal[
    "CERTIFIED", "CHANGING", "TRANSFERRING", "RENEWING", "FROZEN", "CANCELLED", "REVOKED", "EXPIRED"
]
ListingStatus = Literal["LISTED", "SUSPENDED", "WITHHELD", "DELISTED", "EXPIRED"]
AnswerKind = Literal["accept", "decline", "deliver"]


class AssetView(msgspec.Struct, frozen=True, array_like=True):
    """What a catalogue elsewhere shows of a registered asset; the description in full is known by its hash."""

    asset_id: Hash32
    kind: AssetKind
    name: Name
    registrar: ForeignDid
    holder: ForeignDid
    certificate: Certificate
    status: AssetStatus
    version: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    """Of the description."""
    description_hash: Hash32
    valid_until_ms: Time
    """The certificate holds before this time; 0 = without end."""


class ListingView(msgspec.Struct, frozen=True, array_like=True):
    """What a catalogue elsewhere shows of an offer."""

    listing_id: Hash32
    asset_id: Hash32
    operator: ForeignDid
    """The exchange that runs the board."""
    seller: ForeignDid
    currency: Currency
    price_mode: PriceMode
    price: Amount
    unit: ShortLine
    quantity: Quantity
    """Units on offer; 0 = no limit."""
    delivery_mode: DeliveryMode
    right_kind: RightKind
    """What a buyer receives; its terms in full are known by their hash."""
    terms_hash: Hash32
    offer_hash: OptionalHash
    expires_ms: Time
    status: ListingStatus


class AssetMessage(msgspec.Struct, frozen=True, array_like=True):
    """Port registry: an asset as it stands, and one of its listings where that is meant."""

    height: Height
    asset: AssetView
    listing: ListingView | None


class AccreditationMessage(msgspec.Struct, frozen=True, array_like=True):
    """Port identity: an accreditation as it stands; ``ended_ms`` says that it does no longer."""

    height: Height
    did: ForeignDid
    kind: Kind
    credential_type: CredentialType
    jurisdiction: Jurisdiction
    valid_from_ms: Time
    valid_until_ms: Time
    ended_ms: Time
    accredited_by: ForeignDid
    reason: Line


class CheckpointMessage(msgspec.Struct, frozen=True, array_like=True):
    """Port evidence: where the sender stands. What it commits to is read from its header, not from here."""

    height: Height
    time_ms: Time


class Countersignature(msgspec.Struct, frozen=True, array_like=True):
    """Port evidence, the acknowledgement: which header of the sender the receiver keeps, and since when."""

    height: Height
    """Of the sender's header."""
    block_hash: Hash32
    history_root: Hash32
    """The blocks before it."""
    recorded_height: Height
    """Of the receiver's block."""
    recorded_ms: Time


class OrderMessage(msgspec.Struct, frozen=True, array_like=True):
    """Port trade: somebody on the sender's chain orders from a listing of the receiver's."""

    kind: Literal["order"]
    height: Height
    order_id: Hash32
    buyer: ForeignDid
    listing_id: Hash32
    quantity: Units
    price: Amount
    """For one unit."""
    currency: Currency
    agreement_hash: Hash32
    accept_by_ms: Time
    deliver_by_ms: Time


class AnswerMessage(msgspec.Struct, frozen=True, array_like=True):
    """Port trade: what the seller says to an order."""

    kind: Literal["answer"]
    height: Height
    order_id: Hash32
    answer: AnswerKind
    algorithm: Algorithm
    digest: Annotated[bytes, msgspec.Meta(max_length=64)]
    """Of the delivery's evidence; empty in other answers."""


def read_message(decode: Any, value: bytes) -> Any:
    """The message in a packet's value, whose bytes are its one encoding.

    Args:
        decode: of a msgspec decoder of the message's struct.
        value: of the payload.

    Raises:
        OperationFailed: ``relay-value-malformed``.
    """
    try:
        found = decode(value)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise OperationFailed("relay-value-malformed", "the value is no message of this port") from error
    if encode(found) != value:
        raise OperationFailed("relay-value-malformed", "the value is not the canonical encoding of its message")
    return found


def check_names(arrival: Arrival, *dids: str) -> None:
    """Refuse names in this software's form that are not of the sender's chain.

    Raises:
        OperationFailed: ``relay-name-foreign``.
    """
    check_names_of(arrival.chain_id, *dids)


def check_names_of(chain_id: str, *dids: str) -> None:
    """Refuse names in this software's form that are not of ``chain_id``.

    Raises:
        OperationFailed: ``relay-name-foreign``.
    """
    for did in dids:
        if not did or (did.startswith(DID_METHOD) and did_chain(did) != chain_id):
            raise OperationFailed("relay-name-foreign", f"{did or 'nobody'} is no identity of {chain_id}")


def check_height(height: int, arrival: Arrival) -> None:
    """Refuse a message from after the height that proves it: its sender lies about when it wrote.

    A header proves the state before its block, an attested height the state after it.

    Raises:
        OperationFailed: ``relay-message-height``.
    """
    if height > arrival.proof_height:
        raise OperationFailed("relay-message-height", f"written at {height}, proved by header {arrival.proof_height}")


def check_certificate(asset: AssetView) -> None:
    """Refuse what is no registration certificate's number.

    Raises:
        OperationFailed: ``relay-value-malformed``.
    """
    if not is_certificate_number(asset.certificate):
        raise OperationFailed("relay-value-malformed", f"{asset.certificate} is no certificate number")


def check_newer(height: int, sequence: int, known: tuple[int, int] | None) -> None:
    """Refuse a message that something newer has overtaken.

    Args:
        height: of the sender when it wrote.
        sequence: of the packet.
        known: height and sequence of what is recorded; None where nothing is.

    Raises:
        OperationFailed: ``relay-message-overtaken``.
    """
    if known is not None and (height, sequence) <= known:
        raise OperationFailed("relay-message-overtaken", f"something newer than {height} is known: of {known[0]}")


def check_done(answer: bytes) -> None:
    """Refuse an acknowledgement that is not ``DONE``.

    Raises:
        OperationFailed: ``relay-answer-malformed``.
    """
    if answer != DONE:
        raise OperationFailed("relay-answer-malformed", f"{len(answer)} bytes are no answer of this port")
