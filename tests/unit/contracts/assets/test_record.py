from chainnode.state.keys import key
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of, asset_key, read_asset, serial_key
from tests.unit.contracts.world import World, did_of


def test_id_follows_from_registrar_and_identifier_without_ambiguity() -> None:
    ids = [asset_id_of("a", "bc"), asset_id_of("ab", "c"), asset_id_of("a", "bd"), asset_id_of("b", "bc")]
    assert len(set(ids)) == 4
    assert all(len(found) == 32 for found in ids)
    assert asset_id_of("a", "bc") == ids[0]


def test_record_is_found_under_its_computed_id() -> None:
    world, registrar = World(), did_of("exchange")
    world.submit("exchange", RegisterAsset("a", AssetDescription("dataset", "A")))
    record = read_asset(world.overlay, asset_id_of(registrar, "a"))
    assert record is not None
    assert (record.identifier, record.description.name) == ("a", "A")
    assert read_asset(world.overlay, bytes(32)) is None


def test_keys_of_records_and_counters_do_not_meet() -> None:
    assert asset_key(bytes(range(32))) == key("asset", bytes(range(32)))
    assert serial_key(did_of("exchange")).startswith(b"asset-serial/")
