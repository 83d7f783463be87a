"""Why is a packet not through? Asked of both chains, in the order in which a packet travels; answered in words.

    findings = await diagnose(lane, sequence)

``lane`` is that of the receiver: it hosts the client through which the packet is received. The first finding that is
not ``ok`` is the one to act on.
"""

from typing import Final

import msgspec

from chainnode.errors import ChainError
from chainnode.relayer.lane import Lane, check_client
from contracts.relay.record import AcknowledgementRecord, PacketRecord

OK: Final = "ok"


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    code: str
    """``ok``, ``settled``, or why the packet does not get on."""
    text: str
    next: str = ""
    """What to do about it."""


NEXT: Final[dict[str, str]] = {
    "unreachable": "start the node, or name another one under chains.NAME.nodes",
    "node-failed": "the node is too busy or limits this relayer: raise its api.rate_per_second, or name another one",
    "chain-differs": "correct chain_id, genesis_hash or nodes of this chain in the configuration",
    "relay-client-unknown": "correct the client of this path; `chainnode query` lists relay-clients",
    "relay-client-frozen": "the chain behind it contradicted itself; the consortium decides about relay.recover_client",
    "relay-client-expired": "no relayer updated it in its trusting period; the consortium votes relay.recover_client",
    "relay-client-kind": "an attestation client is served by the institution that attests",
    "relay-client-differs": "the path names a client of another chain: correct it",
    "relay-counterparty-unknown": "the consortium votes relay.register_counterparty",
    "relay-counterparty-differs": "the path names two clients that do not belong together: correct it",
    "identity-unknown": "create the identity of the relayer's key on this chain, or name another key_file",
}


def _failed(error: ChainError) -> Finding:
    return Finding(error.code, error.message, NEXT.get(error.code, ""))


async def diagnose_lane(lane: Lane) -> list[Finding]:
    """Whether a lane can work at all: nodes, identity, client."""
    found: list[Finding] = []
    for chain in (lane.host, lane.peer):
        try:
            tip = await chain.tip()
        except ChainError as error:
            return [*found, _failed(error)]
        found.append(Finding(OK, f"{chain.name} answers: height {tip.height}, epoch {tip.epoch}"))
    try:
        if not await lane.host.has_identity():
            text = f"{lane.host.name} does not know {lane.host.wallet.did}, as which this relayer acts"
            return [*found, Finding("identity-unknown", text, NEXT["identity-unknown"])]
        client = await lane.host.client_record(lane.client_id)
        host, peer = await lane.host.tip(), await lane.peer.tip()
        check_client(client, lane.peer, lane.peer_client, host)
    except ChainError as error:
        return [*found, _failed(error)]
    left_s = (client.expires_ms() - host.time_ms) // 1_000
    behind = max(0, peer.height - client.latest_height)
    text = f"{lane.name} knows header {client.latest_height}, {behind} behind, and expires in {left_s} s"
    return [*found, Finding(OK, text)]


async def diagnose(lane: Lane, sequence: int) -> list[Finding]:
    """Where the packet stands that was sent to ``lane.host`` as number ``sequence``, and what keeps it."""
    found = await diagnose_lane(lane)
    if found[-1].code != OK:
        return found
    try:
        packet = await lane.peer.packet(lane.peer_client, sequence)
        answer = await lane.host.answer(lane.client_id, sequence)
        if packet is None:
            return [*found, await _not_under_way(lane, sequence, answer)]
        found.append(Finding(OK, f"{lane.peer.name} sent it at height {packet.sent_height}; it is under way"))
        return [*found, *(await _under_way(lane, packet, answer))]
    except ChainError as error:
        return [*found, _failed(error)]


async def _not_under_way(lane: Lane, sequence: int, answer: AcknowledgementRecord | None) -> Finding:
    sent = (await lane.peer.traffic(lane.peer_client)).sent
    if sequence > sent:
        text = f"{lane.peer.name} has sent {sent} packets through {lane.peer_client}; there is no number {sequence}"
        return Finding("relay-packet-unknown", text, "look at the client and the number")
    if answer is None:
        return Finding("settled", "it was not received in time, and the sender has the proof: it is settled")
    if answer.code != OK:
        text = f"it was received at height {answer.height} and refused by its port with {answer.code}"
        return Finding("settled", f"{text}; the sender knows", "`chainnode operations` and /problems explain the code")
    return Finding("settled", f"it was received at height {answer.height}, and the sender has the answer")


async def _under_way(lane: Lane, packet: PacketRecord, answer: AcknowledgementRecord | None) -> list[Finding]:
    host, peer = await lane.host.tip(), await lane.peer.tip()
    if answer is not None:
        text = f"{lane.host.name} received it at height {answer.height} and answered {answer.code}"
        return [Finding(OK, text), await _way_back(lane, answer.height, "the answer")]
    if packet.destination_client != lane.client_id:
        text = f"it was sent to {packet.destination_client}, which this path does not serve"
        return [Finding("relay-packet-route", text, "add a path with that client")]
    if host.time_ms >= packet.timeout_s * 1_000:
        text = f"it timed out at {packet.timeout_s} s: {lane.host.name} is at {host.time_ms} ms and has not received it"
        return [Finding("relay-packet-late", text), await _way_back(lane, host.height - 1, "the proof of that")]
    if packet.sent_height >= peer.height:
        text = f"no header of {lane.peer.name} commits to height {packet.sent_height} yet"
        return [Finding("no-header", text, "wait for its next block; governance.set_parameters has idle_block_ms")]
    client = await lane.host.client_record(lane.client_id)
    left_s = packet.timeout_s - host.time_ms // 1_000
    text = f"it can be delivered now, and for {left_s} s more"
    if client.latest_height <= packet.sent_height:
        text += f"; {lane.client_id} knows headers up to {client.latest_height} only: no relayer has updated it"
    return [Finding("not-delivered", text, "run `chainnode relay run`, or once `chainnode relay clear`")]


async def _way_back(lane: Lane, height: int, what: str) -> Finding:
    """What keeps an answer from the sender: the lane of the other direction."""
    if lane.opposite is not None:
        failed = [one for one in await diagnose_lane(lane.opposite) if one.code != OK]
        if failed:
            return Finding(failed[0].code, f"{what} cannot go back: {failed[0].text}", failed[0].next)
    tip = await lane.host.tip()
    if tip.height <= height:
        text = f"no header of {lane.host.name} commits to height {height} yet"
        return Finding("no-header", text, "wait for its next block")
    return Finding("not-delivered", f"{what} can go back now", "run `chainnode relay run`, or `chainnode relay clear`")
