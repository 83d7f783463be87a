"""One operation of each kind that speaks to other chains, and how each refusal is reached."""

from collections.abc import Callable
from typing import Final

from chainnode.codec.canonical import encode
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.identity.operations_accreditation import EndAccreditation
from contracts.kernel.operation import Operation
from contracts.relay.ports import checkpoint, registry, trade
from contracts.relay.ports.message import CheckpointMessage
from contracts.relay.ports.operations import (
    AnnounceAccreditation,
    ProveAccreditation,
    RepeatAnswer,
    SendCheckpoint,
)
from contracts.relay.ports.record import AUDIENCE_MAX, Audience, Told, audience_key
from tests.unit.contracts.relay.connected import CLIENT_ID
from tests.unit.contracts.relay.ports.desk import (
    ACCREDITED,
    NOW_MS,
    OWN_ORDER,
    PROOF_HEIGHT,
    THEIR_LISTING,
    THEIR_ORDER,
    Desk,
    asked,
    asset_view,
    offered,
    said,
    shown,
    theirs,
)
from tests.unit.contracts.relay.ports.market import (
    DAY_MS,
    announcing,
    answering,
    ordering,
    producing,
)
from tests.unit.contracts.world import did_of

ROOM_S: Final = NOW_MS // 1_000 + 3_600
TELL: Final = AnnounceAccreditation(CLIENT_ID, did_of("stranger"), "buyer", ROOM_S)
END: Final = EndAccreditation(did_of("stranger"), "buyer")
ASK: Final = SendCheckpoint(CLIENT_ID, ROOM_S)
PROVE: Final = ProveAccreditation(CLIENT_ID, theirs("stranger"), "buyer", PROOF_HEIGHT, b"\x01", b"\x01")
REPEAT: Final = RepeatAnswer(CLIENT_ID, THEIR_ORDER, ROOM_S)


def selling() -> Desk:
    """A product of this chain, for others to see and order."""
    desk = Desk()
    producing(desk)
    return desk


def ordered() -> Desk:
    """... which somebody of the other chain has ordered."""
    desk = selling()
    assert desk.hear(trade.PORT, asked()) == "ok"
    return desk


def buying() -> Desk:
    """A product of the other chain, for ours to order."""
    desk = Desk()
    assert desk.hear(registry.PORT, offered()) == "ok"
    return desk


def buy(desk: Desk, **fields: object) -> str:
    return desk.submit("stranger", ordering(desk, listing_id=THEIR_LISTING, **fields)).code


def reply(desk: Desk, answer: str, name: str = "member", **fields: object) -> str:
    return desk.submit(name, answering(desk, answer, order_id=THEIR_ORDER, **fields)).code


def vouching() -> Desk:
    """The governor has accredited ``stranger``."""
    desk = Desk()
    desk.must("governor", ACCREDITED)
    return desk


SAMPLES: tuple[Operation, ...] = (
    announcing(Desk()),
    TELL,
    PROVE,
    ASK,
    ordering(Desk(), listing_id=THEIR_LISTING),
    answering(Desk(), "accept", order_id=THEIR_ORDER),
    REPEAT,
)


def _told_twice() -> str:
    desk = selling()
    desk.must("member", announcing(desk))
    return desk.submit("member", announcing(desk)).code


def _settled_twice() -> str:
    desk = selling()
    desk.must("member", announcing(desk))
    assert desk.settle(b"\x01") == "ok"
    return desk.settle(b"\x01")


def _misunderstood() -> str:
    desk = selling()
    desk.must("member", announcing(desk))
    return desk.settle(b"what?")


def _other_asset() -> str:
    desk = selling()
    desk.must("exchange", RegisterAsset("trams", AssetDescription("dataset", "Trams"), did_of("member")))
    trams = asset_id_of(did_of("exchange"), "trams")
    return desk.submit("member", announcing(desk, asset_id=trams)).code


def _over() -> str:
    desk = vouching()
    desk.must("governor", END)
    return desk.submit("governor", TELL).code


def _heard_by_many() -> str:
    desk = vouching()
    told = tuple(Told(f"chainnode-{number}", "KNOWN", 1, False, 1) for number in range(10, 10 + AUDIENCE_MAX))
    audience = Audience(did_of("stranger"), "buyer", "", told)
    desk.overlay.put(audience_key(did_of("stranger"), "buyer", ""), encode(audience))
    return desk.submit("governor", TELL).code


def _countersigned_twice() -> str:
    desk = Desk()
    desk.must("governor", ASK)
    assert desk.lapse() == "ok"
    return desk.lapse()


def _rewritten() -> str:
    desk = Desk()
    asking = CheckpointMessage(5, NOW_MS)
    assert desk.hear(checkpoint.PORT, asking) == "ok"
    desk.header(b"x" * 32)
    return desk.hear(checkpoint.PORT, asking)


def _answered_twice() -> str:
    desk = buying()
    assert buy(desk) == "ok"
    assert desk.lapse() == "ok"
    return desk.hear(trade.PORT, said("accept", OWN_ORDER))


def _late() -> str:
    desk = ordered()
    desk.time_ms = NOW_MS + DAY_MS + 1
    return reply(desk, "accept")


def _accepted_twice() -> str:
    desk = ordered()
    assert reply(desk, "accept") == "ok"
    return reply(desk, "accept")


def _repeated() -> str:
    desk = ordered()
    assert reply(desk, "decline") == "ok"
    return desk.submit("stranger", REPEAT).code


def _bought(**fields: object) -> str:
    return buy(buying(), **fields)


def _not_on_offer() -> str:
    desk = Desk()
    assert desk.hear(registry.PORT, offered(status="SUSPENDED")) == "ok"
    return buy(desk)


def _twice() -> str:
    desk = buying()
    assert buy(desk) == "ok"
    return buy(desk)


REFUSALS: dict[str, Callable[[], str]] = {
    "relay-value-malformed": lambda: Desk().hear(registry.PORT, b"\xc0"),
    "relay-name-foreign": lambda: Desk().hear(registry.PORT, shown(asset=asset_view(holder=did_of("member")))),
    "relay-message-height": lambda: Desk().hear(registry.PORT, shown(PROOF_HEIGHT + 1)),
    "relay-message-overtaken": lambda: buying().hear(registry.PORT, offered(4)),
    "relay-answer-malformed": _misunderstood,
    "relay-announcement-status": _settled_twice,
    "relay-announcement-same": _told_twice,
    "relay-announce-not-yours": lambda: selling().submit("stranger", announcing(Desk())).code,
    "relay-listing-of-another": _other_asset,
    "relay-accreditation-over": _over,
    "relay-audience-full": _heard_by_many,
    "relay-recognition-unknown": lambda: Desk().submit("stranger", PROVE).code,
    "relay-client-kind": lambda: Desk(kind="attestation").submit("governor", ASK).code,
    "relay-checkpoint-status": _countersigned_twice,
    "relay-anchor-differs": _rewritten,
    "relay-mirror-unknown": lambda: buy(Desk()),
    "relay-mirror-status": _not_on_offer,
    "relay-order-exists": _twice,
    "relay-order-unknown": lambda: Desk().submit("member", REPEAT).code,
    "relay-order-deadlines": lambda: _bought(deliver_by_ms=NOW_MS),
    "relay-order-price": lambda: _bought(price=1),
    "relay-order-status": _answered_twice,
    "relay-foreign-order-status": _accepted_twice,
    "relay-answer-not-yours": lambda: reply(ordered(), "accept", "stranger"),
    "relay-answer-late": _late,
    "relay-answer-evidence": lambda: reply(ordered(), "deliver"),
    "relay-answer-told": _repeated,
}
