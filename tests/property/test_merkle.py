"""Trees over lists, for any list."""

from hypothesis import given
from hypothesis import strategies as st

from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.history import HistoryFrontier, decode_frontier, history_path
from chainnode.proofs.merkle import inclusion_path, leaf_hash, root, root_from_path, verify_inclusion

leaf_lists = st.lists(st.binary(max_size=8).map(leaf_hash), min_size=1, max_size=80)


@given(leaf_lists, st.data())
def test_path_of_any_leaf_leads_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    """Completeness of RFC 6962 inclusion."""
    index = data.draw(st.integers(0, len(leaves) - 1))
    verify_inclusion(leaves[index], index, len(leaves), inclusion_path(leaves, index), root(leaves))


@given(leaf_lists, st.data())
def test_changed_proof_never_leads_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    """Soundness: a changed leaf, index or path is refused."""
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = inclusion_path(leaves, index)
    parts = [leaves[index], *path]
    at = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    parts[at] = (int.from_bytes(parts[at], "big") ^ 1 << bit).to_bytes(32, "big")
    assert root_from_path(parts[0], index, len(leaves), parts[1:]) != root(leaves)
    other = data.draw(st.integers(0, len(leaves) - 1))
    if leaves[other] != leaves[index]:
        try:
            found = root_from_path(leaves[index], other, len(leaves), path)
        except ProofInvalid:
            return
        assert found != root(leaves)


sizes = st.integers(-2, 2**70)
hashes = st.binary(max_size=40) | st.binary(min_size=32, max_size=32)


@given(hashes, sizes, sizes, st.lists(hashes, max_size=70))
def test_any_input_gives_a_root_or_a_coded_refusal(leaf: bytes, index: int, size: int, path: list[bytes]) -> None:
    """The bytes come from strangers: nothing but ProofInvalid leaves the check, and it ends."""
    try:
        found = root_from_path(leaf, index, size, path)
    except ProofInvalid as error:
        assert error.code in {"leaf-index", "hash-length", "path-length"}
    else:
        assert len(found) == 32


@given(leaf_lists, st.data())
def test_history_is_the_tree_over_the_whole_list(leaves: list[bytes], data: st.DataObject) -> None:
    """Append-only, at every size; the frontier survives being stored between any two appends."""
    frontier, nodes = HistoryFrontier(), {}
    for leaf in leaves:
        frontier, completed = decode_frontier(frontier.encode()).append(leaf)
        nodes.update({(level, index): found for level, index, found in completed})
    assert frontier.root() == root(leaves)
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    path = history_path(index, size, lambda level, at: nodes[level, at])
    assert path == inclusion_path(leaves[:size], index)
