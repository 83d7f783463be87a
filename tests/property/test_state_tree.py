"""The state tree against its definition, for any history of changes."""

from hypothesis import given
from hypothesis import strategies as st

from chainnode.proofs.sparse import verify_absent, verify_present
from chainnode.state.tree import StateTree
from tests.support.grouped_tree import GroupedTree
from tests.support.naive_tree import naive_root

# Few distinct keys make overwriting and deleting common; up to 60 make pages grow and fold.
keys = st.integers(0, 60).map(lambda number: b"key/%d" % number)
values = st.none() | st.sampled_from([b"a", b"b", b"c"])
changes = st.dictionaries(keys, values, max_size=40)
Change = dict[bytes, bytes | None]


def after(content: dict[bytes, bytes], change: Change) -> dict[bytes, bytes]:
    merged = {**content, **change}
    return {key: value for key, value in merged.items() if value is not None}


@given(st.lists(st.tuples(changes, st.booleans()), max_size=8), st.sampled_from([0, 3_000, 1 << 20]))
def test_tree_agrees_with_its_definition_at_every_version(steps: list[tuple[Change, bool]], cache_bytes: int) -> None:
    """Insert, overwrite, delete with collapse; with any cache, adopted or not; every version provable."""
    nodes: dict[bytes, bytes] = {}
    tree = StateTree(nodes, cache_bytes)
    contents: list[dict[bytes, bytes]] = []
    live: set[bytes] = set()
    for version, (change, adopt) in enumerate(steps):
        update = tree.update(version - 1 if version else None, version, change)
        contents.append(after(contents[-1] if contents else {}, change))
        assert update.root == naive_root(contents[-1])
        assert live >= set(update.stale)
        assert not live & set(update.writes)
        live = (live | set(update.writes)) - set(update.stale)
        nodes.update(update.writes)
        if adopt:
            tree.adopt(update)
    for version, content in enumerate(contents):
        for number in range(0, 64, 7):
            key = b"key/%d" % number
            proof = tree.prove(version, key)
            if key in content:
                verify_present(tree.root(version), key, content[key], proof)
            else:
                verify_absent(tree.root(version), key, proof)
    if contents:
        # What is live is exactly what a tree made in one step would store.
        whole = StateTree({}).update(None, 0, contents[-1])
        assert {k[9:] for k in live if k.startswith(b"p")} == {k[9:] for k in whole.writes if k.startswith(b"p")}


@given(st.lists(st.tuples(keys, values), max_size=60), st.randoms(use_true_random=False))
def test_root_does_not_depend_on_order_or_batching(writes: list[tuple[bytes, bytes | None]], random: object) -> None:
    """Root for the same content must not depend on history or order."""
    final: Change = dict(writes)
    nodes: dict[bytes, bytes] = {}
    tree = StateTree(nodes)
    nodes.update(tree.update(None, 0, {}).writes)
    for version, (key, value) in enumerate(writes, 1):
        nodes.update(tree.update(version - 1, version, {key: value}).writes)
    shuffled = list(final.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert tree.root(len(writes)) == StateTree({}).update(None, 0, dict(shuffled)).root


@given(st.lists(st.tuples(changes, st.booleans()), min_size=1, max_size=14), st.integers(1, 5))
def test_versions_stored_in_groups_are_those_stored_one_by_one(history: list[tuple[Change, bool]], most: int) -> None:
    """Whatever the groups, and wherever the node was started again in between."""
    stored = GroupedTree(most, {})
    for change, restarts in history:
        stored.apply(change)
        if restarts:
            stored.tree = stored.opened()
    for version, content in enumerate(stored.contents):
        assert stored.tree.root(version) == naive_root(content)
        stored.check(version)
    stored.prune(len(history) // 2)
    for version in range(len(history) // 2, len(history) + 1):
        stored.check(version)
