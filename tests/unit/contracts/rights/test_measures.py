import pytest

from contracts.kernel.outcome import OperationFailed
from contracts.rights.measures import freeze_right, release_right, revoke_right
from contracts.rights.operations import AmendRight, RevokeRight, SurrenderRight
from contracts.rights.record import ORDERS_MAX, read_source
from tests.unit.contracts.assets.family_tree import context_of
from tests.unit.contracts.rights.granted import ASSET, DUTIES, accept, granted, record_of, terms, world_with_asset
from tests.unit.contracts.world import World


def order(number: int) -> bytes:
    return bytes([number]) * 16


def freeze(world: World, right_id: bytes, number: int) -> str:
    try:
        freeze_right(right_id, order(number), context_of(world), world.overlay)
    except OperationFailed as failure:
        return failure.code
    return "ok"


def release(world: World, right_id: bytes, number: int) -> str:
    try:
        release_right(right_id, order(number), context_of(world), world.overlay)
    except OperationFailed as failure:
        return failure.code
    return "ok"


def test_several_orders_hold_one_right_and_the_last_gives_it_back() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms())
    assert [freeze(world, right_id, number) for number in (1, 2, 1)] == ["ok", "ok", "right-order-held"]
    assert record_of(world, right_id).status == "FROZEN"
    assert [release(world, right_id, number) for number in (1, 1)] == ["ok", "right-order-unknown"]
    assert record_of(world, right_id).status == "FROZEN"
    assert release(world, right_id, 2) == "ok"
    assert record_of(world, right_id).status == "ACTIVE"


def test_orders_on_one_right_are_bounded() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms())
    codes = [freeze(world, right_id, number) for number in range(ORDERS_MAX + 1)]
    assert codes == ["ok"] * ORDERS_MAX + ["right-orders-full"]


def test_frozen_right_is_neither_given_up_nor_taken_back_nor_changed() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms())
    freeze(world, right_id, 1)
    assert world.submit("member", SurrenderRight(right_id)).code == "right-frozen"
    assert world.submit("exchange", RevokeRight(right_id)).code == "right-frozen"
    assert world.submit("exchange", AmendRight(right_id, terms(purposes=("a",)))).code == "right-frozen"


def test_frozen_offer_waits_and_can_be_accepted_afterwards() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms(obligations_hash=DUTIES))
    freeze(world, right_id, 1)
    assert accept(world, "member", right_id) == "right-status"
    release(world, right_id, 1)
    assert accept(world, "member", right_id) == "ok"


def test_ruling_ends_irrevocable_and_frozen_rights_and_frees_their_place() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms(irrevocable=True, exclusive=True))
    freeze(world, right_id, 1)
    context = context_of(world)
    revoke_right(right_id, order(2), context, world.overlay)
    assert record_of(world, right_id).status == "REVOKED"
    assert read_source(world.overlay, ASSET).exclusives == ()
    assert [event.name for event in context.events] == ["right.revoked"]
    assert release(world, right_id, 1) == "right-order-unknown"
    assert freeze(world, right_id, 1) == "right-status"
    with pytest.raises(OperationFailed) as found:
        revoke_right(right_id, order(2), context, world.overlay)
    assert found.value.code == "right-status"
