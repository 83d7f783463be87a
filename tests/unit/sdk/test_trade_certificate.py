from typing import Any

import pytest

from chainnode.errors import Rejected
from chainnode.sdk.trade_certificate import CODES, trade_credential, trade_finding
from contracts.kernel.registry import describe
from contracts.market.measures import cancel_trade
from contracts.market.record_trade import trade_key
from tests.unit.contracts.market.trading import TRADE_ID, Trading
from tests.unit.contracts.world import CHAIN, did_of


def document(trading: Trading) -> dict[str, Any]:
    """The record as the API shows it."""
    key = trade_key(TRADE_ID)
    value = trading.world.overlay.get(key)
    assert value is not None
    return {**describe(key, value), "state_key": key.hex()}


def test_credential_names_the_trade_its_parties_and_where_it_is_proved() -> None:
    trade = document(Trading().reach("CERTIFIED"))
    found = trade_credential(trade, did_of("exchange"), CHAIN)
    assert found["type"] == ["VerifiableCredential", "DataTradeCertificate"]
    assert (found["issuer"], found["credentialSubject"]["id"]) == (did_of("exchange"), did_of("stranger"))
    assert found["id"] == f"{did_of('exchange')}/trades/{trade['certificate']}"
    assert (found["validFrom"], found["credentialSubject"]["trade"]["amount"]) == ("2026-11-22T00:00:01Z", "3000")
    assert bytes.fromhex(found["evidence"]["stateKey"]) == trade_key(TRADE_ID)


@pytest.mark.parametrize("status", ["AGREED", "SETTLED", "REFUNDED"])
def test_trade_that_is_not_certified_or_does_not_stand_has_no_credential(status: str) -> None:
    with pytest.raises(Rejected) as found:
        trade_credential(document(Trading().reach(status)), did_of("exchange"), CHAIN)
    assert found.value.code == "certificate-not-issued"


@pytest.mark.parametrize("status", ["CERTIFIED", "REFUNDING", "REFUNDED"])
def test_finding_says_what_became_of_the_certificate(status: str) -> None:
    found = trade_finding(document(Trading().reach(status)), 7)
    assert (found.code, found.block_time_ms, found.held) == (CODES[status], 7, False)


def test_annulled_and_held_trades_are_told() -> None:
    trading = Trading().reach("CERTIFIED")
    trading.hold()
    cancel_trade(TRADE_ID, b"o" * 16, trading.context(), trading.world.overlay)
    found = trade_finding(document(trading), 7)
    assert (found.code, found.held) == ("trade-certificate-annulled", True)
