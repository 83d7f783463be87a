from typing import Any

import pytest

from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.identity.operations import DeactivateIdentity
from contracts.rights.granting import grant as grant_right
from contracts.rights.operations import DeclineRight, GrantRight, RevokeRight
from tests.unit.contracts.assets.family_tree import context_of, description
from tests.unit.contracts.rights.granted import (
    ASSET,
    DUTIES,
    accept,
    grant,
    granted,
    record_of,
    right_of,
    salt_of,
    terms,
    world_with_asset,
)
from tests.unit.contracts.world import TIME_MS, did_of


def test_holder_of_the_asset_grants_each_of_the_three_rights_separately() -> None:
    """Three rights, held separately: holding, processing and use, operating."""
    world = world_with_asset()
    for kind, grantee in (("holding", "member"), ("processing-use", "stranger"), ("operating", "governor")):
        right_id = granted(world, "exchange", grantee, terms(kind))  # type: ignore[arg-type]
        record = record_of(world, right_id)
        assert (record.holder, record.terms.kind, record.status, record.depth) == (did_of(grantee), kind, "ACTIVE", 1)
        assert (record.grantor, record.parent, record.granted_ms) == (did_of("exchange"), b"", world.time_ms)


def test_grant_is_an_event_with_all_that_a_recount_needs() -> None:
    world = world_with_asset()
    operation = GrantRight(ASSET, did_of("member"), terms(uses_max=3, until_ms=TIME_MS * 2), salt_of("s"))
    (event,) = world.submit("exchange", operation).events
    assert event.name == "right.granted"
    assert event.attributes["right_id"] == right_of("exchange", "s")
    assert (event.attributes["uses_max"], event.attributes["until_ms"]) == (3, TIME_MS * 2)
    assert (event.attributes["grantor"], event.attributes["holder"]) == (did_of("exchange"), did_of("member"))


def test_only_the_holder_of_the_asset_grants_out_of_it() -> None:
    world = world_with_asset()
    assert grant(world, "member", "stranger", terms()) == "right-not-grantor"
    operation = GrantRight(bytes(32), did_of("member"), terms(), salt_of("s"))
    assert world.submit("exchange", operation).code == "asset-unknown"


def test_same_salt_twice_is_refused_and_another_grantor_may_use_it() -> None:
    world = world_with_asset()
    parent = granted(world, "exchange", "member", terms(sublicensing_levels=1), salt="s")
    assert grant(world, "exchange", "stranger", terms(), salt="s") == "right-exists"
    assert grant(world, "member", "stranger", terms(), parent, salt="s") == "ok"


def test_grantee_is_another_active_identity() -> None:
    world = world_with_asset()
    assert grant(world, "exchange", "nobody", terms()) == "right-grantee"
    assert grant(world, "exchange", "exchange", terms()) == "right-grantee"
    world.submit("stranger", DeactivateIdentity())
    assert grant(world, "exchange", "stranger", terms()) == "right-grantee"


def test_fields_are_those_of_the_asset_where_it_lists_them() -> None:
    world = world_with_asset()
    assert grant(world, "exchange", "member", terms(fields=("x", "z"))) == "right-field-unknown"
    assert grant(world, "exchange", "member", terms(fields=("x", "y"))) == "ok"
    world.submit("exchange", RegisterAsset("b", description()))
    other = GrantRight(right_asset("b"), did_of("member"), terms(fields=("z",)), salt_of("s"))
    assert world.submit("exchange", other).code == "ok"


def right_asset(name: str) -> bytes:
    return asset_id_of(did_of("exchange"), name)


def test_right_that_would_have_ended_is_refused_at_the_exact_millisecond() -> None:
    world = world_with_asset()
    assert grant(world, "exchange", "member", terms(until_ms=world.time_ms)) == "right-expired"
    assert grant(world, "exchange", "member", terms(until_ms=world.time_ms + 1)) == "ok"


def test_further_right_needs_leave_and_a_level_less() -> None:
    """Sub-licensing depth is bounded by the terms of each level."""
    world = world_with_asset()
    closed = granted(world, "exchange", "member", terms())
    assert grant(world, "member", "stranger", terms(), closed) == "right-no-sublicence"
    open_ = granted(world, "exchange", "governor", terms(sublicensing_levels=2))
    assert grant(world, "governor", "stranger", terms(sublicensing_levels=2), open_) == "right-wider"
    below = granted(world, "governor", "stranger", terms(sublicensing_levels=1), open_)
    last = granted(world, "stranger", "member", terms(), below)
    assert record_of(world, last).depth == 3
    assert grant(world, "member", "exchange", terms(), last) == "right-no-sublicence"


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "holding"},
        {"kind": "operating"},
        {"purposes": ("trade",)},
        {"fields": ("y",)},
        {"regions": ("DE",)},
        {"until_ms": TIME_MS * 3},
        {"exclusive": True},
        {"uses_max": 6},
        {"uses_max": 0},
    ],
)
def test_right_wider_than_its_parent_is_refused(changes: dict[str, Any]) -> None:
    """A right derives from its grantor's right and is never wider."""
    limits: dict[str, Any] = {
        "purposes": ("research",),
        "fields": ("x",),
        "regions": ("CN",),
        "until_ms": TIME_MS * 2,
        "uses_max": 5,
    }
    world = world_with_asset()
    parent = granted(world, "exchange", "member", terms(sublicensing_levels=1, **limits))
    assert grant(world, "member", "stranger", terms(**{**limits, **changes}), parent) == "right-wider"
    assert grant(world, "member", "stranger", terms(**limits), parent) == "ok"


def test_operator_licenses_others_to_use() -> None:
    world = world_with_asset()
    parent = granted(world, "exchange", "member", terms("operating", sublicensing_levels=1))
    assert grant(world, "member", "stranger", terms("processing-use"), parent) == "ok"
    assert grant(world, "member", "governor", terms("holding"), parent) == "right-wider"


def test_uses_passed_on_are_the_grantors_no_more() -> None:
    world = world_with_asset()
    parent = granted(world, "exchange", "member", terms(sublicensing_levels=1, uses_max=5))
    assert grant(world, "member", "stranger", terms(uses_max=3), parent) == "ok"
    assert record_of(world, parent).uses_spent == 3
    assert grant(world, "member", "governor", terms(uses_max=3), parent) == "right-wider"
    assert grant(world, "member", "governor", terms(uses_max=2), parent) == "ok"
    assert grant(world, "member", "exchange", terms(uses_max=1), parent) == "right-uses-spent"


def test_audience_limits_holders_and_those_below() -> None:
    world = world_with_asset()
    circle = tuple(sorted((did_of("member"), did_of("stranger"))))
    assert grant(world, "exchange", "governor", terms(audience=circle)) == "right-audience"
    parent = granted(world, "exchange", "member", terms(audience=circle, sublicensing_levels=1))
    assert grant(world, "member", "governor", terms(audience=circle), parent) == "right-audience"
    assert grant(world, "member", "governor", terms(audience=(did_of("governor"),)), parent) == "right-wider"
    assert grant(world, "member", "stranger", terms(audience=circle), parent) == "ok"


def test_parent_is_the_grantors_own_right_in_the_same_asset() -> None:
    world = world_with_asset()
    parent = granted(world, "exchange", "member", terms(sublicensing_levels=1))
    assert grant(world, "stranger", "governor", terms(), parent) == "right-not-holder"
    assert grant(world, "member", "governor", terms(), b"?" * 32) == "right-unknown"
    assert grant(world, "member", "governor", terms(), b"?") == "right-terms"
    world.submit("exchange", RegisterAsset("b", description()))
    other = GrantRight(right_asset("b"), did_of("governor"), terms(), salt_of("s"), parent)
    assert world.submit("member", other).code == "right-other-asset"


def test_right_with_obligations_holds_only_once_accepted() -> None:
    world = world_with_asset()
    offer = granted(world, "exchange", "member", terms(sublicensing_levels=1, obligations_hash=DUTIES))
    assert record_of(world, offer).status == "OFFERED"
    assert grant(world, "member", "stranger", terms(), offer) == "right-status"
    assert accept(world, "stranger", offer) == "right-not-holder"
    assert accept(world, "member", offer) == "ok"
    assert accept(world, "member", offer) == "right-status"
    assert grant(world, "member", "stranger", terms(), offer) == "ok"


def test_right_that_begins_later_may_be_accepted_now_but_one_that_ended_not() -> None:
    world = world_with_asset()
    begins, ends = world.time_ms + 10, world.time_ms + 20
    early = granted(world, "exchange", "member", terms(from_ms=begins, until_ms=ends, obligations_hash=DUTIES))
    late = granted(world, "exchange", "stranger", terms(from_ms=begins, until_ms=ends, obligations_hash=DUTIES))
    assert accept(world, "member", early) == "ok"
    world.time_ms = ends
    assert accept(world, "stranger", late) == "right-expired"


def test_declined_offer_ends_and_frees_its_place() -> None:
    world = world_with_asset()
    offer = granted(world, "exchange", "member", terms(exclusive=True, obligations_hash=DUTIES))
    assert grant(world, "exchange", "stranger", terms()) == "right-exclusive"
    assert world.submit("stranger", DeclineRight(offer)).code == "right-not-holder"
    assert world.submit("member", DeclineRight(offer)).code == "ok"
    assert record_of(world, offer).status == "DECLINED"
    assert world.submit("member", DeclineRight(offer)).code == "right-status"
    assert grant(world, "exchange", "stranger", terms()) == "ok"


def test_offer_can_be_withdrawn_even_where_the_right_would_be_for_good() -> None:
    world = world_with_asset()
    offer = granted(world, "exchange", "member", terms(irrevocable=True, obligations_hash=DUTIES))
    assert world.submit("exchange", RevokeRight(offer)).code == "ok"
    assert accept(world, "member", offer) == "right-status"


def test_market_grants_what_the_buyer_has_accepted_by_agreement() -> None:
    """Used by the market when a trade completes: no second acceptance."""
    world = world_with_asset()
    found = grant_right(
        terms(obligations_hash=DUTIES),
        did_of("exchange"),
        did_of("member"),
        b"",
        context_of(world),
        world.overlay,
        asset_id=ASSET,
        salt=salt_of("trade"),
        accepted=True,
    )
    assert record_of(world, found).status == "ACTIVE"


def test_refused_grant_leaves_no_trace() -> None:
    world = world_with_asset()
    own = (did_of("member"),)
    parent = granted(world, "exchange", "member", terms(sublicensing_levels=1, uses_max=5, audience=own))
    before = dict(world.content())
    assert grant(world, "member", "stranger", terms(uses_max=2, audience=own), parent) == "right-audience"
    assert world.content() == before
