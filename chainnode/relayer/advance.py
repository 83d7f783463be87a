"""How a client is brought to a header: every step is verified here before it is submitted.

A client takes one step where more than one third of the members that it knows signed the new header. Where they did
not, a header half-way between is tried, and so on: an epoch's last header names the set that follows.
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.errors import Rejected
from chainnode.lightclient.client_state import ClientOptions, ConsensusState, Untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.verification import verify
from chainnode.relayer.chain import Chain
from contracts.relay.client import options_of
from contracts.relay.operations import UpdateClient
from contracts.relay.record import ClientRecord

STEPS_MAX: Final = 4
"""Of one transaction: each may carry a certificate and two lists. More follow in the next one."""
_HALVINGS_MAX: Final = 32


class Advance(msgspec.Struct, frozen=True):
    """Steps to submit, in order, and the state that they lead to."""

    steps: tuple[UpdateClient, ...]
    reached: ConsensusState


async def advance(
    client: ClientRecord, trusted: ConsensusState, height: int, followed: Chain, now_ms: int
) -> Advance:
    """Steps of ``client`` from ``trusted`` to the header of ``followed`` at ``height``, or as far as four lead.

    Args:
        client: on the host, of the chain ``followed``.
        trusted: a state that the client keeps.
        height: where to.
        followed: the chain whose headers are shown.
        now_ms: time of the host's newest block.

    Raises:
        LightClientError: no step from ``trusted`` is possible: a code of ``lightclient.verification.verify``.
        NotFound, Unavailable: no node shows those headers.
    """
    options = options_of(client)
    steps: list[UpdateClient] = []
    known = set(client.lists)
    while trusted.height < height and len(steps) < STEPS_MAX:
        untrusted, found = await _step(trusted, height, followed, options, now_ms)
        slim = _without_known(untrusted, found, trusted, known)
        steps.append(UpdateClient(client.client_id, trusted.height, encode(slim)))
        known.add(found.validators_hash)
        trusted = found
    return Advance(tuple(steps), trusted)


async def _step(
    trusted: ConsensusState, height: int, followed: Chain, options: ClientOptions, now_ms: int
) -> tuple[Untrusted, ConsensusState]:
    for _ in range(_HALVINGS_MAX):
        try:
            untrusted = await followed.update(trusted.height, height)
            return untrusted, verify(trusted, untrusted, options, now_ms)
        except LightClientError as error:
            if error.code != "overlap" or height == trusted.height + 1:
                raise
            height = (trusted.height + height + 1) // 2
    raise Rejected("relay-overlap", f"no header above {trusted.height} is within the client's reach")


def _without_known(
    untrusted: Untrusted, found: ConsensusState, trusted: ConsensusState, known: set[bytes]
) -> Untrusted:
    """A list that the client keeps need not travel again."""
    slim = {}
    if found.validators_hash in known:
        slim["validators"] = b""
    if trusted.next_validators_hash in known:
        slim["trusted_validators"] = b""
    return msgspec.structs.replace(untrusted, **slim)
