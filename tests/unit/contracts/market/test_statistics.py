from fractions import Fraction
from statistics import median as exact_median

from hypothesis import given
from hypothesis import strategies as st

from contracts.market.measures import cancel_trade
from contracts.market.operations_trade import Certify
from contracts.market.record_trade import SaleRecord
from contracts.market.statistics import Sale, joined, label_of, median, sales_of_events, tallies
from tests.unit.contracts.market.trading import BOARD_ID, CONFIRM, REPORT_ID, TRADE_ID, Trading, reported

DAY_20261122 = 20_779
SALES = st.lists(
    st.builds(
        Sale,
        st.integers(DAY_20261122 - 400, DAY_20261122 + 5),
        st.builds(
            SaleRecord,
            st.sampled_from(["CNY", "EUR"]),
            st.integers(0, 50),
            st.integers(1, 9),
            st.integers(0, 450),
            st.booleans(),
        ),
    ),
    max_size=30,
)


def sale(price: int, day: int = DAY_20261122, *, off: bool = False) -> Sale:
    return Sale(day, SaleRecord("CNY", price, 2, price * 2, off))


def test_median_is_the_middle_price_or_the_mean_of_the_middle_two() -> None:
    assert median(()) is None
    assert median((7,)) == 7
    assert median((1, 2)) == 1
    assert median((1, 5, 100)) == 5
    assert median((1, 5, 8, 100)) == 6


@given(st.lists(st.integers(1, 2**63 - 1), min_size=1, max_size=20))
def test_median_is_that_of_the_standard_library_rounded_down(prices: list[int]) -> None:
    assert median(tuple(sorted(prices))) == exact_median([Fraction(price) for price in prices]).__floor__()


def test_periods_are_named_by_their_day() -> None:
    labels = [label_of(DAY_20261122, by) for by in ("day", "month", "year", "all")]
    assert labels == ["20261122", "202611", "2026", "all"]


def test_free_trades_count_but_have_no_price() -> None:
    (tally,) = tallies([sale(0), sale(10), sale(30)], "day")
    assert (tally.count, tally.units, tally.volume, tally.median_price()) == (3, 6, 80, 20)
    (free,) = tallies([sale(0)], "day")
    assert free.median_price() is None


def test_venues_are_counted_apart_or_together() -> None:
    sales = [sale(1), sale(2, off=True)]
    assert [tally.volume for tally in tallies(sales, "all", "exchange")] == [2]
    assert [tally.volume for tally in tallies(sales, "all", "off-exchange")] == [4]
    assert [tally.volume for tally in tallies(sales, "all")] == [6]


@given(SALES, st.integers(0, 30), st.sampled_from(["day", "month", "year", "all"]))
def test_parts_of_any_cut_add_up_to_the_whole(sales: list[Sale], cut: int, by: object) -> None:
    parts = [*tallies(sales[:cut], by), *tallies(sales[cut:], by)]  # type: ignore[arg-type]
    assert joined(parts) == tallies(sales, by)  # type: ignore[arg-type]
    assert sum(tally.count for tally in joined(parts)) == len(sales)


def test_events_tell_the_same_as_the_state() -> None:
    """Recomputable by an independent recount of exported events; an annulled trade leaves both."""
    trading = Trading().reach("SETTLED")
    events = [*trading.world.submit("member", Certify(TRADE_ID)).events]
    trading.must("member", reported())
    trading.must("stranger", CONFIRM)
    events += trading.world.submit("exchange", Certify(REPORT_ID)).events
    both = sales_of_events(events, BOARD_ID)
    assert [(found.record.price, found.record.off_exchange) for found in both] == [(1_000, False), (5_000, True)]
    assert both[0].day == trading.trade().certified_ms // 86_400_000
    context = trading.context()
    cancel_trade(TRADE_ID, b"o" * 16, context, trading.world.overlay)
    assert len(sales_of_events([*events, *context.events], BOARD_ID)) == 1
    assert sales_of_events(events, bytes(32)) == ()
