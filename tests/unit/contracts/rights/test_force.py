import pytest

from contracts.assets import measures as asset_measures
from contracts.kernel.outcome import OperationFailed
from contracts.rights.force import right_in_force
from contracts.rights.measures import freeze_right, release_right, revoke_right
from contracts.rights.operations import AmendRight, RevokeRight, SurrenderRight, UseRight
from contracts.rights.record import RightRecord
from contracts.rights.terms import LEVELS_MAX
from tests.unit.contracts.assets.family_tree import context_of
from tests.unit.contracts.rights.granted import ASSET, granted, record_of, terms, world_with_asset
from tests.unit.contracts.world import World, did_of

ORDER = b"o" * 16
CHAIN_OF = ("member", "stranger", "governor")


def chain(world: World, **fields: object) -> list[bytes]:
    """Rights of three levels, each granted out of the one before."""
    found: list[bytes] = []
    grantor, parent = "exchange", b""
    for level, holder in enumerate(CHAIN_OF):
        parent = granted(world, grantor, holder, terms(sublicensing_levels=2 - level, **fields), parent)  # type: ignore[arg-type]
        found.append(parent)
        grantor = holder
    return found


def force(world: World, right_id: bytes, holder: str) -> RightRecord | str:
    try:
        return right_in_force(world.overlay, right_id, did_of(holder), world.time_ms)
    except OperationFailed as failure:
        return failure.code


def test_right_in_force_is_its_record() -> None:
    world = world_with_asset()
    found = chain(world)
    assert force(world, found[2], "governor") == record_of(world, found[2])
    assert force(world, found[2], "member") == "right-not-holder"
    assert force(world, b"?" * 32, "member") == "right-unknown"


def test_right_holds_from_its_first_moment_until_before_its_end() -> None:
    """From ``from_ms`` (inclusive) to ``until_ms`` (exclusive)."""
    world = world_with_asset()
    start, end = world.time_ms + 10, world.time_ms + 20
    right_id = granted(world, "exchange", "member", terms(from_ms=start, until_ms=end))
    for time_ms, expected in ((start - 1, "right-not-begun"), (end, "right-expired")):
        world.time_ms = time_ms
        assert force(world, right_id, "member") == expected
    for time_ms in (start, end - 1):
        world.time_ms = time_ms
        assert isinstance(force(world, right_id, "member"), RightRecord)


@pytest.mark.parametrize("ended", [0, 1])
def test_revocation_reaches_everything_below_without_a_write(ended: int) -> None:
    """Revocation cascades: a right is in force only if each right above it is."""
    world = world_with_asset()
    found = chain(world)
    grantor = ("exchange", *CHAIN_OF)[ended]
    assert world.submit(grantor, RevokeRight(found[ended])).code == "ok"
    assert force(world, found[ended], CHAIN_OF[ended]) == "right-status"
    for level in range(ended + 1, 3):
        assert record_of(world, found[level]).status == "ACTIVE"
        assert force(world, found[level], CHAIN_OF[level]) == "right-lapsed"


def test_surrender_ends_what_was_granted_out_of_it() -> None:
    world = world_with_asset()
    found = chain(world)
    world.submit("member", SurrenderRight(found[0]))
    assert force(world, found[1], "stranger") == "right-lapsed"


def test_freeze_reaches_below_and_ends_with_the_last_order() -> None:
    world = world_with_asset()
    found = chain(world)
    context = context_of(world)
    freeze_right(found[0], ORDER, context, world.overlay)
    freeze_right(found[0], b"p" * 16, context, world.overlay)
    assert [force(world, right_id, holder) for right_id, holder in zip(found, CHAIN_OF, strict=True)] == [
        "right-frozen"
    ] * 3
    release_right(found[0], ORDER, context, world.overlay)
    assert force(world, found[2], "governor") == "right-frozen"
    release_right(found[0], b"p" * 16, context, world.overlay)
    assert isinstance(force(world, found[2], "governor"), RightRecord)


def test_ruling_ends_a_right_and_all_below() -> None:
    world = world_with_asset()
    found = chain(world, irrevocable=True)
    revoke_right(found[1], ORDER, context_of(world), world.overlay)
    assert force(world, found[1], "stranger") == "right-status"
    assert force(world, found[2], "governor") == "right-lapsed"
    assert isinstance(force(world, found[0], "member"), RightRecord)


def test_expiry_above_ends_what_lies_below() -> None:
    world = world_with_asset()
    until = world.time_ms + 10
    parent = granted(world, "exchange", "member", terms(sublicensing_levels=1, until_ms=until))
    below = granted(world, "member", "stranger", terms(until_ms=until), parent)
    world.time_ms = until - 1
    assert isinstance(force(world, below, "stranger"), RightRecord)
    world.time_ms = until
    assert force(world, below, "stranger") in ("right-lapsed", "right-expired")


def test_narrowing_above_narrows_what_lies_below() -> None:
    """Rights granted out of it are narrowed with it, without an operation of their own."""
    world = world_with_asset()
    found = chain(world, purposes=("research", "training"))
    narrow = terms(sublicensing_levels=2, purposes=("training",), until_ms=world.time_ms + 50)
    assert world.submit("exchange", AmendRight(found[0], narrow)).code == "ok"
    below = force(world, found[2], "governor")
    assert isinstance(below, RightRecord)
    assert (below.terms.purposes, below.terms.until_ms) == (("training",), world.time_ms + 50)
    assert record_of(world, found[2]).terms.purposes == ("research", "training")
    world.time_ms += 50
    assert force(world, found[2], "governor") == "right-lapsed"


def test_uses_limited_above_later_are_counted_below() -> None:
    world = world_with_asset()
    parent = granted(world, "exchange", "member", terms(sublicensing_levels=1))
    below = granted(world, "member", "stranger", terms(), parent)
    world.submit("exchange", AmendRight(parent, terms(sublicensing_levels=1, uses_max=2)))
    codes = [world.submit("stranger", UseRight(below, "research")).code for _ in range(3)]
    assert codes == ["ok", "ok", "right-uses-spent"]


def test_narrowing_that_leaves_nothing_lets_what_lies_below_lapse() -> None:
    world = world_with_asset()
    parent = granted(world, "exchange", "member", terms(sublicensing_levels=1, purposes=("a", "b")))
    below = granted(world, "member", "stranger", terms(purposes=("a",)), parent)
    world.submit("member", AmendRight(parent, terms(sublicensing_levels=1, purposes=("b",))))
    assert force(world, below, "stranger") == "right-lapsed"


def test_right_follows_the_asset() -> None:
    """A right is in force only if the asset is: frozen, expired, cancelled or revoked assets carry none."""
    world = world_with_asset()
    found = chain(world)
    asset_measures.freeze_asset(ASSET, ORDER, context_of(world), world.overlay)
    assert force(world, found[2], "governor") == "asset-frozen"
    asset_measures.release_asset(ASSET, ORDER, context_of(world), world.overlay)
    assert isinstance(force(world, found[2], "governor"), RightRecord)
    asset_measures.revoke_asset(ASSET, ORDER, context_of(world), world.overlay)
    assert force(world, found[2], "governor") == "asset-status"


def test_longest_chain_of_rights_is_walked() -> None:
    """Rights below one asset stand at most nine deep: eight levels and the first."""
    world = world_with_asset()
    grantor, parent = "exchange", b""
    holders = [("member", "stranger")[level % 2] for level in range(LEVELS_MAX + 1)]
    for level, holder in enumerate(holders):
        parent = granted(world, grantor, holder, terms(sublicensing_levels=LEVELS_MAX - level), parent)
        grantor = holder
    assert record_of(world, parent).depth == LEVELS_MAX + 1
    assert isinstance(force(world, parent, holders[-1]), RightRecord)
