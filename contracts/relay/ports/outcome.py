"""What can come of the ports' operations and packets: their events."""

from typing import Final

from contracts.kernel.event import TypedEvent


class AssetAnnounced(TypedEvent, frozen=True):
    """An asset, or a listing of it, is being told to another chain."""

    NAME = "relay.asset_announced"
    INDEXED = ("client_id", "subject_id")

    client_id: str
    subject_id: bytes
    asset_id: bytes
    sequence: int
    announced_by: str


class AnnouncementSettled(TypedEvent, frozen=True):
    """Another chain knows what it was told, or does not."""

    NAME = "relay.announcement_settled"
    INDEXED = ("client_id", "subject_id")

    client_id: str
    subject_id: bytes
    sequence: int
    status: str


class AssetMirrored(TypedEvent, frozen=True):
    """An asset of another chain stands in this one's catalogue, as it is there now."""

    NAME = "relay.asset_mirrored"
    INDEXED = ("client_id", "asset_id", "chain_id")

    client_id: str
    asset_id: bytes
    chain_id: str
    name: str
    holder: str
    status: str


class ListingMirrored(TypedEvent, frozen=True):
    """An offer on another chain stands in this one's catalogue, as it is there now."""

    NAME = "relay.listing_mirrored"
    INDEXED = ("client_id", "listing_id", "asset_id", "chain_id")

    client_id: str
    listing_id: bytes
    asset_id: bytes
    chain_id: str
    seller: str
    status: str


class AccreditationAnnounced(TypedEvent, frozen=True):
    """An accreditation, or its end, is being told to another chain."""

    NAME = "relay.accreditation_announced"
    INDEXED = ("client_id", "did")

    client_id: str
    did: str
    kind: str
    credential_type: str
    ended: bool
    sequence: int
    status: str
    """SENT, or FAILED: then anybody may announce it again."""


class AudienceSettled(TypedEvent, frozen=True):
    """Another chain knows how an accreditation stands, or does not."""

    NAME = "relay.audience_settled"
    INDEXED = ("client_id", "did")

    client_id: str
    did: str
    kind: str
    credential_type: str
    sequence: int
    status: str


class AccreditationRecognised(TypedEvent, frozen=True):
    """An accreditation of another chain counts here, from now on or on."""

    NAME = "relay.accreditation_recognised"
    INDEXED = ("client_id", "did", "kind", "chain_id")

    client_id: str
    did: str
    kind: str
    credential_type: str
    chain_id: str
    valid_from_ms: int
    valid_until_ms: int


class RecognitionEnded(TypedEvent, frozen=True):
    """An accreditation ended on its own chain, and so here."""

    NAME = "relay.recognition_ended"
    INDEXED = ("client_id", "did", "kind", "chain_id")

    client_id: str
    did: str
    kind: str
    credential_type: str
    chain_id: str
    ended_ms: int
    reason: str


class CheckpointSent(TypedEvent, frozen=True):
    """Another chain is asked to keep a header of this one."""

    NAME = "relay.checkpoint_sent"
    INDEXED = ("client_id", "sequence")

    client_id: str
    sequence: int
    sent_by: str


class CheckpointSettled(TypedEvent, frozen=True):
    """Another chain keeps a header of this one (its hash is here then), refused to, or was not reached."""

    NAME = "relay.checkpoint_settled"
    INDEXED = ("client_id", "sequence")

    client_id: str
    sequence: int
    status: str
    height: int
    block_hash: bytes


class AnchorRecorded(TypedEvent, frozen=True):
    """A header of another chain is kept here for ever."""

    NAME = "relay.anchor_recorded"
    INDEXED = ("client_id", "height", "chain_id")

    client_id: str
    height: int
    chain_id: str
    block_hash: bytes
    history_root: bytes


class OrderSent(TypedEvent, frozen=True):
    """A buyer of this chain orders on another one."""

    NAME = "relay.order_sent"
    INDEXED = ("order_id", "client_id", "buyer", "listing_id")

    order_id: bytes
    client_id: str
    buyer: str
    listing_id: bytes
    quantity: int
    price: int
    sequence: int


class OrderStatusChanged(TypedEvent, frozen=True):
    """What another chain, or its silence, says to an order of this one."""

    NAME = "relay.order_status_changed"
    INDEXED = ("order_id", "client_id", "buyer")

    order_id: bytes
    client_id: str
    buyer: str
    action: str
    status: str


class ForeignOrderPlaced(TypedEvent, frozen=True):
    """A buyer of another chain ordered from a listing of this one; its seller is asked to answer."""

    NAME = "relay.foreign_order_placed"
    INDEXED = ("client_id", "order_id", "listing_id", "seller", "buyer")

    client_id: str
    order_id: bytes
    listing_id: bytes
    asset_id: bytes
    seller: str
    buyer: str
    quantity: int
    price: int
    amount: int
    fee: int
    accept_by_ms: int
    deliver_by_ms: int


class OrderAnswered(TypedEvent, frozen=True):
    """An order of another chain was answered; the answer is on its way."""

    NAME = "relay.order_answered"
    INDEXED = ("client_id", "order_id", "by")

    client_id: str
    order_id: bytes
    answer: str
    status: str
    by: str
    sequence: int


class AnswerSettled(TypedEvent, frozen=True):
    """The other chain knows the last answer, or does not: then anybody may repeat it."""

    NAME = "relay.answer_settled"
    INDEXED = ("client_id", "order_id")

    client_id: str
    order_id: bytes
    sequence: int
    telling: str


EVENTS: Final = (
    AssetAnnounced,
    AnnouncementSettled,
    AssetMirrored,
    ListingMirrored,
    AccreditationAnnounced,
    AudienceSettled,
    AccreditationRecognised,
    RecognitionEnded,
    CheckpointSent,
    CheckpointSettled,
    AnchorRecorded,
    OrderSent,
    OrderStatusChanged,
    ForeignOrderPlaced,
    OrderAnswered,
    AnswerSettled,
)
