import pytest

from contracts.assets.measures import (
    TRADABLE,
    freeze_asset,
    release_asset,
    revoke_asset,
    tradable_asset,
    transfer_asset,
)
from contracts.assets.record import ORDERS_MAX
from tests.unit.contracts.assets.register import ASSET, ORDER, asset_of, code_of, context_of, registered
from tests.unit.contracts.world import World, did_of


def freeze(world: World, order: bytes = ORDER) -> str:
    return code_of(lambda: freeze_asset(ASSET, order, context_of(world), world.overlay))


def release(world: World, order: bytes = ORDER) -> str:
    return code_of(lambda: release_asset(ASSET, order, context_of(world), world.overlay))


def trade(world: World, asset_id: bytes = ASSET) -> str:
    return code_of(lambda: tradable_asset(world.overlay, asset_id, world.time_ms))


def test_certified_asset_is_tradable_until_the_millisecond_its_certificate_ends() -> None:
    """The certificate holds before ``valid_until_ms``."""
    world = registered()
    record = tradable_asset(world.overlay, ASSET, world.time_ms)
    assert record.status in TRADABLE
    world.time_ms = record.valid_until_ms - 1
    assert trade(world) == "ok"
    world.time_ms = record.valid_until_ms
    assert trade(world) == "asset-expired"


def test_unknown_asset_is_not_tradable() -> None:
    assert trade(registered(), bytes(32)) == "asset-unknown"


def test_frozen_asset_is_not_tradable_until_the_last_order_is_lifted() -> None:
    """Several orders may hold one asset; the status before the first returns when the last one is lifted."""
    world, second = registered(), b"order-number-two"
    before = asset_of(world)
    assert freeze(world) == freeze(world, second) == "ok"
    assert (asset_of(world).status, asset_of(world).frozen_by) == ("FROZEN", (ORDER, second))
    assert trade(world) == "asset-frozen"
    assert release(world) == "ok"
    assert trade(world) == "asset-frozen"
    assert release(world, second) == "ok"
    after = asset_of(world)
    assert (after.status, after.frozen_by, after.resumes) == (before.status, (), "")
    assert trade(world) == "ok"


def test_order_holds_once_and_only_what_holds_is_lifted() -> None:
    world = registered()
    assert release(world) == "asset-order-unknown"
    assert freeze(world) == "ok"
    assert freeze(world) == "asset-order-held"
    assert release(world, b"another order's id") == "asset-order-unknown"


def test_orders_are_bounded() -> None:
    """Every list has a bound."""
    world = registered()
    orders = [bytes((number,)) * 16 for number in range(ORDERS_MAX + 1)]
    assert [freeze(world, order) for order in orders] == ["ok"] * ORDERS_MAX + ["asset-orders-full"]


def test_revoked_asset_stays_revoked_when_orders_are_lifted() -> None:
    world = registered()
    assert freeze(world) == "ok"
    revoke_asset(ASSET, bytes(32), context_of(world), world.overlay)
    assert trade(world) == "asset-status"
    assert release(world) == "ok"
    assert (asset_of(world).status, asset_of(world).resumes) == ("REVOKED", "")
    assert freeze(world) == "asset-status"
    assert code_of(lambda: revoke_asset(ASSET, bytes(32), context_of(world), world.overlay)) == "asset-status"


def test_ruling_gives_a_frozen_asset_to_another_holder_and_it_stays_frozen() -> None:
    world = registered()
    assert freeze(world) == "ok"
    transfer_asset(ASSET, did_of("bob"), context_of(world), world.overlay)
    assert (asset_of(world).holder, asset_of(world).status) == (did_of("bob"), "FROZEN")
    assert release(world) == "ok"
    assert asset_of(world).status == "CERTIFIED"


@pytest.mark.parametrize(
    ("holder", "code"), [("alice", "asset-holder-same"), ("nobody", "asset-holder-unknown"), ("bob", "ok")]
)
def test_ruling_needs_another_active_holder(holder: str, code: str) -> None:
    world = registered()
    assert code_of(lambda: transfer_asset(ASSET, did_of(holder), context_of(world), world.overlay)) == code


def test_every_measure_tells_what_became_of_the_asset() -> None:
    """An event carries everything an independent recount needs."""
    world = registered()
    context = context_of(world)
    freeze_asset(ASSET, ORDER, context, world.overlay)
    release_asset(ASSET, ORDER, context, world.overlay)
    transfer_asset(ASSET, did_of("bob"), context, world.overlay)
    revoke_asset(ASSET, bytes(32), context, world.overlay)
    assert [event.name for event in context.events] == [
        "asset.frozen",
        "asset.released",
        "asset.transferred",
        "asset.revoked",
    ]
    assert context.events[2].attributes["previous_holder"] == did_of("alice")
    assert all(event.attributes["asset_id"] == ASSET for event in context.events)
