import pytest

from chainnode.state.keys import key
from contracts.kernel.outcome import OperationFailed
from contracts.rights.record import (
    FROZEN,
    LIFECYCLE,
    SourceRecord,
    read_right,
    read_source,
    right_id_of,
    right_key,
    source_key,
)
from tests.unit.contracts.rights.granted import granted, terms, world_with_asset
from tests.unit.contracts.world import World


def test_id_follows_from_all_that_sets_a_right_apart() -> None:
    """The id follows from grantor, asset, parent and salt: nobody else can take it first."""
    base = ("did:web:a", bytes(32), b"", bytes(16))
    others = [("did:web:b", *base[1:]), (base[0], b"a" * 32, *base[2:]), (*base[:2], b"p" * 32, base[3])]
    ids = [right_id_of(*parts) for parts in (base, *others, (*base[:3], b"s" * 16))]
    assert len(set(ids)) == len(ids) == 5
    assert all(len(found) == 32 for found in ids)


def test_keys_are_those_of_the_general_form() -> None:
    assert right_key(b"r" * 32) == key("right", b"r" * 32)
    assert source_key(b"r" * 32) == key("right-source", b"r" * 32)


def test_unknown_right_is_refused_by_name_and_an_unknown_source_is_empty() -> None:
    world = World()
    for right_id in (b"", bytes(32)):
        with pytest.raises(OperationFailed) as found:
            read_right(world.overlay, right_id)
        assert found.value.code == "right-unknown"
    assert read_source(world.overlay, bytes(32)) == SourceRecord()


def test_record_keeps_the_terms_as_granted() -> None:
    world = world_with_asset()
    wanted = terms(purposes=("a", "b"), regions=("CN-440300",), uses_max=9)
    assert read_right(world.overlay, granted(world, "exchange", "member", wanted)).terms == wanted


def test_ended_rights_stay_ended_and_frozen_ones_only_wait_or_end() -> None:
    ended = {"DECLINED", "EXPIRED", "REVOKED", "SURRENDERED"}
    assert {status for status in LIFECYCLE.statuses() if not LIFECYCLE.actions(status)} == ended
    for status in FROZEN:
        assert LIFECYCLE.actions(status) == ("annul", "freeze", "lift", "release")
