import pytest

from contracts.assets.description import DESCRIPTION_BYTES_MAX, AssetDescription, Field
from contracts.assets.entry import check_holder, check_valid, known_asset, update
from contracts.assets.operations import RegisterAsset
from contracts.kernel.outcome import OperationFailed
from tests.unit.contracts.assets.register import (
    ASSET,
    asset_of,
    code_of,
    context_of,
    refused,
    register_world,
    registered,
)
from tests.unit.contracts.world import did_of


def test_known_asset_is_read_and_an_unknown_one_refused() -> None:
    world = registered()
    assert known_asset(world.overlay, ASSET) == asset_of(world)
    with pytest.raises(OperationFailed, match="no asset 00") as found:
        known_asset(world.overlay, bytes(32))
    assert found.value.code == "asset-unknown"


def test_entry_is_valid_before_the_end_and_not_at_it() -> None:
    """The certificate holds before ``valid_until_ms``; the end itself is outside."""
    record = asset_of(registered())
    assert code_of(lambda: check_valid(record, record.valid_until_ms - 1)) == "ok"
    assert code_of(lambda: check_valid(record, record.valid_until_ms)) == "asset-expired"


def test_update_writes_when_the_record_changed() -> None:
    world = registered()
    world.height, world.time_ms = 7, world.time_ms + 5
    update(asset_of(world), context_of(world), world.overlay, holder=did_of("bob"))
    after = asset_of(world)
    assert (after.holder, after.updated_height, after.updated_ms) == (did_of("bob"), 7, world.time_ms)
    assert after.registered_ms == world.time_ms - 5


def test_holder_must_exist() -> None:
    world = register_world()
    assert code_of(lambda: check_holder(world.overlay, did_of("alice"))) == "ok"
    assert code_of(lambda: check_holder(world.overlay, did_of("nobody"))) == "asset-holder-unknown"


def test_description_is_bounded_so_that_a_small_transaction_can_always_rewrite_it() -> None:
    """Were an asset larger, the order that freezes it would be refused for its size."""
    rows = DESCRIPTION_BYTES_MAX // 315
    fits = AssetDescription("dataset", "A", fields=(Field("f" * 60, description="d" * 245),) * rows)
    large = AssetDescription("dataset", "A", fields=(Field("f" * 60, description="d" * 245),) * (rows + 4))
    world = register_world()
    assert refused(world, "exchange", RegisterAsset("large", large)) == "asset-too-large"
    assert world.submit("exchange", RegisterAsset("fits", fits)).code == "ok"
