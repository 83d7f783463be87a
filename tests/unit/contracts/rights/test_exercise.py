from typing import Any

import pytest

from contracts.assets.measures import transfer_asset
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.rights.operations import AmendRight, ExpireRight, RevokeRight, SurrenderRight, UseRight
from contracts.rights.record import read_source
from tests.unit.contracts.assets.family_tree import context_of, description
from tests.unit.contracts.rights.granted import (
    ASSET,
    DUTIES,
    accept,
    grant,
    granted,
    record_of,
    terms,
    world_with_asset,
)
from tests.unit.contracts.world import World, did_of


def use(world: World, name: str, right_id: bytes, purpose: str = "research", **fields: Any) -> str:
    return world.submit(name, UseRight(right_id, purpose, **fields)).code


def amend(world: World, name: str, right_id: bytes, **fields: Any) -> str:
    return world.submit(name, AmendRight(right_id, terms(**fields))).code


def test_use_is_an_event_and_counts_only_where_uses_are_limited() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms(uses_max=2))
    free = granted(world, "exchange", "stranger", terms())
    operation = UseRight(right_id, "research", document_hash=b"h" * 32)
    (event,) = world.submit("member", operation).events
    assert (event.name, event.attributes["uses_spent"], event.attributes["document_hash"]) == (
        "right.used", 1, b"h" * 32,
    )
    assert use(world, "member", right_id) == "ok"
    assert use(world, "member", right_id) == "right-uses-spent"
    before = dict(world.content())
    assert use(world, "stranger", free) == "ok"
    assert world.content() == before


@pytest.mark.parametrize(
    ("purpose", "fields", "code"),
    [
        ("research", {"region": "CN-11"}, "ok"),
        ("research", {"region": "CN", "fields": ("x",)}, "ok"),
        ("trade", {"region": "CN"}, "right-use-outside"),
        ("research", {"region": "DE"}, "right-use-outside"),
        ("research", {}, "right-use-outside"),
        ("research", {"region": "CN", "fields": ("y",)}, "right-use-outside"),
    ],
)
def test_use_stays_inside_the_right(purpose: str, fields: dict[str, Any], code: str) -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms(purposes=("research",), fields=("x",), regions=("CN",)))
    assert use(world, "member", right_id, purpose, **fields) == code


def test_use_is_the_holders() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms())
    assert use(world, "exchange", right_id) == "right-not-holder"
    assert use(world, "member", b"?" * 32) == "right-unknown"


def test_use_permits_the_derivation_it_names() -> None:
    """Deriving from somebody else's asset requires a processing-use right in force."""
    world = world_with_asset()
    derived = asset_id_of(did_of("exchange"), "b")
    operation = RegisterAsset("b", description("a"), did_of("member"))
    assert world.submit("exchange", operation).code == "asset-derivation-right"
    right_id = granted(world, "exchange", "member", terms())
    assert use(world, "member", right_id, derived=derived[:31]) == "right-terms"
    assert use(world, "member", right_id, derived=derived) == "ok"
    assert world.submit("exchange", operation).code == "ok"


def test_derivation_needs_a_right_to_process() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms("operating"))
    assert use(world, "member", right_id, derived=bytes(32)) == "right-kind"
    assert use(world, "member", right_id) == "ok"


def test_right_that_ended_permits_no_derivation() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms())
    world.submit("exchange", RevokeRight(right_id))
    assert use(world, "member", right_id, derived=bytes(32)) == "right-status"


def test_grantor_and_holder_narrow_a_right_and_nobody_widens_it() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms(purposes=("a", "b", "c"), sublicensing_levels=2))
    assert amend(world, "stranger", right_id, purposes=("a",)) == "right-not-grantor"
    assert amend(world, "exchange", right_id, purposes=("a", "b"), sublicensing_levels=1) == "ok"
    assert amend(world, "exchange", right_id, purposes=("a", "b", "c")) == "right-wider"
    assert amend(world, "exchange", right_id, purposes=("a",), sublicensing_levels=2) == "right-wider"
    assert amend(world, "member", right_id, purposes=("a",)) == "ok"
    assert record_of(world, right_id).terms == terms(purposes=("a",))


@pytest.mark.parametrize(
    "fields", [{"kind": "processing-use"}, {"obligations_hash": None}, {"irrevocable": True}]
)
def test_amendment_touches_neither_kind_nor_duties_nor_protection(fields: dict[str, Any]) -> None:
    world = world_with_asset()
    before: dict[str, Any] = {"kind": "operating", "obligations_hash": DUTIES}
    right_id = granted(world, "exchange", "member", terms(**before))
    accept(world, "member", right_id)
    assert amend(world, "exchange", right_id, **{**before, **fields}) == "right-wider"


def test_amendment_ends_no_right_and_excludes_no_holder() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms())
    assert amend(world, "exchange", right_id, until_ms=world.time_ms) == "right-expired"
    assert amend(world, "exchange", right_id, audience=(did_of("stranger"),)) == "right-audience"
    assert amend(world, "exchange", right_id, until_ms=world.time_ms + 1) == "ok"


def test_narrowed_exclusive_right_makes_room() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms(exclusive=True))
    assert grant(world, "exchange", "stranger", terms(regions=("DE",))) == "right-exclusive"
    assert amend(world, "member", right_id, exclusive=True, regions=("CN",)) == "ok"
    assert grant(world, "exchange", "stranger", terms(regions=("DE",))) == "ok"
    assert amend(world, "member", right_id, regions=("CN",)) == "ok"
    assert grant(world, "exchange", "governor", terms()) == "ok"


def test_irrevocable_right_is_neither_taken_back_nor_narrowed_by_its_grantor() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms(irrevocable=True))
    assert world.submit("exchange", RevokeRight(right_id)).code == "right-irrevocable"
    assert amend(world, "exchange", right_id, irrevocable=True, purposes=("a",)) == "right-irrevocable"
    assert amend(world, "member", right_id, irrevocable=True, purposes=("a",)) == "ok"
    assert world.submit("member", SurrenderRight(right_id)).code == "ok"


def test_revocation_is_its_grantors() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms(sublicensing_levels=1))
    below = granted(world, "member", "stranger", terms(), right_id)
    assert world.submit("exchange", RevokeRight(below)).code == "right-not-grantor"
    assert world.submit("member", RevokeRight(right_id)).code == "right-not-grantor"
    receipt = world.submit("exchange", RevokeRight(right_id, "breach of contract"))
    assert receipt.events[0].attributes["reason"] == "breach of contract"
    assert world.submit("exchange", RevokeRight(right_id)).code == "right-status"


def test_surrender_is_the_holders_and_final() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms())
    assert world.submit("exchange", SurrenderRight(right_id)).code == "right-not-holder"
    assert world.submit("member", SurrenderRight(right_id)).code == "ok"
    assert world.submit("member", SurrenderRight(right_id)).code == "right-status"
    assert read_source(world.overlay, ASSET).shared == ()


def test_right_runs_out_at_the_exact_millisecond() -> None:
    world = world_with_asset()
    until = world.time_ms + 10
    right_id = granted(world, "exchange", "member", terms(until_ms=until))
    endless = granted(world, "exchange", "stranger", terms())
    world.time_ms = until - 1
    assert world.submit("governor", ExpireRight(right_id)).code == "right-not-due"
    world.time_ms = until
    assert world.submit("governor", ExpireRight(endless)).code == "right-not-due"
    assert world.submit("governor", ExpireRight(right_id)).code == "ok"
    assert world.submit("governor", ExpireRight(right_id)).code == "right-status"


def test_transfer_of_the_asset_leaves_rights_and_changes_who_stands_above_them() -> None:
    """A sale does not break what was granted: the buyer takes the grantor's place, the seller leaves it."""
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms(uses_max=5))
    transfer_asset(ASSET, did_of("stranger"), context_of(world), world.overlay)
    assert use(world, "member", right_id) == "ok"
    assert grant(world, "exchange", "governor", terms()) == "right-not-grantor"
    assert grant(world, "stranger", "governor", terms()) == "ok"
    assert world.submit("exchange", RevokeRight(right_id)).code == "right-not-grantor"
    assert world.submit("stranger", RevokeRight(right_id)).code == "ok"


def test_exclusive_right_binds_the_buyer_of_the_asset() -> None:
    world = world_with_asset()
    granted(world, "exchange", "member", terms(exclusive=True, irrevocable=True))
    transfer_asset(ASSET, did_of("stranger"), context_of(world), world.overlay)
    assert grant(world, "stranger", "governor", terms()) == "right-exclusive"
