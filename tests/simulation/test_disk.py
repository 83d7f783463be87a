"""The simulated disk forgets what real ones forget, and keeps what they keep."""

import os
from pathlib import Path
from random import Random
from typing import cast

import pytest

from chainnode.errors import StoreError
from chainnode.store.key_value import WriteBatch
from chainnode.store.sign_state import SignStateFile
from tests.simulation.whole.disk import LEDGER, Disk, Session
from tests.simulation.whole.disk import SimulatedKeyValue as KeyValue
from tests.simulation.whole.filesystem import FakeOs, FakePath
from tests.simulation.whole.loop import Deadlock, VirtualLoop
from tests.simulation.whole.node import installed


def machine(pairs=None):
    disk = Disk(pairs or {})
    return disk, Session(disk, lambda: None), FakeOs()


def written(session, system, name="data/file", data=b"abcdef"):
    path = FakePath(session, name)
    descriptor = system.open(path, os.O_RDWR | os.O_CREAT)
    system.write(descriptor, data)
    return path, descriptor


def batch_of(**pairs):
    batch = WriteBatch()
    for key, value in pairs.items():
        batch.put(key.encode(), value)
    return batch


def test_unsynced_write_may_be_lost_torn_or_kept():
    """All three happen, and what is kept of it is its beginning."""
    found = set()
    for seed in range(60):
        disk, session, system = machine()
        path, _ = written(session, system)
        system.fsync(system.open(path.parent, os.O_DIRECTORY))
        disk.crash(Random(seed))
        found.add(path.read_bytes())
        assert b"abcdef".startswith(path.read_bytes())
    assert {b"", b"abcdef"} < found


def test_synced_write_survives():
    """What fdatasync confirmed is there, under a name that was synced."""
    disk, session, system = machine()
    path, descriptor = written(session, system)
    system.fdatasync(descriptor)
    system.fsync(system.open(path.parent, os.O_DIRECTORY))

    disk.crash(Random(1))

    assert path.read_bytes() == b"abcdef"


def test_name_that_was_not_synced_may_be_lost():
    """A synced file in an unsynced directory."""
    outcomes = set()
    for seed in range(20):
        disk, session, system = machine()
        _, descriptor = written(session, system)
        system.fdatasync(descriptor)
        disk.crash(Random(seed))
        outcomes.add("data/file" in disk.names)
    assert outcomes == {True, False}


def test_full_disk_takes_a_part_and_then_refuses():
    """ENOSPC comes after a short write."""
    disk, session, system = machine()
    _, descriptor = written(session, system, data=b"")
    disk.bytes_left = 4

    assert system.write(descriptor, b"abcdef") == 4
    with pytest.raises(OSError, match="No space"):
        system.write(descriptor, b"ef")


def test_database_keeps_synced_batches_whole_and_loses_a_tail_of_others():
    """Batches are atomic, and survive in order."""
    for seed in range(20):
        disk, session, _ = machine()
        store = KeyValue(session, disk.names[LEDGER])
        store.write(batch_of(a=b"1"), sync=True)
        store.write(batch_of(b=b"2"), sync=False)
        store.write(batch_of(c=b"3"), sync=False)
        disk.crash(Random(seed))
        assert disk.pairs.keys() in ({b"a"}, {b"a", b"b"}, {b"a", b"b", b"c"})


def test_database_refuses_after_a_failed_sync():
    """As the contract of engines says: what the disk kept is unknown."""
    disk, session, _ = machine()
    store = KeyValue(session, disk.names[LEDGER])
    disk.failing_syncs = 1

    for _ in range(2):
        with pytest.raises(StoreError):
            store.write(batch_of(a=b"1"), sync=True)


def test_sign_state_written_in_part_is_not_taken_for_written():
    """Found by seed 13 of profile "disk": a nearly full disk took half a slot, and the vote was sent all the same."""
    disk, session, _ = machine()
    with installed():
        cell = SignStateFile.create(cast(Path, FakePath(session, "data/sign-state")))
        disk.bytes_left = 100

        with pytest.raises(StoreError) as refusal:
            cell.record((0, 1, 0, 2), bytes(32), bytes(64))

    assert refusal.value.code == "disk-full"


def test_time_jumps_to_the_next_timer():
    """Nothing sleeps; an hour takes no time."""
    loop = VirtualLoop()
    fired = []
    loop.after_ms(3_600_000, lambda: fired.append(loop.now_ms))

    loop.run_for(3_600_000)

    assert fired == [3_600_000]
    loop.close()


def test_loop_without_anything_to_do_is_a_deadlock():
    """A simulation that cannot go on says so instead of hanging."""
    loop = VirtualLoop()

    with pytest.raises(Deadlock):
        loop.run_until_complete(loop.create_future())
    loop.close()
