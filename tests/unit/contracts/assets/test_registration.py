from typing import Any

from contracts.assets.certificate import is_certificate_number
from contracts.assets.description import AssetDescription, Parent
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import AssetRecord, asset_id_of, read_asset
from contracts.governance.operations import GrantRole
from contracts.identity.operations import DeactivateIdentity
from tests.unit.contracts.world import World, did_of, founding_operations


def register(identifier: str, holder: str = "", **fields: Any) -> RegisterAsset:
    return RegisterAsset(identifier, AssetDescription("dataset", f"Set {identifier}", **fields), holder)


def found(world: World, identifier: str, registrar: str = "exchange") -> AssetRecord:
    record = read_asset(world.overlay, asset_id_of(did_of(registrar), identifier))
    assert record is not None
    return record


def test_fast_path_registers_in_one_operation() -> None:
    """A fast path (policy) lets an exchange register its own catalogue entries in one operation."""
    world = World()
    receipt = world.submit("exchange", register("a"))
    record = found(world, "a")
    assert record.status == "CERTIFIED"
    assert (record.holder, record.registrar) == (did_of("exchange"), did_of("exchange"))
    assert (record.registered_height, record.registered_ms) == (world.height, world.time_ms)
    assert receipt.events[0].name == "asset.registered"
    assert receipt.events[0].attributes["asset_id"] == record.asset_id
    assert receipt.events[0].attributes["certificate"] == record.certificate


def test_serials_count_per_registrar_and_a_failed_transaction_takes_none() -> None:
    world = World([*founding_operations(), GrantRole(did_of("member"), "registrar")])
    world.submit("exchange", register("a"), register("b"))
    assert world.submit("exchange", register("c"), register("a")).code == "asset-exists"
    world.submit("exchange", register("d"))
    world.submit("member", register("a"))
    numbers = [found(world, *place).certificate for place in (("a",), ("b",), ("d",), ("a", "member"))]
    assert [number[:22] for number in numbers] == [
        "0001-20261122-00000001",
        "0001-20261122-00000002",
        "0001-20261122-00000003",
        "0002-20261122-00000001",
    ]
    assert all(is_certificate_number(number) for number in numbers)


def test_same_identifier_twice_is_refused_with_the_existing_id() -> None:
    world = World()
    world.submit("exchange", register("a"))
    receipt = world.submit("exchange", register("a", keywords=("other",)))
    assert receipt.code == "asset-exists"
    assert found(world, "a").asset_id.hex() in receipt.info


def test_holder_may_be_another_active_identity() -> None:
    world = World()
    assert world.submit("exchange", register("a", did_of("stranger"))).code == "ok"
    assert found(world, "a").holder == did_of("stranger")
    world.submit("stranger", DeactivateIdentity())
    assert world.submit("exchange", register("b", did_of("stranger"))).code == "asset-holder-unknown"
    assert world.submit("exchange", register("c", "did:web:example.org")).code == "asset-holder-unknown"


def test_parent_must_be_registered_first() -> None:
    world = World()
    parent = Parent(asset_id_of(did_of("exchange"), "a"), "derived-from")
    assert world.submit("exchange", register("b", parents=(parent,))).code == "asset-parent-unknown"
    assert world.submit("exchange", register("a"), register("b", parents=(parent,))).code == "ok"
