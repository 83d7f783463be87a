"""The state tree by parts: the same roots and the same pages as the tree made in one go."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chainnode.state.bulk import TreeBuilder, joined, leaf_of, part_root
from chainnode.state.tree import StateTree
from tests.support.naive_tree import naive_root

PAIRS = st.dictionaries(st.binary(min_size=1, max_size=6), st.binary(min_size=1, max_size=6), max_size=60)


def _parts(pairs: dict[bytes, bytes], bits: int) -> list[list[tuple[bytes, bytes]]]:
    """The pairs by the first ``bits`` bits of their hashed keys, each part in order of the hashed keys."""
    ordered = sorted(pairs.items(), key=lambda pair: leaf_of(*pair))
    parts: list[list[tuple[bytes, bytes]]] = [[] for _ in range(1 << bits)]
    for pair in ordered:
        parts[int.from_bytes(leaf_of(*pair)[:32], "big") >> (256 - bits)].append(pair)
    return parts


@settings(max_examples=60, deadline=None)
@given(pairs=PAIRS, bits=st.integers(0, 5))
def test_roots_of_all_parts_lead_to_the_state_root(pairs: dict[bytes, bytes], bits: int) -> None:
    """A part's root depends on its leaves alone; one leaf rises, nothing stays empty."""
    level = [(part_root([leaf_of(*pair) for pair in part], bits), len(part)) for part in _parts(pairs, bits)]
    while len(level) > 1:
        level = [joined(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    assert level[0] == (naive_root(pairs), len(pairs))


@settings(max_examples=60, deadline=None)
@given(pairs=PAIRS, bits=st.integers(0, 4))
def test_tree_made_of_parts_is_the_tree_made_at_once(pairs: dict[bytes, bytes], bits: int) -> None:
    """What it writes is what one update with all pairs at once would write."""
    stored: dict[bytes, bytes] = {}
    builder = TreeBuilder(7, stored.get)
    for part in _parts(pairs, bits):
        stored.update(builder.add(part))
    key, record = builder.root_record()
    stored[key] = record
    at_once = StateTree({}).update(None, 7, pairs)
    assert builder.root == at_once.root
    assert stored == at_once.writes
