from contracts.disputes.operations import EnforceRuling, LiftMeasures
from contracts.disputes.record import Measure, Ruling
from tests.unit.contracts.disputes.court import ABOUT, CASE, CLAIMANT, FORUM, UPHELD, asset, case, ok, ruled


def test_measures_wait_for_the_appeal_and_then_reach_the_asset() -> None:
    """Measures that reach assets and rights."""
    world = ruled(appeal_ms=10)
    world.time_ms = case(world).appeal_until_ms
    assert world.submit("member", EnforceRuling(CASE)).code == "dispute-too-early"
    world.time_ms += 1
    receipt = world.submit("member", EnforceRuling(CASE))
    assert "dispute.measure_enforced" in [event.name for event in receipt.events]
    assert (case(world).status, asset(world).status) == ("ENFORCED", "FROZEN")
    assert world.submit("exchange", LiftMeasures(CASE, "paid")).code == "dispute-not-forum"
    ok(world, FORUM, LiftMeasures(CASE, "paid"))
    assert (case(world).status, asset(world).status) == ("LIFTED", "CERTIFIED")


def test_hold_ends_with_the_ruling_carried_out() -> None:
    world = ruled(Ruling("partly-upheld", bytes(32), (Measure("transfer", ABOUT, CLAIMANT),)), hold=True)
    assert asset(world).status == "FROZEN"
    ok(world, "member", EnforceRuling(CASE))
    assert (asset(world).holder, asset(world).status) == (CLAIMANT, "CERTIFIED")


def test_measure_that_is_refused_leaves_everything_as_it_was() -> None:
    """All or none: the code tells which family refuses."""
    twice = Ruling("upheld", bytes(32), (Measure("revoke", ABOUT), Measure("transfer", ABOUT, CLAIMANT)))
    world = ruled(twice)
    before = dict(world.content())
    receipt = world.submit("member", EnforceRuling(CASE))
    assert receipt.code == "asset-status"
    assert world.content() == before


def test_ruling_is_carried_out_once() -> None:
    world = ruled(UPHELD)
    ok(world, "member", EnforceRuling(CASE))
    assert world.submit("member", EnforceRuling(CASE)).code == "dispute-status"
