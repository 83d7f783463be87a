"""Orders have ids that follow from buyer and reference; another chain's stand below its client."""

from contracts.kernel.registry import describe
from contracts.relay.ports.record_trade import (
    find_foreign_order,
    foreign_order_key,
    order_id_of,
    order_key,
    read_foreign_order,
    read_order,
    write_foreign_order,
    write_order,
)
from tests.unit.contracts.relay.connected import CLIENT_ID
from tests.unit.contracts.relay.ports.desk import OWN_ORDER, THEIR_ORDER
from tests.unit.contracts.relay.ports.samples import buy, buying, ordered
from tests.unit.contracts.world import did_of


def test_order_id_follows_from_buyer_and_reference() -> None:
    """Nobody can take another's."""
    ids = [order_id_of(did, name) for did in (did_of("a"), did_of("b")) for name in ("x", "y")]
    assert len(dict.fromkeys(ids)) == 4
    assert all(len(found) == 32 for found in ids)


def test_orders_of_both_kinds_read_back_and_are_described() -> None:
    """The one by its id, the other by client and id."""
    desk = buying()
    assert buy(desk) == "ok"
    own = read_order(desk.overlay, OWN_ORDER)
    assert own is not None
    write_order(desk.overlay, own)
    assert read_order(desk.overlay, OWN_ORDER) == own
    stored = desk.overlay.get(order_key(OWN_ORDER))
    assert stored is not None
    assert describe(order_key(OWN_ORDER), stored)["type"] == "OrderRecord"
    desk = ordered()
    found = read_foreign_order(desk.overlay, CLIENT_ID, THEIR_ORDER)
    write_foreign_order(desk.overlay, found)
    assert find_foreign_order(desk.overlay, CLIENT_ID, THEIR_ORDER) == found
    place = foreign_order_key(CLIENT_ID, THEIR_ORDER)
    stored = desk.overlay.get(place)
    assert stored is not None
    assert describe(place, stored)["type"] == "ForeignOrder"
