"""What two chains hold of each other after a demo: counted from their records and events, nothing assumed."""

from collections import Counter
from typing import NamedTuple

import msgspec

from chainnode.cli.demo.side import CLIENT_ID, Side
from chainnode.sdk.answer import Document, EventRecord


class Settlement(msgspec.Struct, frozen=True):
    """The last line of ``demo --two-chains --json``."""

    recognised: int
    """Assets whose mirror abroad says what the origin's record says."""
    orders: int
    """Orders from abroad that stand on the origin's listing, and of which their own chain knows that."""
    timeouts: int
    """Orders that lapsed by proof and of which the origin knows nothing."""
    duplicates: int
    """Packets received more than once, or both received and timed out; orders that stand without one."""
    lost: int
    """Packets that were neither received nor timed out, or whose sender does not know which."""
    client_updates: int
    relay_p50_ms: int
    """From the block that sends to the block that receives, by the blocks' times."""
    relay_p99_ms: int


class _Carried(NamedTuple):
    """What one direction shows."""

    duplicates: int
    lost: int
    latencies: list[int]


async def count(origin: Side, abroad: Side) -> Settlement:
    """Read both chains."""
    there, back = await _direction(origin, abroad), await _direction(abroad, origin)
    foreign = {record["order_id"]: record for record in await origin.records("foreign-orders", client_id=CLIENT_ID)}
    own = {record["order_id"]: record for record in await abroad.records("relay-orders")}
    standing = [one for one in foreign if one in own and own[one]["status"] == "PLACED"]
    lapsed = [one for one, record in own.items() if record["status"] == "LAPSED" and one not in foreign]
    latencies = sorted(there.latencies + back.latencies)
    return Settlement(
        recognised=await _recognised(origin, abroad),
        orders=len(standing),
        timeouts=min(len(lapsed), len([event async for event in abroad.events("relay.packet_timed_out")])),
        duplicates=there.duplicates + back.duplicates + len(foreign.keys() - own.keys()),
        lost=there.lost + back.lost,
        client_updates=await _updates(origin) + await _updates(abroad),
        relay_p50_ms=_percentile(latencies, 50),
        relay_p99_ms=_percentile(latencies, 99),
    )


async def _direction(sender: Side, receiver: Side) -> _Carried:
    sent = [event async for event in sender.events("relay.packet_sent")]
    received = [event async for event in receiver.events("relay.packet_received")]
    acknowledged = Counter([_number(event) async for event in sender.events("relay.packet_acknowledged")])
    timed_out = Counter([_number(event) async for event in sender.events("relay.packet_timed_out")])
    sent_ms = {_number(event): event.time_ms for event in sent}
    arrivals = Counter(_number(event) for event in received)
    settled = acknowledged + timed_out
    twice = sum(number - 1 for counted in (arrivals, settled) for number in counted.values())
    both = len(arrivals.keys() & timed_out.keys())
    unsent = len(arrivals.keys() - sent_ms.keys())
    lost = sum(number not in arrivals and number not in timed_out for number in sent_ms)
    unknown = sum(number not in settled for number in sent_ms if number in arrivals)
    latencies = [event.time_ms - sent_ms[_number(event)] for event in received if _number(event) in sent_ms]
    return _Carried(twice + both + unsent, lost + unknown, latencies)


async def _recognised(origin: Side, abroad: Side) -> int:
    assets = {record["asset_id"]: record for record in await origin.records("assets")}
    mirrors = await abroad.records("mirrored-assets", client_id=CLIENT_ID)
    return sum(_is_mirror(mirror, assets.get(mirror["asset_id"]), origin.chain_id) for mirror in mirrors)


def _is_mirror(mirror: Document, asset: Document | None, chain_id: str) -> bool:
    shown = mirror["asset"]
    if asset is None or mirror["chain_id"] != chain_id:
        return False
    same = all(shown[name] == asset[name] for name in ("certificate", "registrar", "holder", "status"))
    return same and shown["name"] == asset["description"]["name"]


async def _updates(side: Side) -> int:
    return len([event async for event in side.events("relay.client_updated")])


def _number(event: EventRecord) -> int:
    return int(event.attributes["sequence"])


def _percentile(ordered: list[int], percent: int) -> int:
    """Nearest rank; 0 of nothing."""
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)] if ordered else 0
