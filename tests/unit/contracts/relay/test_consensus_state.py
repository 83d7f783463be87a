"""What a client keeps of headers and lists."""

from hashlib import sha256

import pytest

from chainnode.state.overlay import Overlay
from contracts.kernel.outcome import OperationFailed
from contracts.relay.consensus_state import (
    attested_state,
    kept_list,
    kept_state,
    neighbours,
    read_consensus,
    with_list,
    with_state,
    without_states,
)
from contracts.relay.record import HEIGHTS_MAX, LISTS_MAX, ClientRecord
from tests.unit.contracts.relay.connected import CLIENT_ID, chain, client

FRESH = client(heights=(), lists=(), latest_height=0, latest_ms=0)


def keeping(*heights: int) -> tuple[ClientRecord, Overlay]:
    state, found = chain(), FRESH
    for height in heights:
        found = with_state(found, attested_state(height, 1_000 * height), state)
    return found, state


def test_states_are_kept_in_order_and_the_newest_leads() -> None:
    """consensus_state: heights ascend whatever came first."""
    found, state = keeping(5, 9, 7)
    assert (found.heights, found.latest_height, found.latest_ms) == ((5, 7, 9), 9, 9_000)
    assert kept_state(found, 7, state).time_ms == 7_000
    with pytest.raises(OperationFailed) as refusal:
        kept_state(found, 6, state)
    assert refusal.value.code == "relay-height-unknown"


def test_neighbours_are_the_next_on_both_sides() -> None:
    """consensus_state: what a new state could contradict."""
    found, state = keeping(5, 7, 9)
    around = {height: [kept.height for kept in neighbours(found, height, state)] for height in (4, 5, 6, 7, 10)}
    assert around == {4: [5, 7], 5: [5, 7], 6: [5, 7, 9], 7: [5, 7, 9], 10: [9]}


def test_lowest_state_makes_room_and_is_never_the_new_one() -> None:
    """consensus_state: ``relay-update-stale``."""
    found, state = keeping(*range(10, 10 + HEIGHTS_MAX))
    with pytest.raises(OperationFailed) as refusal:
        with_state(found, attested_state(9, 9_000), state)
    assert refusal.value.code == "relay-update-stale"
    after = with_state(found, attested_state(100, 100_000), state)
    assert after.heights[0] == 11
    assert read_consensus(state, CLIENT_ID, 10) is None


def test_lists_unused_for_longest_make_room() -> None:
    """consensus_state: each list is kept once."""
    state, found = chain(), FRESH
    hashes = [sha256(bytes([number])).digest() for number in range(LISTS_MAX + 1)]
    for hash_ in hashes[:LISTS_MAX]:
        found = with_list(found, hash_, b"list", state)
    found = with_list(found, hashes[0], b"ignored", state)
    found = with_list(found, hashes[-1], b"last", state)
    assert kept_list(found, hashes[1], state) == b""
    assert (kept_list(found, hashes[0], state), kept_list(found, hashes[-1], state)) == (b"list", b"last")


def test_forgetting_leaves_nothing_that_vouches() -> None:
    """consensus_state: 'forget every header and list'."""
    found, state = keeping(5, 7)
    found = without_states(with_list(found, bytes(32), b"list", state), state)
    assert (found.heights, found.lists, found.latest_height) == ((), (), 0)
    assert {key: value for key, value in state.changes().items() if b"relay-consensus" in key and value} == {}
    begun = with_state(found, attested_state(0, 77), state)
    assert (begun.latest_height, begun.latest_ms) == (0, 77)
