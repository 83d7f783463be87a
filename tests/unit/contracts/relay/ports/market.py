"""A product on the first of two chains, listed there, and what the second does with it."""

from typing import Any, Protocol

from chainnode.types.receipt import Receipt
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.evidence.operations import RecordEvidence
from contracts.kernel.operation import Operation
from contracts.market.operations import ListAsset, OpenBoard
from contracts.market.record import BoardRules, board_id_of, listing_id_of
from contracts.relay.ports.operations import AnnounceAsset, AnswerOrder, OrderAcross
from contracts.relay.ports.record_trade import order_id_of
from contracts.rights.terms import RightTerms
from tests.unit.contracts.relay.connected import CLIENT_ID
from tests.unit.contracts.relay.pair import FIRST, SECOND, Pair, pair
from tests.unit.contracts.world import did_of

ASSET = asset_id_of(did_of("exchange", FIRST), "buses")
BOARD = board_id_of(did_of("exchange", FIRST), "main")
LISTING = listing_id_of(did_of("member", FIRST), "offer")
ORDER = order_id_of(did_of("stranger", SECOND), "order")
AGREEMENT = b"a" * 32
PRICE = 1_000
DAY_MS = 86_400_000


class Consortium(Protocol):
    """A ledger of a pair, or a desk."""

    time_ms: int

    def did(self, name: str) -> str: ...

    def must(self, name: str, *operations: Operation) -> Receipt: ...

    def soon(self, after_s: int = ...) -> int: ...


def producing(ledger: Consortium, **rules: Any) -> None:
    """``member`` holds an asset and lists it on the board of ``exchange``."""
    settings = {"fee_basis_points": 100} | rules
    did = ledger.did
    ledger.must("exchange", RegisterAsset("buses", AssetDescription("dataset", "公交 arrivals"), did("member")))
    ledger.must("exchange", OpenBoard("main", "CNY", BoardRules("Main board", ("fixed",), **settings)))
    board = board_id_of(did("exchange"), "main")
    asset = asset_id_of(did("exchange"), "buses")
    offer = ListAsset("offer", board, asset, "fixed", PRICE, RightTerms("processing-use"), "file", quantity=5)
    ledger.must("member", offer)


def announcing(ledger: Consortium, listing: bytes = LISTING, **fields: Any) -> AnnounceAsset:
    values = {"client_id": CLIENT_ID, "asset_id": ASSET, "timeout_s": ledger.soon(), "listing_id": listing}
    return AnnounceAsset(**{**values, **fields})


def ordering(ledger: Consortium, **fields: Any) -> OrderAcross:
    accept_by_ms = ledger.time_ms + DAY_MS
    values = {
        "reference": "order",
        "client_id": CLIENT_ID,
        "listing_id": LISTING,
        "quantity": 2,
        "price": PRICE,
        "agreement_hash": AGREEMENT,
        "accept_by_ms": accept_by_ms,
        "deliver_by_ms": accept_by_ms + DAY_MS,
        "timeout_s": ledger.soon(),
    }
    return OrderAcross(**{**values, **fields})


def answering(ledger: Consortium, answer: Any, **fields: Any) -> AnswerOrder:
    values = {"client_id": CLIENT_ID, "order_id": ORDER, "answer": answer, "timeout_s": ledger.soon()}
    return AnswerOrder(**{**values, **fields})


def evidence(ledger: Consortium, number: int = 1, **fields: Any) -> bytes:
    """Of a delivery, recorded now by the seller."""
    found = number.to_bytes(16, "big")
    kind = fields.pop("kind", "delivery")
    ledger.must("member", RecordEvidence(found, kind, "sha256", b"e" * 32, **fields))
    return found


def listed(**rules: Any) -> Pair:
    """The product stands in the second chain's catalogue."""
    found = pair()
    producing(found.first, **rules)
    found.first.must("member", announcing(found.first))
    assert found.carry(found.first) == ["ok"]
    return found


def placed(**rules: Any) -> Pair:
    """... and ``stranger`` of the second chain has ordered it."""
    found = listed(**rules)
    found.second.must("stranger", ordering(found.second))
    assert found.carry(found.second) == ["ok"]
    return found
