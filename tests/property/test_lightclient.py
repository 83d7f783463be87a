"""Nothing that a relayer carries has a bit that does not count, and no way through a chain leads elsewhere."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.lightclient.attestation import verify_packet_attestation, verify_state_attestation
from chainnode.lightclient.client_state import Untrusted, decode_untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.membership import verify_membership, verify_non_membership
from chainnode.lightclient.misbehaviour import check_misbehaviour
from chainnode.lightclient.verification import begin, verify, verify_past
from tests.support.light_chain import NOW_MS, LightChain, turning_chain
from tests.unit.lightclient.test_attestation import OPTIONS, PACKETS, STATE, attested
from tests.unit.lightclient.test_misbehaviour import rival, shown

CHAIN = turning_chain(changes=6)
HEIGHTS = len(CHAIN.headers)


def flips(data: bytes) -> Iterator[bytes]:
    """``data`` with each single bit changed."""
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


@pytest.mark.parametrize(("trusted", "height"), [(1, 2), (3, 4), (2, 6)])
def test_every_bit_of_an_update_counts(trusted: int, height: int) -> None:
    """Same set, adjacent set, skipping: header, certificate, both lists and the path."""
    state, update = CHAIN.trusted(trusted), CHAIN.update(trusted, height)
    assert verify(state, update, CHAIN.options, NOW_MS).height == height
    for data in flips(encode(update)):
        with pytest.raises((LightClientError, DecodeError)):
            verify(state, decode_untrusted(data), CHAIN.options, NOW_MS)


def test_every_bit_of_an_older_header_and_of_its_path_counts() -> None:
    """Also at the beginning of a client."""
    trusted, header, path = CHAIN.trusted(9), CHAIN.headers[4], CHAIN.path(9, 4)
    for changed in flips(header):
        with pytest.raises(LightClientError):
            verify_past(trusted, changed, path, CHAIN.options, NOW_MS)
    for changed in flips(b"".join(path)):
        hashes = tuple(changed[at : at + 32] for at in range(0, len(changed), 32))
        with pytest.raises(LightClientError):
            verify_past(trusted, header, hashes, CHAIN.options, NOW_MS)


def test_every_bit_of_a_misbehaviour_counts() -> None:
    """A client is not frozen by a neighbour of what would freeze it."""
    first, second = shown(CHAIN.update(0, 2)), rival(CHAIN, 0, 2, prev_state_root=bytes(32))
    check_misbehaviour(CHAIN.trusted(0), first, second, CHAIN.options, NOW_MS)
    for data in flips(encode(second)):
        with pytest.raises((LightClientError, DecodeError)):
            check_misbehaviour(CHAIN.trusted(0), first, decode_untrusted(data), CHAIN.options, NOW_MS)


def test_every_bit_of_a_state_proof_key_and_value_counts() -> None:
    """Presence and absence."""
    state, tree = CHAIN.trusted(9), CHAIN.tree
    key, value, absent = next(iter(CHAIN.state)), b"value", b"relay/none"
    present, absence = encode(tree.prove(8, key)), encode(tree.prove(8, absent))
    verify_membership(state, key, value, present)
    verify_non_membership(state, absent, absence)
    for data in flips(present):
        with pytest.raises(LightClientError):
            verify_membership(state, key, value, data)
    for data in flips(absence):
        with pytest.raises(LightClientError):
            verify_non_membership(state, absent, data)
    for data in flips(key):
        with pytest.raises(LightClientError):
            verify_membership(state, data, value, present)
    for data in flips(value):
        with pytest.raises(LightClientError):
            verify_membership(state, key, data, present)


def test_every_bit_of_an_attestation_counts() -> None:
    """Statement, keys and signatures."""
    for data in flips(attested(STATE)):
        with pytest.raises(LightClientError):
            verify_state_attestation(data, OPTIONS)
    for data in flips(attested(PACKETS)):
        with pytest.raises(LightClientError):
            verify_packet_attestation(data, OPTIONS)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, HEIGHTS - 1), min_size=1, max_size=8))
def test_every_way_through_a_chain_ends_at_its_own_headers(targets: list[int]) -> None:
    """Skips that are too wide are refused, the others lead to the real header; lower ones are reached by history."""
    state = begin(CHAIN.headers[0], (), CHAIN.options)
    for height in targets:
        if height > state.height:
            wide = CHAIN.trusted(height).epoch - state.next_epoch >= 3
            try:
                state = verify(state, CHAIN.update(state.height, height), CHAIN.options, NOW_MS)
                assert not wide
            except LightClientError as error:
                assert error.code == "overlap"
            expected = state.height
        elif height < state.height:
            past = verify_past(state, CHAIN.headers[height], CHAIN.path(state.height, height), CHAIN.options, NOW_MS)
            assert past == CHAIN.trusted(height)
            expected = state.height
        else:
            expected = height
        assert state == CHAIN.trusted(expected)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_parts_of_two_updates_make_no_third(data: st.DataObject) -> None:
    """Each field from one of two honest updates: what is accepted is one of their headers, never anything else."""
    trusted = data.draw(st.integers(0, HEIGHTS - 3))
    heights = [data.draw(st.integers(trusted + 1, HEIGHTS - 1)) for _ in range(2)]
    updates = [CHAIN.update(trusted, height) for height in heights]
    mixed = Untrusted(*(getattr(data.draw(st.sampled_from(updates)), name) for name in Untrusted.__struct_fields__))
    try:
        found = verify(CHAIN.trusted(trusted), mixed, CHAIN.options, NOW_MS)
    except LightClientError:
        return
    assert found in [CHAIN.trusted(height) for height in heights]


def test_forked_chain_is_refused_at_every_height() -> None:
    """The same keys decide another block 2 and build on it: whoever saw the first never follows the second."""
    real, fork = LightChain(4), LightChain(4)
    for chain in (real, fork):
        chain.extend()
        chain.extend(changes={b"key": b"real" if chain is real else b"fork"})
        for _ in range(6):
            chain.extend()
    state = real.trusted(3)
    assert real.headers[2] == fork.headers[2] and real.headers[3] != fork.headers[3]
    for height in range(4, len(fork.headers)):
        with pytest.raises(LightClientError) as caught:
            verify(state, fork.update(3, height), real.options, NOW_MS)
        assert caught.value.code == "ancestry"
        moved = msgspec.structs.replace(fork.update(3, height), ancestry=real.path(height, 3))
        with pytest.raises(LightClientError):
            verify(state, moved, real.options, NOW_MS)
