"""The append-only tree over block hashes."""

import pytest

from chainnode.errors import DecodeError, Misuse
from chainnode.proofs.history import HistoryFrontier, decode_frontier, history_path
from chainnode.proofs.merkle import EMPTY_ROOT, inclusion_path, leaf_hash, root, verify_inclusion

LEAVES = [leaf_hash(b"block %d" % number) for number in range(70)]


def grown(size: int) -> tuple[HistoryFrontier, dict[tuple[int, int], bytes]]:
    frontier, nodes = HistoryFrontier(), {}
    for leaf in LEAVES[:size]:
        frontier, completed = frontier.append(leaf)
        for level, index, found in completed:
            assert (level, index) not in nodes, "a node is written once"
            nodes[level, index] = found
    return frontier, nodes


def test_frontier_has_the_root_of_the_whole_list_at_every_size() -> None:
    """RFC 6962 root over all leaves so far."""
    frontier = HistoryFrontier()
    assert frontier.root() == EMPTY_ROOT
    for size, leaf in enumerate(LEAVES, 1):
        frontier, _ = frontier.append(leaf)
        assert (frontier.size, frontier.root()) == (size, root(LEAVES[:size]))
        assert len(frontier.peaks) == size.bit_count()


def test_append_names_each_completed_subtree_once() -> None:
    """A node (level, index) is the root over its leaves; two for each leaf on average."""
    _, nodes = grown(70)
    assert len(nodes) < 2 * 70
    for (level, index), found in nodes.items():
        assert found == root(LEAVES[index << level : (index + 1) << level])


def test_append_leaves_the_old_frontier_as_it_was() -> None:
    """A discarded block leaves no trace."""
    before, _ = grown(5)
    before.append(LEAVES[6])
    assert before == grown(5)[0]


def test_path_is_the_inclusion_path_against_every_later_root() -> None:
    """Any old block is provable from any later header in log n."""
    _, nodes = grown(70)
    for size in (1, 2, 3, 7, 8, 9, 33, 64, 69, 70):
        for index in range(size):
            path = history_path(index, size, lambda level, at: nodes[level, at])
            assert path == inclusion_path(LEAVES[:size], index)
            verify_inclusion(LEAVES[index], index, size, path, root(LEAVES[:size]))


def test_path_asks_only_for_nodes_complete_within_its_size() -> None:
    """What a later block completed is not needed: pruned or speculative nodes are not read."""
    _, nodes = grown(21)
    for index in range(21):
        history_path(index, 21, lambda level, at: nodes[level, at])


def test_path_of_a_missing_leaf_is_our_own_mistake() -> None:
    """Misuse: a caller broke the contract."""
    with pytest.raises(Misuse):
        history_path(3, 3, lambda level, at: b"")


def test_frontier_survives_its_encoding() -> None:
    """Size (8 bytes, big-endian), peaks; one form for each value."""
    for size in (0, 1, 6, 70):
        frontier, _ = grown(size)
        data = frontier.encode()
        assert data[:8] == size.to_bytes(8, "big")
        assert decode_frontier(data) == frontier


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(8) + bytes(32), (3).to_bytes(8, "big") + bytes(32)])
def test_frontier_of_other_length_is_refused(data: bytes) -> None:
    """The number of peaks is that of the size's set bits."""
    with pytest.raises(DecodeError):
        decode_frontier(data)
