"""The state tree stored in groups of versions."""

import pytest

from chainnode.errors import NotFound, StoreCorrupt
from chainnode.state import deferred
from chainnode.state.deferred import DeferredTree
from chainnode.state.tree import root_key
from tests.support.grouped_tree import GroupedTree

MANY: dict[bytes, bytes | None] = {b"key/%d" % number: b"value %d" % number for number in range(500)}


def grown(heights_max: int, versions: int) -> GroupedTree:
    stored = GroupedTree(heights_max, MANY)
    for number in range(versions):
        written: dict[bytes, bytes | None] = {b"key/%d" % (number * 7): b"x%d" % number, b"new": b"%d" % number}
        stored.apply({**written, b"key/%d" % (number + 300): None})
    return stored


def test_group_is_stored_by_its_last_version_and_all_by_their_changes() -> None:
    """A group has at most so many versions; what a later one replaced is never stored."""
    stored = grown(4, 12)
    assert sorted(stored.stale) == [4, 8]
    assert sorted(stored.kept) == list(range(1, 13))
    written = {key for key in stored.nodes if key.startswith(b"p") and key[1:9] > bytes(8)}
    tops = [key for key in written if key[9] == 0]
    assert sorted(int.from_bytes(key[1:9], "big") for key in tops) == [4, 8], "the topmost page changes with each block"
    one_by_one = grown(1, 10)
    assert len(stored.nodes) < len(one_by_one.nodes)
    assert stored.tree.root(10) == one_by_one.tree.root(10)


def test_group_is_stored_in_pieces_with_the_blocks_after_it() -> None:
    """No block writes a whole group, the half of the next one is enough, and the last piece makes it count."""
    stored = grown(8, 24)
    assert stored.pieces[:8] == [0] * 8
    first = stored.pieces[8:16]
    assert all(0 < count <= 1 + (sum(first) + 3) // 4 for count in first[:4])
    assert first[4:] == [0] * 4
    assert stored.version_at(24) == 16
    stored = grown(8, 11)
    assert stored.version_at(11) == 0, "some pages of version 8 are there, its root is not"
    assert any(key[1:9] == (8).to_bytes(8, "big") for key in stored.nodes)


def test_start_in_the_midst_of_a_group_on_its_way_goes_on_where_it_was() -> None:
    """A crash between two pieces: the stored version before it is the one to start from, and nothing is lost."""
    straight = grown(8, 0)
    for number in range(34):
        changes: dict[bytes, bytes | None] = {b"key/%d" % (number * 11): b"y", b"key/%d" % (number + 50): None}
        straight.apply(changes)
        for tree in (straight.tree, straight.opened()):
            held, straight.tree = straight.tree, tree
            for version in range(max(0, straight.tip - 16), straight.tip + 1):
                straight.check(version)
            straight.tree = held
        following = straight.tree.update(straight.tip, straight.tip + 1, {b"key/3": b"%d" % number})
        assert straight.opened().to_store(following) == straight.tree.to_store(following)


def test_group_ends_only_when_the_one_before_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block larger than a group follows one that ended: what is left goes with it, so two never wait."""
    monkeypatch.setattr(deferred, "GROUP_PAGES_MAX", 20)
    stored = GroupedTree(1_000, MANY)
    found = []
    for number, size in enumerate((1, 300, 1, 200, 250, 1)):
        stored.apply({b"key/%d" % key: b"z%d" % number for key in range(size)})
        found.append(stored.version_at(stored.tip))
        stored.tree = stored.opened()
    assert found == [0, 0, 0, 2, 4, 4]
    for version in range(stored.tip + 1):
        stored.check(version)


def test_every_version_can_be_read_also_after_a_start() -> None:
    """From memory, from the store, or made again from the stored version below it."""
    stored = grown(4, 14)
    for version in (*range(15), *range(14, -1, -1)):
        stored.check(version)
    stored.tree = stored.opened()
    for version in (14, 3, 2, 13, 9, 11, 12, 7, 0):
        stored.check(version)
    stored.apply({b"key/1": b"after the start"})
    stored.check(15)
    stored.check(5)


def test_what_is_stored_does_not_depend_on_when_the_node_was_started() -> None:
    """Groups end by height and pages, which follow from the blocks alone."""
    straight, stopping = grown(3, 0), grown(3, 0)
    for number in range(11):
        changes = {b"key/%d" % (number * 3): b"x", b"key/%d" % (number + 100): None}
        straight.apply(changes)
        stopping.apply(changes)
        stopping.tree = stopping.opened()
        assert (straight.nodes, straight.kept, straight.stale) == (stopping.nodes, stopping.kept, stopping.stale)


def test_group_ends_when_it_has_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory has a bound whatever the size of blocks."""
    monkeypatch.setattr(deferred, "GROUP_PAGES_MAX", 10)
    stored = GroupedTree(1_000, MANY)
    sizes = []
    for number in range(12):
        stored.apply({b"key/%d" % (number * 7): b"y"})
        sizes.append(len(stored.tree._group.pages))
    assert max(sizes) < 10
    assert len(stored.stale) == sizes.count(0) > 1
    stored.check(12)


def test_pruned_versions_are_gone_and_kept_ones_stay() -> None:
    """To drop versions below v: delete the stale entries of stored versions up to v, and the changes up to those."""
    stored = grown(4, 18)
    for running in (True, False):
        stored.prune(10)
        for version in range(10, 19):
            stored.check(version)
        for version in range(10):
            if running or version < 8:
                with pytest.raises(NotFound) as caught:
                    stored.tree.root(version)
                assert caught.value.code == "state-version"
        stored.tree = stored.opened()
    with pytest.raises(NotFound):
        stored.tree.root(19)
    live = {key for key in stored.nodes if key.startswith(b"r")}
    assert live == {root_key(version) for version in (8, 12, 16)}


def test_discarded_update_leaves_no_trace() -> None:
    """Two candidates for one height: the second must not see pages of the first, also where they end a group."""
    for versions in (1, 3, 5):
        stored = grown(4, versions)
        before = stored.opened()
        first: dict[bytes, bytes | None] = {b"key/%d" % number: b"first" for number in range(0, 500, 2)}
        stored.tree.to_store(stored.tree.update(versions, versions + 1, first))
        other = stored.tree.update(versions, versions + 1, {b"key/1": b"second"})
        assert stored.tree.to_store(other) == before.to_store(other)
        stored.apply({b"key/1": b"second"})
        stored.check(versions + 1)
        stored.apply({b"key/2": b"third"})
        stored.check(versions + 2)


def test_missing_or_damaged_changes_are_reported() -> None:
    """StoreCorrupt at the start: a state is never guessed."""
    stored = grown(4, 7)
    whole = dict(stored.kept)
    for version, damaged in ((6, None), (6, whole[6][:-1]), (7, None)):
        stored.kept = {one: data for one, data in whole.items() if one != version}
        if damaged is not None:
            stored.kept[version] = damaged
        with pytest.raises(StoreCorrupt):
            stored.opened()
    stored.kept = whole
    stored.nodes = {key: value for key, value in stored.nodes.items() if key.startswith(b"p")}
    with pytest.raises(StoreCorrupt):
        stored.opened()


def test_group_that_is_longer_than_a_new_setting_allows_loses_no_page() -> None:
    """A node is restarted with fewer heights to a group: a version that was not stored must not count as if it were."""
    stored = grown(16, 11)
    stored.heights_max = 3
    stored.tree = DeferredTree(stored, 0, tip=stored.tip, heights_max=3)
    for number in range(7):
        stored.apply({b"key/%d" % (number * 5): b"z"})
    for tree in (stored.tree, DeferredTree(stored, 0, tip=stored.tip, heights_max=3)):
        stored.tree = tree
        for version in range(stored.tip + 1):
            stored.check(version)


def test_group_of_blocks_that_change_nothing_ends_too() -> None:
    """Whoever keeps proofs of millions of heights does not make millions of versions again at a start."""
    stored = GroupedTree(10_000_000, MANY)
    for _ in range(deferred.GROUP_HEIGHTS_MAX + 1):
        stored.apply({})
    assert list(stored.stale) == [deferred.GROUP_HEIGHTS_MAX]
