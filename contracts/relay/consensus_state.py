"""What a client keeps of headers that it verified, and of the validator lists that they name.

    relay-consensus/<client>/<height>       ConsensusState
    relay-validators/<client>/<hash>        ValidatorList, as canonical bytes

An attestation client has heights and times only; the hashes of its states are zero. Proofs and updates refer to heights
that stand in the client's record; what a client with ``keep_all`` verified before stays readable and vouches for
nothing.
"""

from functools import lru_cache

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import ZERO_HASH
from chainnode.lightclient.client_state import ConsensusState
from chainnode.state.keys import key
from chainnode.state.view import State
from contracts.kernel.outcome import OperationFailed
from contracts.relay.record import HEIGHTS_MAX, LISTS_MAX, ClientRecord

_decode_state = lru_cache(256)(msgspec.msgpack.Decoder(ConsensusState).decode)


def consensus_key(client_id: str, height: int) -> bytes:
    """State key of what was learnt from the header at ``height``."""
    return key("relay-consensus", client_id, height)


def read_consensus(state: State, client_id: str, height: int) -> ConsensusState | None:
    """What was learnt from the header at ``height``, archived ones included; None where nothing is kept."""
    stored = state.get(consensus_key(client_id, height))
    return None if stored is None else _decode_state(stored)


def attested_state(height: int, time_ms: int) -> ConsensusState:
    """What an attestation client keeps of a height."""
    return ConsensusState(height, time_ms, ZERO_HASH, ZERO_HASH, ZERO_HASH, 0, ZERO_HASH, ZERO_HASH)


def kept_state(client: ClientRecord, height: int, state: State) -> ConsensusState:
    """The state of a header that may vouch for others and for proofs.

    Raises:
        OperationFailed: ``relay-height-unknown``.
    """
    found = read_consensus(state, client.client_id, height) if height in client.heights else None
    if found is None:
        raise OperationFailed("relay-height-unknown", f"{client.client_id} keeps no header of height {height}")
    return found


def neighbours(client: ClientRecord, height: int, state: State) -> tuple[ConsensusState, ...]:
    """The kept states next below ``height``, at it and next above it."""
    below = [kept for kept in client.heights if kept < height][-1:]
    at_or_above = [kept for kept in client.heights if kept >= height][:2]
    return tuple(kept_state(client, kept, state) for kept in (*below, *at_or_above))


def with_state(client: ClientRecord, found: ConsensusState, state: State) -> ClientRecord:
    """Keep ``found``; the client's record as it is then, for the caller to write. The lowest height makes room.

    Raises:
        OperationFailed: ``relay-update-stale``: it would itself be the one to go.
    """
    heights = tuple(sorted((*client.heights, found.height)))
    if len(heights) > HEIGHTS_MAX:
        if heights[0] == found.height:
            raise OperationFailed("relay-update-stale", f"{client.client_id} keeps higher headers, as many as it can")
        if not client.keep_all:
            state.delete(consensus_key(client.client_id, heights[0]))
        heights = heights[1:]
    state.put(consensus_key(client.client_id, found.height), encode(found))
    newest = found if not client.heights or found.height > client.latest_height else None
    return msgspec.structs.replace(
        client,
        heights=heights,
        latest_height=newest.height if newest else client.latest_height,
        latest_ms=newest.time_ms if newest else client.latest_ms,
    )


def without_states(client: ClientRecord, state: State) -> ClientRecord:
    """Forget every header and list; archived states stay. The record is for the caller to write."""
    for height in client.heights:
        if not client.keep_all:
            state.delete(consensus_key(client.client_id, height))
    for hash_ in client.lists:
        state.delete(list_key(client.client_id, hash_))
    return msgspec.structs.replace(client, heights=(), lists=(), latest_height=0, latest_ms=0)


def list_key(client_id: str, hash_: bytes) -> bytes:
    """State key of a validator list."""
    return key("relay-validators", client_id, hash_)


def kept_list(client: ClientRecord, hash_: bytes, state: State) -> bytes:
    """Canonical bytes of the list with this hash; empty where the client does not keep it."""
    if hash_ not in client.lists:
        return b""
    return state.get(list_key(client.client_id, hash_)) or b""


def with_list(client: ClientRecord, hash_: bytes, data: bytes, state: State) -> ClientRecord:
    """Keep a list whose hash was checked; the record for the caller to write. The one unused for longest makes room."""
    if hash_ in client.lists:
        lists = (*(kept for kept in client.lists if kept != hash_), hash_)
    else:
        lists = (*client.lists, hash_)
        state.put(list_key(client.client_id, hash_), data)
    if len(lists) > LISTS_MAX:
        state.delete(list_key(client.client_id, lists[0]))
        lists = lists[1:]
    return msgspec.structs.replace(client, lists=lists)
