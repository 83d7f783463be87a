from chainnode.state.overlay import Overlay
from contracts.identity.operations import DeactivateIdentity, UpdateIdentity
from contracts.identity.record import (
    identity_key,
    identity_version_key,
    next_key_hash,
    read_active,
    read_identity,
    read_identity_at,
    read_identity_version,
)
from tests.unit.contracts.world import TIME_MS, World, did_of, key_of


def test_earlier_versions_stay_readable() -> None:
    """identity/<did>/<version>: each earlier one, written when it is replaced."""
    world, did = World(), did_of("member")
    world.submit("member", UpdateIdentity(also_known_as=("https://a.example/",)))
    world.submit("member", UpdateIdentity(also_known_as=("https://b.example/",)))
    aliases = [read_identity_version(world.overlay, did, version) for version in (1, 2, 3)]
    assert [found.also_known_as if found else None for found in aliases] == [
        (),
        ("https://a.example/",),
        ("https://b.example/",),
    ]
    for missing in (-1, 0, 4):
        assert read_identity_version(world.overlay, did, missing) is None


def test_document_of_one_version_costs_one_key() -> None:
    world, did = World(), did_of("member")
    assert world.overlay.get(identity_key(did)) is not None
    assert world.overlay.get(identity_version_key(did, 1)) is None


def test_name_that_cannot_exist_is_absent() -> None:
    """Names come from strangers; none of them may break a key."""
    overlay = Overlay(lambda _key: None)
    for did in ("", "did:web:x", "x" * 600, "\ud800", "did:cnode:c:" + "A" * 32):
        assert read_identity(overlay, did) is None
        assert read_identity_version(overlay, did, 1) is None


def test_announced_hash_is_not_the_key_itself() -> None:
    public = key_of("a").public_key
    assert next_key_hash(public) != public
    assert len(next_key_hash(public)) == 32


def test_version_of_a_moment_is_the_last_one_written_up_to_it() -> None:
    """A version holds from the very millisecond of its block; of several in one block the last one does."""
    world, did = World(), did_of("member")
    times = []
    for number in range(20):
        world.time_ms += 10
        times.append(world.time_ms)
        world.submit("member", UpdateIdentity(also_known_as=(f"https://{number}.example/",)))
        world.submit("member", UpdateIdentity())
    assert read_identity_at(world.overlay, did, TIME_MS - 1) is None
    first = read_identity_at(world.overlay, did, TIME_MS)
    assert first is not None
    assert first.version == 1
    for number, time_ms in enumerate(times):
        for at, version in ((time_ms - 1, 2 * number + 1), (time_ms, 2 * number + 3)):
            found = read_identity_at(world.overlay, did, at)
            assert found is not None
            assert found.version == version
    assert read_identity_at(world.overlay, did_of("nobody"), TIME_MS) is None


def test_deactivated_identity_is_not_active() -> None:
    world, did = World(), did_of("member")
    assert read_active(world.overlay, did) == read_identity(world.overlay, did)
    world.submit("member", DeactivateIdentity())
    assert read_active(world.overlay, did) is None
    assert read_active(world.overlay, did_of("nobody")) is None
