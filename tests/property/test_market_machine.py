"""Trades, listings and a board under any sequence of steps, legal or not: the tables decide, and money is conserved.

Every status with every action is in ``tests/unit/contracts/market/test_table.py``; here they meet in any order.
"""

from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.kernel.lifecycle import Lifecycle
from contracts.market.record import BOARD, LISTING
from contracts.market.record_trade import TRADE, SettlementRecord, TradeRecord, find_trade, trade_id_of
from contracts.rights.record import read_right
from tests.unit.contracts.market.steps import ACTIONS, BOARD_STEPS, LISTING_STEPS, hold, refund, release, send, settle
from tests.unit.contracts.market.trading import DAY, PATHS, START, Trading, ordered, reported
from tests.unit.contracts.world import did_of

BUYER, SELLER, EXCHANGE = did_of("stranger"), did_of("member"), did_of("exchange")
REFERENCES = ("trade", "second", "report")
decode_payment = msgspec.msgpack.Decoder(SettlementRecord).decode

TIMELY = {
    "delivery-refusals-spent",
    "refund-exceeds",
    "settlement-overpaid",
    "trade-accept-late",
    "trade-deadlines",
    "trade-delivery-late",
    "trade-not-due",
    "trade-not-injured",
    "trade-extension",
    "board-status",
    "trade-hold",
}
"""What may refuse a step that the table has: its time, its amount, or the board."""
UNHELD = ("hold", "release", "annul", "order_refund")
"""Measures act on trades that are held, too."""
ENDS_RESERVATION = ("DECLINED", "WITHDRAWN", "LAPSED", "CANCELLED", "TERMINATED")

class Market(RuleBasedStateMachine):
    """Two orders of one listing and a report; the first trade begins in any status."""

    @initialize(status=st.sampled_from(sorted(PATHS)), payer=st.sampled_from(["seller", "buyer"]))
    def begin(self, status: str, payer: str) -> None:
        self.trading = Trading(fee_payer=payer, listing={"expires_ms": START + 9 * DAY})
        self.trading.reach(status)

    def trade(self, reference: str) -> TradeRecord | None:
        party = SELLER if reference == "report" else BUYER
        return find_trade(self.trading.world.overlay, trade_id_of(party, reference))

    def trades(self) -> list[TradeRecord]:
        return [trade for trade in map(self.trade, REFERENCES) if trade is not None]

    @rule(price=st.integers(0, 3_000), units=st.integers(1, 6))
    def order(self, price: int, units: int) -> None:
        known, board, listing = self.trade("second"), self.trading.board(), self.trading.listing()
        now = self.trading.world.time_ms
        times = {"accept_by_ms": now + DAY, "deliver_by_ms": now + 2 * DAY, "settle_by_ms": now + 3 * DAY}
        code = send(self.trading, BUYER, ordered("second", price=price, quantity=units, **times))
        if known is not None:
            assert code == "trade-exists"
        elif board.status != "OPEN":
            assert code == "board-status"
        elif listing.status != "LISTED":
            assert code == "listing-status"
        elif now >= listing.expires_ms:
            assert code == "listing-expired"
        else:
            assert code == ("listing-sold-out" if units > listing.quantity - listing.taken else "ok")

    @rule(price=st.integers(0, 9_000))
    def report(self, price: int) -> None:
        known, board = self.trade("report"), self.trading.board()
        code = send(self.trading, SELLER, reported(price=price, accept_by_ms=self.trading.world.time_ms + DAY))
        assert code == ("trade-exists" if known else "ok" if board.status == "OPEN" else "board-status")

    @rule(data=st.data(), action=st.sampled_from(sorted(ACTIONS)))
    def any_step(self, data: st.DataObject, action: str) -> None:
        trade = data.draw(st.sampled_from(self.trades()))
        self.check(trade, action, ACTIONS[action](self.trading, trade))

    @rule(data=st.data())
    def step_that_the_table_has(self, data: st.DataObject) -> None:
        trade = data.draw(st.sampled_from(self.trades()))
        possible = [action for action in TRADE.actions(trade.status) if action in ACTIONS]
        if possible:
            action = data.draw(st.sampled_from(possible))
            self.check(trade, action, ACTIONS[action](self.trading, trade))

    @rule(data=st.data(), leg=st.sampled_from(["price", "fee"]), part=st.sampled_from(["some", "rest", "more"]))
    def pay(self, data: st.DataObject, leg: Any, part: str) -> None:
        trade = data.draw(st.sampled_from(self.trades()))
        owed = trade.proceeds - trade.paid if leg == "price" else trade.fee - trade.paid_fee
        amount = {"some": max(1, owed // 2), "rest": max(1, owed), "more": owed + 1}[part]
        code = settle(self.trading, trade, leg, amount)
        self.check(trade, "settle", code)
        assert code != "ok" or amount <= owed

    @rule(data=st.data(), part=st.sampled_from(["some", "rest", "more"]))
    def pay_back(self, data: st.DataObject, part: str) -> None:
        trade = data.draw(st.sampled_from(self.trades()))
        ordered_back = trade.status == "REFUNDING"
        due = trade.refund_due if ordered_back else trade.paid + trade.paid_fee - trade.refunded
        amount = {"some": max(1, due // 2), "rest": max(1, due), "more": due + 1}[part]
        code = refund(self.trading, trade, amount)
        self.check(trade, "conclude_refund" if ordered_back and amount == due else "refund", code)
        assert code != "ok" or amount <= due

    @rule(data=st.data(), second=st.booleans(), lift=st.booleans())
    def hold_by_another(self, data: st.DataObject, second: bool, lift: bool) -> None:
        trade = data.draw(st.sampled_from(self.trades()))
        order = b"2" * 16 if second else b"3" * 16
        action = release if lift else hold
        self.check(trade, "release" if lift else "hold", action(self.trading, trade, order))

    def check(self, trade: TradeRecord, action: str, code: str) -> None:
        """The table decides: a step that it lacks is refused with its code, one that it has leads where it says."""
        found = find_trade(self.trading.world.overlay, trade.trade_id)
        assert found is not None
        after = TRADE.after(trade.status, action)
        if action == "conclude_refund" and trade.status != "REFUNDING":
            after = TRADE.after(trade.status, "refund")
        if trade.held_by and action not in UNHELD:
            assert (code, found) == ("trade-held", trade)
        elif code == "ok":
            assert after is not None
            assert found.status in (after, TRADE.after(after, "complete"))
        elif after is None:
            assert code in ("trade-status", "trade-hold"), (trade.status, action, code)
        else:
            assert code in TIMELY, (trade.status, action, code)

    @rule(action=st.sampled_from(sorted(BOARD_STEPS)))
    def board(self, action: str) -> None:
        before = self.trading.board().status
        code = send(self.trading, EXCHANGE, BOARD_STEPS[action])
        self.follows(BOARD, before, action, code, self.trading.board().status)

    @rule(action=st.sampled_from(sorted(LISTING_STEPS)))
    def listing(self, action: str) -> None:
        before = self.trading.listing().status
        name, operation = LISTING_STEPS[action]
        code = send(self.trading, did_of(name), operation)
        if code == "listing-not-expired":
            assert self.trading.world.time_ms < self.trading.listing().expires_ms
        else:
            self.follows(LISTING, before, action, code, self.trading.listing().status)

    def follows(self, machine: Lifecycle, before: str, action: str, code: str, after: str) -> None:
        wanted = machine.after(before, action)
        assert (code, after) == (("ok", wanted) if wanted else (machine.code, before))

    @rule(hours=st.sampled_from([1, 24, 49]))
    def wait(self, hours: int) -> None:
        self.trading.world.time_ms += hours * 3_600_000

    @invariant()
    def money_is_conserved(self) -> None:
        if not hasattr(self, "trading"):
            return
        content = self.trading.world.content()
        for trade in self.trades():
            assert trade.status in TRADE.statuses()
            assert trade.amount == trade.price * trade.quantity
            assert trade.proceeds in (trade.amount, trade.amount - trade.fee)
            assert 0 <= trade.paid <= trade.proceeds
            assert 0 <= trade.paid_fee <= trade.fee
            assert 0 <= trade.refunded + trade.refund_due <= trade.paid + trade.paid_fee
            prefix = b"market-settlement/" + trade.trade_id.hex().encode()
            found = [decode_payment(value) for key, value in content.items() if value and key.startswith(prefix)]
            if not trade.reported_by:
                assert sum(one.amount for one in found if one.leg == "price") == trade.paid
                assert sum(one.amount for one in found if one.leg == "fee") == trade.paid_fee
            assert sum(one.amount for one in found if one.leg == "refund") == trade.refunded
            assert trade.is_paid() or trade.status not in ("SETTLED", "CERTIFIED")

    @invariant()
    def units_sales_and_rights_add_up(self) -> None:
        if not hasattr(self, "trading"):
            return
        live = [one for one in self.trades() if one.listing_id and one.status not in ENDS_RESERVATION]
        taken = [one for one in live if one.certificate or one.status not in ("REFUNDING", "REFUNDED")]
        assert self.trading.listing().taken == sum(one.quantity for one in taken)
        content = self.trading.world.content()
        sales = {key.rpartition(b"/")[2].decode() for key, value in content.items() if value and b"market-sale/" in key}
        counted = [one for one in self.trades() if one.certificate and one.status not in ENDS_RESERVATION]
        assert sales == {one.trade_id.hex() for one in counted}
        for trade in counted:
            right = read_right(self.trading.world.overlay, trade.right_id)
            assert (right.holder, right.asset_id, right.status) == (trade.buyer, trade.asset_id, "ACTIVE")


TestMarket = Market.TestCase
TestMarket.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
