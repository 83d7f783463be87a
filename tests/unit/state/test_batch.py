"""One batched update of the tree."""

from hashlib import sha256

from chainnode.state.batch import Batch, hashed_changes
from chainnode.state.page import LIST_LEAVES_MAX, NOTHING, VERSION_BYTES, Page, Subtree
from tests.support.naive_tree import naive_root


def applied(base: Subtree, nodes: dict[bytes, Page], version: int, changes: dict[bytes, bytes | None]) -> Subtree:
    """The subtree after a batch whose writes go to ``nodes``."""
    batch = Batch(nodes.__getitem__, version, hashed_changes(list(changes.items())))
    found = batch.apply(base)
    nodes.update(batch.pages)
    for node_key in batch.stale:
        del nodes[node_key]
    return found


def test_changes_come_in_the_trees_order() -> None:
    """Sorted by hashed key; a removal has no leaf."""
    found = hashed_changes([(b"a", b"1"), (b"b", None), (b"c", b"3")])
    assert [key for key, _ in found] == sorted(sha256(key).digest() for key in (b"a", b"b", b"c"))
    by_key = dict(found)
    assert by_key[sha256(b"b").digest()] == b""
    assert by_key[sha256(b"a").digest()] == sha256(b"a").digest() + sha256(b"1").digest()


def test_few_leaves_stay_a_list_and_more_become_pages() -> None:
    """A subtree of up to four leaves is a leaf list, a larger one a page."""
    nodes: dict[bytes, Page] = {}
    found = NOTHING
    content: dict[bytes, bytes] = {}
    for number in range(LIST_LEAVES_MAX + 3):
        content[b"%d" % number] = b"v"
        found = applied(found, nodes, number, {b"%d" % number: b"v"})
        assert found[0] == naive_root(content)
        assert (len(found[1]) == VERSION_BYTES) == (len(content) > LIST_LEAVES_MAX) == bool(nodes)
    for number in range(LIST_LEAVES_MAX + 3):
        del content[b"%d" % number]
        found = applied(found, nodes, 100 + number, {b"%d" % number: None})
        assert found[0] == naive_root(content)
        assert bool(nodes) == (len(content) > LIST_LEAVES_MAX)
    assert found == NOTHING


def test_single_write_and_batch_give_the_same_pages() -> None:
    """The short way of a single write is only shorter."""
    together: dict[bytes, Page] = {}
    content: dict[bytes, bytes | None] = {b"%d" % number: b"v" for number in range(200)}
    whole = applied(NOTHING, together, 0, content)
    one_by_one: dict[bytes, Page] = {}
    found = NOTHING
    for version, (key, value) in enumerate(content.items()):
        found = applied(found, one_by_one, version, {key: value})
    assert found[0] == whole[0]
    assert {k[1 + VERSION_BYTES :] for k in one_by_one} == {k[1 + VERSION_BYTES :] for k in together}


def test_batch_without_effect_keeps_the_subtree() -> None:
    """Unchanged pages are neither written nor stale."""
    nodes: dict[bytes, Page] = {}
    base = applied(NOTHING, nodes, 0, {b"%d" % number: b"v" for number in range(50)})
    batch = Batch(nodes.__getitem__, 1, hashed_changes([(b"3", b"v"), (b"x", None), (b"49", b"v")]))
    assert batch.apply(base) is base
    assert (batch.pages, batch.stale) == ({}, [])
    single = Batch(nodes.__getitem__, 1, hashed_changes([(b"3", b"v")]))
    assert single.apply(base) is base
