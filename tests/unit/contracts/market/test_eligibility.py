from typing import Any

import pytest

from contracts.assets.description import AssetDescription, Field
from contracts.assets.measures import freeze_asset
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.identity.operations import DeactivateIdentity
from contracts.kernel.outcome import OperationFailed
from contracts.market.eligibility import check_active, check_buyer, check_seller
from contracts.market.operations_trade import Agree, Certify
from contracts.market.record import listing_id_of
from contracts.rights.operations import GrantRight, RevokeRight
from contracts.rights.record import right_id_of
from contracts.rights.terms import RightTerms
from tests.unit.contracts.market.trading import AGREE, ASSET, START, TRADE_ID, USE, Trading, listed, ordered
from tests.unit.contracts.world import did_of

OPERATE = RightTerms("operating", sublicensing_levels=2, purposes=("research",))
NARROW = RightTerms("processing-use", purposes=("research",))
SALT = b"s" * 16
RIGHT_ID = right_id_of(did_of("member"), ASSET, b"", SALT)


def operated(terms: RightTerms = OPERATE) -> Trading:
    """The exchange operates what the member holds."""
    trading = Trading()
    trading.must("member", GrantRight(ASSET, did_of("exchange"), terms, SALT))
    return trading


def offer(**fields: Any) -> Any:
    return listed("operated", right_id=RIGHT_ID, **({"terms": NARROW} | fields))


def test_holder_sells_and_whoever_holds_an_operating_right() -> None:
    assert operated().do("exchange", offer()) == "ok"


@pytest.mark.parametrize(
    ("granted", "terms", "code"),
    [
        (OPERATE, USE, "right-wider"),
        (OPERATE, RightTerms("processing-use", purposes=("research",), sublicensing_levels=2), "right-wider"),
        (RightTerms("operating"), USE, "right-no-sublicence"),
        (RightTerms("processing-use", sublicensing_levels=1), USE, "seller-without-right"),
    ],
)
def test_seller_offers_no_more_than_its_right_reaches(granted: RightTerms, terms: RightTerms, code: str) -> None:
    assert operated(granted).do("exchange", offer(terms=terms)) == code


def test_somebody_elses_right_is_no_right_to_sell() -> None:
    assert operated().do("stranger", offer()) == "right-not-holder"


def test_right_that_was_revoked_sells_nothing_more() -> None:
    trading = operated()
    trading.must("exchange", offer())
    trading.must("member", RevokeRight(RIGHT_ID))
    order = ordered(listing_id=listing_id_of(did_of("exchange"), "operated"))
    assert trading.do("stranger", order) == "right-status"


@pytest.mark.parametrize("status", ["OFFERED", "AGREED", "SETTLED"])
def test_frozen_asset_is_not_traded_at_any_step(status: str) -> None:
    trading = Trading().reach(status)
    freeze_asset(ASSET, b"o" * 16, trading.context(), trading.world.overlay)
    assert trading.do("member", listed("b")) == "asset-frozen"
    assert trading.do("stranger", ordered("b")) == "asset-frozen"
    if status == "OFFERED":
        assert trading.do("member", AGREE) == "asset-frozen"
    elif status == "AGREED":
        assert trading.deliver() == "asset-frozen"
    else:
        assert trading.do("exchange", Certify(TRADE_ID)) == "asset-frozen"


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (RightTerms("processing-use", audience=(did_of("governor"),)), "right-audience"),
        (RightTerms("processing-use", audience=(did_of("stranger"),)), "ok"),
        (RightTerms("processing-use", until_ms=START + 1), "right-expired"),
    ],
)
def test_right_that_could_not_be_granted_is_not_ordered(terms: RightTerms, code: str) -> None:
    """What would keep the certificate back is refused before anybody pays."""
    assert Trading(listing={"terms": terms}).at(START + 1).do("stranger", ordered()) == code


def test_right_to_a_field_that_the_asset_lacks_is_not_listed() -> None:
    trading = Trading()
    described = AssetDescription("dataset", "B", fields=(Field("x"),))
    trading.must("exchange", RegisterAsset("b", described, did_of("member")))
    asset_id = asset_id_of(did_of("exchange"), "b")
    for name, code in (("y", "right-field-unknown"), ("x", "ok")):
        terms = RightTerms("processing-use", fields=(name,))
        assert trading.do("member", listed("b", asset_id=asset_id, terms=terms)) == code


def test_parties_that_ended_trade_no_more() -> None:
    trading = Trading().reach("OFFERED")
    trading.must("stranger", DeactivateIdentity())
    assert trading.do("member", AGREE) == "trade-party-inactive"
    with pytest.raises(OperationFailed) as found:
        check_active(did_of("nobody"), trading.world.overlay)
    assert found.value.code == "trade-party-inactive"


def test_checks_pass_for_parties_that_may() -> None:
    trading = Trading()
    state, now_ms = trading.world.overlay, trading.world.time_ms
    check_seller(trading.board(), ASSET, did_of("member"), b"", USE, state, now_ms)
    check_buyer(trading.board(), did_of("stranger"), USE, state, now_ms)
    assert trading.do("stranger", ordered()) == "ok"
    assert trading.do("member", Agree(TRADE_ID, 1_000, b"a" * 32)) == "ok"
