"""What the ledger holds about lawful orders."""

import pytest

from contracts.governance.order import ORDER, find_order, order_key, order_of, read_calendar, read_order
from contracts.kernel.outcome import OperationFailed
from tests.unit.contracts.world import World, did_of


def test_name_of_an_order_belongs_to_its_issuer() -> None:
    """Nobody can take another's id."""
    one = order_of(did_of("a"), bytes(16))
    assert len(one) == 32
    assert one == order_of(did_of("a"), bytes(16))
    assert len({one, order_of(did_of("b"), bytes(16)), order_of(did_of("a"), bytes(17))}) == 3
    assert order_key(one) == b"governance/orders/" + one.hex().encode()


def test_chain_without_orders_has_none_of_the_records() -> None:
    state = World().overlay
    assert (find_order(state, bytes(32)), read_calendar(state)) == (None, ())
    with pytest.raises(OperationFailed, match="there is no order"):
        read_order(state, bytes(32))


def test_end_of_an_order_is_final() -> None:
    assert [status for status in ORDER.statuses() if not ORDER.actions(status)] == ["EXPIRED", "LIFTED"]
