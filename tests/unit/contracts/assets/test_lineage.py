from typing import Any

import pytest

from chainnode.state.keys import key
from contracts.assets import lineage
from contracts.assets.description import Parent, Relation
from contracts.assets.lineage import child_key, edges_of, lineage_key, read_lineage
from contracts.assets.measures import freeze_asset, release_asset
from contracts.assets.operations import RegisterAsset
from tests.unit.contracts.assets.family_tree import change, context_of, description, id_of, parent, permit, register
from tests.unit.contracts.world import World, did_of


def parents_of(world: World, name: str) -> list[bytes]:
    return [edge.parent_id for edge in edges_of(world.overlay, id_of(name))]


def test_registration_writes_edges_in_both_directions() -> None:
    """An edge carries its share and the digest of the process."""
    world = World()
    register(world, "a")
    made = Parent(id_of("a"), "trained-on", 2_500, b"p" * 32)
    assert register(world, "b", made) == "ok"
    (edge,) = edges_of(world.overlay, id_of("b"))
    assert (edge.parent_id, edge.relation, edge.share_basis_points, edge.process_hash) == (
        id_of("a"), "trained-on", 2_500, b"p" * 32,
    )
    assert world.overlay.get(child_key(id_of("a"), id_of("b"))) is not None
    assert edges_of(world.overlay, id_of("a")) == ()


def test_keys_are_those_of_the_general_form() -> None:
    assert lineage_key(b"a" * 32) == key("lineage", b"a" * 32)
    assert child_key(b"a" * 32, b"b" * 32) == key("lineage-child", b"a" * 32, b"b" * 32)


def test_each_edge_is_an_event_that_a_recount_can_use() -> None:
    world = World()
    register(world, "a")
    receipt = world.submit("exchange", RegisterAsset("b", description(parent("a", share=7))))
    linked = [event.attributes for event in receipt.events if event.name == "asset.linked"]
    assert linked == [
        {
            "asset_id": id_of("b"),
            "parent_id": id_of("a"),
            "relation": "derived-from",
            "share_basis_points": 7,
            "process_hash": b"",
        }
    ]


def test_parent_must_be_registered() -> None:
    assert register(World(), "b", "a") == "asset-parent-unknown"


def test_asset_cannot_be_its_own_parent() -> None:
    world = World()
    assert register(world, "a", "a") == "asset-lineage-cycle"
    register(world, "a")
    assert change(world, "a", "a") == "asset-lineage-cycle"


def test_shares_of_parents_make_at_most_the_whole() -> None:
    """Sum of parents' shares <= 10,000 basis points."""
    world = World()
    register(world, "a")
    register(world, "b")
    assert register(world, "c", parent("a", share=6_000), parent("b", share=4_001)) == "asset-parent-shares"
    assert register(world, "c", parent("a", share=6_000), parent("b", share=4_000)) == "ok"


def test_generations_are_counted_along_the_longest_way_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "GENERATIONS_MAX", 2)
    world = World()
    register(world, "a")
    register(world, "b", "a")
    assert register(world, "c", "a", "b") == "ok"
    found = read_lineage(world.overlay, id_of("c"))
    assert found is not None and found.generation == 2
    assert register(world, "d", "c") == "asset-lineage-too-deep"


def test_deriving_from_somebody_elses_asset_needs_the_use_of_a_right() -> None:
    """The holder of the new asset must have used a right in the old one for exactly this asset."""
    world = World()
    register(world, "a", holder="member")
    assert register(world, "b", "a") == "asset-derivation-right"
    permit(world, "c", "a", "exchange")
    permit(world, "b", "a", "stranger")
    assert register(world, "b", "a") == "asset-derivation-right"
    permit(world, "b", "a", "exchange")
    assert register(world, "b", "a") == "ok"
    assert register(world, "d", "a", holder="member") == "ok"


@pytest.mark.parametrize(
    ("above", "below", "relation", "code"),
    [
        ({"grade": "important"}, {}, "derived-from", "asset-grade-lowered"),
        ({"grade": "important"}, {}, "anonymised-from", "ok"),
        ({"grade": "important"}, {"grade": "important"}, "derived-from", "ok"),
        ({}, {"grade": "important"}, "derived-from", "ok"),
        ({"general_level": 3}, {"general_level": 2}, "sample-of", "asset-grade-lowered"),
        ({"general_level": 3}, {"general_level": 3}, "sample-of", "ok"),
        ({"general_level": 3}, {}, "sample-of", "ok"),
    ],
)
def test_grade_is_at_least_the_parents_unless_anonymised(
    above: dict[str, Any], below: dict[str, Any], relation: Relation, code: str
) -> None:
    world = World()
    register(world, "a", **above)
    assert register(world, "b", parent("a", relation), **below) == code


def test_nothing_is_derived_from_a_frozen_asset() -> None:
    """An order that holds an asset is not got round by registering a copy."""
    world = World()
    register(world, "a")
    register(world, "c")
    freeze_asset(id_of("a"), b"o" * 16, context_of(world), world.overlay)
    assert register(world, "b", "a") == "asset-frozen"
    assert change(world, "c", "a") == "asset-frozen"
    release_asset(id_of("a"), b"o" * 16, context_of(world), world.overlay)
    assert register(world, "b", "a") == "ok"


def test_change_adds_and_removes_edges() -> None:
    world = World()
    for name in "abc":
        register(world, name)
    assert change(world, "c", "a") == "ok"
    assert change(world, "c", "b") == "ok"
    assert parents_of(world, "c") == [id_of("b")]
    assert world.overlay.get(child_key(id_of("a"), id_of("c"))) is None
    assert world.overlay.get(child_key(id_of("b"), id_of("c"))) is not None
    assert change(world, "c") == "ok"
    assert world.overlay.get(lineage_key(id_of("c"))) is None
    assert world.overlay.get(child_key(id_of("b"), id_of("c"))) is None


def test_change_that_closes_a_circle_is_refused() -> None:
    """Adding edges later must stay acyclic, however long the way round."""
    world = World()
    register(world, "a")
    register(world, "b", "a")
    register(world, "c", "b")
    assert change(world, "a", "c") == "asset-lineage-cycle"
    assert change(world, "a", "b") == "asset-lineage-cycle"
    assert parents_of(world, "a") == []
    assert change(world, "c", "a", "b") == "ok"


def test_walk_of_a_change_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "ANCESTORS_LOOKED_AT_MAX", 2)
    world = World()
    for name, above in (("a", ()), ("b", ("a",)), ("c", ("b",)), ("x", ())):
        register(world, name, *above)
    assert change(world, "x", "b") == "ok"
    assert change(world, "x", "b", "c") == "asset-lineage-too-large"


def test_parent_that_stays_needs_no_right_again_but_keeps_its_grade() -> None:
    world = World()
    register(world, "a", holder="member", grade="important")
    permit(world, "b", "a", "exchange")
    assert register(world, "b", "a", grade="important") == "ok"
    world.overlay.delete(lineage.permit_key(id_of("b"), id_of("a"), did_of("exchange")))
    assert change(world, "b", parent("a", share=5), grade="important") == "ok"
    assert edges_of(world.overlay, id_of("b"))[0].share_basis_points == 5
    assert change(world, "b", "a") == "asset-grade-lowered"


def test_change_may_make_a_lineage_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "GENERATIONS_MAX", 1)
    world = World()
    register(world, "a")
    register(world, "b", "a")
    register(world, "c")
    assert change(world, "c", "b") == "asset-lineage-too-deep"
