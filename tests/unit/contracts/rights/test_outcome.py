from contracts.kernel.event import EVENT_NAME_CHARS_MAX
from contracts.rights.operations import AmendRight, RevokeRight
from contracts.rights.outcome import EVENTS
from tests.unit.contracts.rights.granted import granted, terms, world_with_asset


def test_every_event_is_found_by_right_asset_and_holder() -> None:
    for event in EVENTS:
        assert {"right_id", "asset_id", "holder"} <= set(event.INDEXED)
        assert event.NAME.startswith("right.") and len(event.NAME) <= EVENT_NAME_CHARS_MAX


def test_events_tell_who_did_it_and_what_holds_now() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms(uses_max=5))
    (amended,) = world.submit("member", AmendRight(right_id, terms(uses_max=2))).events
    assert (amended.name, amended.attributes["uses_max"]) == ("right.amended", 2)
    assert amended.attributes["amended_by"] == amended.attributes["holder"]
    (revoked,) = world.submit("exchange", RevokeRight(right_id, "x" * 1_000)).events
    assert revoked.attributes["reason"] == "x" * 512
