"""Two decided headers that cannot both be of one chain: its validators broke their word, and the client freezes.

Source: ICS-07, "misbehaviour predicate".
"""

from chainnode.lightclient.client_state import ClientOptions, ConsensusState, Untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.header_format import HeaderFormat
from chainnode.lightclient.own_chain import OWN_CHAIN
from chainnode.lightclient.verification import check_alive, check_decided, check_options


def conflict(first: ConsensusState, second: ConsensusState) -> bool:
    """Whether two verified states contradict each other: one height and two blocks, or a higher one not later."""
    if first.height == second.height:
        return first.block_hash != second.block_hash
    lower, higher = (first, second) if first.height < second.height else (second, first)
    return higher.time_ms <= lower.time_ms


def check_misbehaviour(
    trusted: ConsensusState,
    first: Untrusted,
    second: Untrusted,
    options: ClientOptions,
    now_ms: int,
    header_format: HeaderFormat = OWN_CHAIN,
) -> None:
    """Returns if both headers were decided, judged from ``trusted``, and contradict each other: freeze the client.

    Neither their place in the history nor their time is checked (a fork has its own), so ``ancestry`` must be empty.

    Raises:
        LightClientError: ``client-expired``, ``chain-id``, ``ancestry-unbound``, ``no-conflict``, or a code of
            ``verify`` about headers, lists and decisions.
    """
    check_options(options)
    check_alive(trusted, options, now_ms)
    states = []
    for item in (first, second):
        chain_id, found = header_format.read(item.header)
        if chain_id != options.chain_id:
            raise LightClientError("chain-id", "the header belongs to another chain", found=chain_id)
        if item.ancestry:
            raise LightClientError("ancestry-unbound", "two headers are shown to conflict without their history")
        states.append(found)
    if not conflict(*states):
        raise LightClientError("no-conflict", "the two headers can be of one chain")
    for item, found in zip((first, second), states, strict=True):
        check_decided(trusted, item, found, options, header_format)
