"""Where every lane of a configuration stands, read from the chains: nothing is asked of a running relayer."""

import msgspec

from chainnode.errors import ChainError
from chainnode.relayer.lane import Lane, check_client


class LaneReport(msgspec.Struct, frozen=True):
    """One chain and its client; the figures are 0 where the chains do not answer."""

    lane: str
    follows: str
    code: str
    """``ok``, or why nothing passes."""
    message: str
    client_height: int = 0
    lag_blocks: int = 0
    expires_s: int = 0
    incoming: int = 0
    """Packets for this chain that are under way, answered ones included."""


async def report_lane(lane: Lane) -> LaneReport:
    """Ask both chains."""
    try:
        host, peer = await lane.host.tip(), await lane.peer.tip()
        client = await lane.host.client_record(lane.client_id)
        incoming = (await lane.peer.traffic(lane.peer_client)).under_way
    except ChainError as error:
        return LaneReport(lane.name, lane.peer.name, error.code, error.message)
    code, message = "ok", ""
    try:
        check_client(client, lane.peer, lane.peer_client, host)
    except ChainError as error:
        code, message = error.code, error.message
    return LaneReport(
        lane=lane.name,
        follows=lane.peer.name,
        code=code,
        message=message,
        client_height=client.latest_height,
        lag_blocks=max(0, peer.height - client.latest_height),
        expires_s=(client.expires_ms() - host.time_ms) // 1_000,
        incoming=incoming,
    )
