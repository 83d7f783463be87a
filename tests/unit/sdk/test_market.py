import pytest

from chainnode.api.view import plain
from chainnode.errors import Misuse
from chainnode.sdk.answer import EventRecord
from chainnode.sdk.market import agreement_hash, exported_sales, payment_reference
from chainnode.types.receipt import Event
from contracts.market.measures import cancel_trade
from contracts.market.operations_trade import Certify
from contracts.market.statistics import sales_of_events
from tests.unit.contracts.market.trading import BOARD_ID, CONFIRM, REPORT_ID, TRADE_ID, Trading, reported


def exported(event: Event) -> EventRecord:
    """As the API tells it."""
    attributes = {name: plain(value) for name, value in event.attributes.items()}
    return EventRecord(1, 0, 0, "ab", 0, event.name, attributes)


def test_exported_events_tell_the_same_sales_in_any_order() -> None:
    trading = Trading().reach("SETTLED")
    events = list(trading.world.submit("member", Certify(TRADE_ID)).events)
    trading.must("member", reported())
    trading.must("stranger", CONFIRM)
    events += trading.world.submit("exchange", Certify(REPORT_ID)).events
    both = sales_of_events(events, BOARD_ID)
    assert len(both) == 2
    assert exported_sales([exported(event) for event in events], BOARD_ID) == both
    context = trading.context()
    cancel_trade(REPORT_ID, b"o" * 16, context, trading.world.overlay)
    annulled = [exported(event) for event in (*context.events, *events)]
    assert exported_sales(annulled, BOARD_ID) == both[:1]


def test_hashes_give_nothing_away_without_their_salt() -> None:
    salts = b"1" * 32, b"2" * 32
    assert len({agreement_hash(salt, b"text") for salt in salts}) == 2
    assert payment_reference(salts[0], "RF18 5390 0754 7034") == agreement_hash(salts[0], b"RF18 5390 0754 7034")
    with pytest.raises(Misuse) as found:
        payment_reference(b"short", "x")
    assert found.value.code == "salt-length"
