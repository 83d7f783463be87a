"""The authenticated state tree: versions, roots, staleness, cache."""

from collections.abc import Mapping

import pytest

from chainnode.errors import Misuse, NotFound, StoreCorrupt
from chainnode.proofs.sparse import EMPTY, verify_absent, verify_present
from chainnode.state.tree import PAGE_MEMORY_BYTES, StateTree, root_key
from tests.support.naive_tree import naive_root

MANY: dict[bytes, bytes | None] = {b"key/%d" % number: b"value %d" % number for number in range(500)}


class Stored:
    """A tree over a dictionary that counts reads."""

    def __init__(self, cache_bytes_max: int = 1 << 20) -> None:
        self.nodes: dict[bytes, bytes] = {}
        self.reads = 0
        self.tree = StateTree(self, cache_bytes_max)

    def get(self, node_key: bytes) -> bytes | None:
        self.reads += 1
        return self.nodes.get(node_key)

    def apply(self, base: int | None, version: int, changes: Mapping[bytes, bytes | None]) -> list[bytes]:
        update = self.tree.update(base, version, changes)
        self.nodes.update(update.writes)
        self.tree.adopt(update)
        return update.stale


def test_empty_tree_has_the_root_of_zeros() -> None:
    """Root of an empty tree: 32 zero bytes; each height has its root record."""
    stored = Stored()
    stored.apply(None, 0, {})
    stored.apply(0, 1, {b"k": None})
    assert stored.tree.root(0) == stored.tree.root(1) == EMPTY
    verify_absent(EMPTY, b"k", stored.tree.prove(1, b"k"))


@pytest.mark.parametrize("count", [1, 2, 4, 5, 16, 17, 500])
def test_root_is_that_of_the_definition(count: int) -> None:
    """Exactly ICS-23's SmtSpec, whatever the size of lists and pages."""
    content = {b"key/%d" % number: b"v" for number in range(count)}
    assert StateTree({}).update(None, 1, content).root == naive_root(content)


def test_every_kept_version_stays_readable() -> None:
    """A page is stored under the version that wrote it and never changed."""
    stored = Stored()
    stored.apply(None, 0, MANY)
    stored.apply(0, 1, {b"key/7": b"new", b"key/8": None})
    stored.apply(1, 5, {b"key/8": b"back"})
    for version, value in ((0, b"value 8"), (5, b"back")):
        verify_present(stored.tree.root(version), b"key/8", value, stored.tree.prove(version, b"key/8"))
    verify_absent(stored.tree.root(1), b"key/8", stored.tree.prove(1, b"key/8"))
    verify_present(stored.tree.root(0), b"key/7", b"value 7", stored.tree.prove(0, b"key/7"))


def test_stale_entries_are_what_later_versions_do_not_read() -> None:
    """To drop versions below v: delete the stale entries of the updates to versions up to v."""
    stored = Stored()
    stored.apply(None, 0, MANY)
    stale = [stored.apply(v, v + 1, {b"key/%d" % (v * 3): b"x%d" % v, b"key/%d" % (v + 300): None}) for v in range(20)]
    before = len(stored.nodes)
    for keys in stale[:15]:
        for node_key in keys:
            del stored.nodes[node_key]
    assert len(stored.nodes) < before
    fresh = StateTree(stored.nodes, 0)
    for version in range(15, 21):
        for number in range(0, 500, 25):
            fresh.prove(version, b"key/%d" % number)
    with pytest.raises(NotFound) as caught:
        fresh.prove(14, b"key/1")
    assert caught.value.code == "state-version"


def test_tree_left_after_deletions_is_the_tree_never_grown() -> None:
    """The stored form, like the root, depends on the content alone: folded pages leave nothing behind."""
    stored = Stored()
    small = {key: MANY[key] for key in list(MANY)[:3]}
    live: set[bytes] = set()
    removals: dict[bytes, bytes | None] = {key: None for key in MANY if key not in small}
    for version, changes in enumerate((MANY, removals)):
        update = stored.tree.update(version - 1 if version else None, version, changes)
        stored.nodes.update(update.writes)
        live = (live | set(update.writes)) - set(update.stale)
    assert live == {root_key(1)}
    assert stored.tree.root(1) == StateTree({}).update(None, 1, small).root


def test_changes_that_change_nothing_write_only_the_root_record() -> None:
    """A write equal to the value below, and removal of what is absent."""
    stored = Stored()
    stored.apply(None, 0, MANY)
    update = stored.tree.update(0, 1, {b"key/1": b"value 1", b"none": None, b"none/2": None})
    assert set(update.writes) == {root_key(1)}
    assert update.stale == [root_key(0)]
    assert update.root == stored.tree.root(0)


def test_discarded_update_leaves_no_trace() -> None:
    """Two candidates for one height: the second must not see pages of the first."""
    stored = Stored()
    stored.apply(None, 0, MANY)
    stored.tree.update(0, 1, {b"key/%d" % number: b"first" for number in range(0, 500, 2)})
    second: dict[bytes, bytes | None] = {b"key/%d" % number: b"second" for number in range(1, 500, 2)}
    stored.apply(0, 1, second)
    third = stored.tree.update(1, 2, {b"key/0": b"third"})
    assert third.root == naive_root({k: v for k, v in (MANY | second | {b"key/0": b"third"}).items() if v is not None})


def test_adopted_pages_are_not_read_again() -> None:
    """One update per block: what the last block wrote is at hand, only the root record is read."""
    stored = Stored()
    stored.apply(None, 0, MANY)
    stored.reads = 0
    stored.apply(0, 1, {b"key/%d" % number: b"x" for number in range(50)})
    assert stored.reads == 1
    stored.tree = StateTree(stored, 1 << 20)
    stored.reads = 0
    stored.apply(1, 2, {b"key/%d" % number: b"y" for number in range(50)})
    assert stored.reads > 1


def test_cache_keeps_within_its_bytes_and_changes_no_result() -> None:
    """Every cache has a bound; with none at all the tree is only slower."""
    for bound in (0, 5_000):
        stored = Stored(bound)
        stored.apply(None, 0, MANY)
        stored.apply(0, 1, {b"key/1": b"x"})
        assert len(stored.tree._cache) * PAGE_MEMORY_BYTES <= bound
        assert stored.tree.root(1) == naive_root({k: v for k, v in (MANY | {b"key/1": b"x"}).items() if v is not None})


def test_version_must_follow_its_base() -> None:
    """Node keys hold the version: writing an old one again would change history."""
    stored = Stored()
    stored.apply(None, 3, MANY)
    for base, version in ((3, 3), (3, 2), (None, -1)):
        with pytest.raises(Misuse):
            stored.tree.update(base, version, {})
    with pytest.raises(NotFound):
        stored.tree.update(2, 4, {})


def test_missing_or_damaged_entries_are_reported_and_never_proved_from() -> None:
    """StoreCorrupt: recover from peers, never truncate."""
    stored = Stored()
    stored.apply(None, 0, MANY)
    pages = sorted(node_key for node_key in stored.nodes if node_key.startswith(b"p"))
    target = b"key/1"
    for damaged in (b"", stored.nodes[pages[0]][:-1], None):
        nodes = dict(stored.nodes)
        for page in pages:
            if damaged is None:
                del nodes[page]
            else:
                nodes[page] = damaged
        for attempt in (lambda t: t.prove(0, target), lambda t: t.update(0, 1, {target: b"x"})):
            with pytest.raises(StoreCorrupt):
                attempt(StateTree(nodes))
    nodes = {k: v.replace(v[20:40], bytes(20)) if k.startswith(b"p") else v for k, v in stored.nodes.items()}
    with pytest.raises(StoreCorrupt):
        for number in range(500):
            StateTree(nodes).prove(0, b"key/%d" % number)
    with pytest.raises(StoreCorrupt):
        StateTree({root_key(0): bytes(33)}).root(0)
