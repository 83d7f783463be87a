"""Load from transactions that were signed beforehand: closed loop, open loop, flood.

Closed loop: so many connections, each hands in its next part when the one before is committed: throughput at a bounded
number under way. Open loop: each transaction has its moment; its latency counts from that moment, not from when the
client got around to sending it, so a stall is charged to everything that was due meanwhile (coordinated omission).
Flood: more than the network can take, at a given rate, without waiting for commits.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import aiohttp
import msgspec
import uvloop

from benchmarks import workload
from benchmarks.running_network import CHAIN_ID, RunningNetwork
from chainnode.crypto.ed25519 import SigningKey
from chainnode.sdk.answer import StatusAnswer, Submission, Submissions

CONNECTIONS: Final = 16
PART: Final = 50
"""Transactions in one request: 16 x 50 are under way at a time, a block or two."""
BLOCKS_PER_S_MAX: Final = 60
"""For transactions signed before it is known how fast the height moves."""
WAIT_MS: Final = 30_000
EXPIRY_BLOCKS: Final = 900
SLAB_BLOCKS: Final = 800
"""A transaction may name an expiry 1,000 blocks ahead at most, so a long load is signed in slabs, one for each 800."""
FLOOD_TICK_S: Final = 0.05
FLOOD_UNDER_WAY_MAX: Final = 64
OPEN_UNDER_WAY_MAX: Final = 400
"""Of an open loop; a node lets some 190 requests wait for commits."""
_HEADERS: Final = {"Content-Type": "application/msgpack", "Accept": "application/msgpack"}
Result = TypeVar("Result")
_read_many = msgspec.msgpack.Decoder(Submissions).decode


@dataclass(slots=True)
class Outcome:
    """What became of a load."""

    seconds: float = 0.0
    began_ms: int = 0
    """Unix time of its begin."""
    committed: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    acknowledged: list[bytes] = field(default_factory=list)
    """Ids the network said it has: accepted or committed."""
    refusals: Counter[str] = field(default_factory=Counter)
    unsent: int = 0
    """Of a flood: more requests were due than may be under way."""

    @property
    def per_s(self) -> float:
        """Committed transactions per second."""
        return self.committed / self.seconds if self.seconds else 0.0


class Supply:
    """Signed transactions for one phase, however fast the chain's height moves meanwhile.

    Each slab holds enough for the whole phase and expires ``SLAB_BLOCKS`` later than the one before; the next one is
    begun when the present one is about to expire.
    """

    def __init__(self, slabs: Sequence[tuple[int, list[bytes]]]) -> None:
        """``slabs``: expiry height and envelopes, soonest first."""
        self._slabs = list(slabs)
        self._given = 0

    def take(self, count: int, tip: int) -> Sequence[bytes]:
        """The next ``count``; fewer, or none, at the end."""
        while len(self._slabs) > 1 and self._slabs[0][0] - tip < EXPIRY_BLOCKS - SLAB_BLOCKS:
            del self._slabs[0]
            self._given = 0
        start = self._given
        self._given += count
        return self._slabs[0][1][start : self._given]


class Client:
    """Connections to all validators, and the identity that signs."""

    def __init__(self, urls: Sequence[str], key: SigningKey) -> None:
        self._urls: Final = list(urls)
        self._key: Final = key
        self._numbers: Final = itertools.count()
        self._tip = 0
        self._session: Final = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), headers=_HEADERS, timeout=aiohttp.ClientTimeout(total=60)
        )

    async def close(self) -> None:
        await self._session.close()

    async def statuses(self) -> list[StatusAnswer]:
        """What every node says about itself now."""
        found = []
        for url in self._urls:
            async with self._session.get(f"{url}/v1/status", headers={"Accept": "application/json"}) as answer:
                found.append(msgspec.json.decode(await answer.read(), type=StatusAnswer))
        return found

    async def height(self) -> int:
        """The highest tip; transactions are signed and chosen by it from now on."""
        self._tip = max(status.height for status in await self.statuses())
        return self._tip

    async def drained(self, seconds: float) -> tuple[int, int]:
        """Wait until no node has a transaction waiting; how many still do at the end, and the view changes so far."""
        deadline = time.monotonic() + seconds
        while True:
            found = await self.statuses()
            waiting = max(status.pool_transactions for status in found)
            level = len({status.height for status in found}) == 1
            if (not waiting and level) or time.monotonic() > deadline:
                return waiting, max(status.view_changes for status in found)
            await asyncio.sleep(0.2)

    async def sign(self, count: int, operations: int, blocks: float) -> Supply:
        """Enough for ``count`` transactions of so many operations while the chain grows by some ``blocks``."""
        tip = await self.height()
        return Supply(
            [
                (horizon, [self._envelope(operations, horizon) for _ in range(count)])
                for horizon in range(tip + EXPIRY_BLOCKS, tip + EXPIRY_BLOCKS + 1 + int(1.5 * blocks), SLAB_BLOCKS)
            ]
        )

    def _envelope(self, operations: int, valid_until: int) -> bytes:
        number = next(self._numbers)
        items = [workload.evidence(number << 8 | place) for place in range(operations)]
        return workload.envelope(
            number, valid_until=valid_until, operations=items, chain_id=CHAIN_ID, key=self._key
        )

    async def closed_loop(self, supply: Supply, seconds: float, connections: int, part: int) -> Outcome:
        """Hand in parts of ``part`` from so many connections, spread over all validators, for so long."""
        outcome = Outcome(began_ms=time.time_ns() // 1_000_000)
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(connections):
                url = self._urls[number % len(self._urls)]
                group.create_task(self._worker(url, supply, began + seconds, part, outcome))
        # The last answers count, and so does the time they took: the tail is charged to us.
        outcome.seconds = time.monotonic() - began
        return outcome

    async def _worker(self, url: str, supply: Supply, end: float, size: int, outcome: Outcome) -> None:
        while time.monotonic() < end and (part := supply.take(size, self._tip)):
            began = time.monotonic()
            results = await self._post(url, part, "committed")
            outcome.latencies_ms.append(1e3 * (time.monotonic() - began))
            self._count(results, outcome)

    async def open_loop(self, supply: Supply, rate: float, seconds: float, part: int = 1) -> Outcome:
        """Hand in ``part`` transactions each ``part / rate`` seconds, whatever became of the ones before.

        A part that is due while ``OPEN_UNDER_WAY_MAX`` others are under way is not sent, and counted.
        """
        outcome = Outcome(began_ms=time.time_ns() // 1_000_000)
        under_way: set[asyncio.Task[None]] = set()
        began = time.monotonic() + 0.1
        async with asyncio.TaskGroup() as group:
            for turn in range(int(rate * seconds / part)):
                due = began + turn * part / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                chosen = supply.take(part, self._tip)
                if len(under_way) >= OPEN_UNDER_WAY_MAX:
                    outcome.unsent += len(chosen)
                    continue
                task = group.create_task(self._part(self._urls[turn % len(self._urls)], chosen, due, outcome))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        outcome.seconds = time.monotonic() - began
        return outcome

    async def _part(self, url: str, part: Sequence[bytes], due: float, outcome: Outcome) -> None:
        results = await self._post(url, part, "committed")
        outcome.latencies_ms.append(1e3 * (time.monotonic() - due))
        self._count(results, outcome)

    async def flood(self, supply: Supply, rate: float, seconds: float) -> Outcome:
        """Hand in ``rate`` transactions a second, in a part each tick, and wait only until they are accepted."""
        outcome = Outcome(began_ms=time.time_ns() // 1_000_000)
        part = max(1, round(rate * FLOOD_TICK_S))
        under_way: set[asyncio.Task[None]] = set()
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for tick in range(round(seconds / FLOOD_TICK_S)):
                await asyncio.sleep(max(0.0, began + tick * FLOOD_TICK_S - time.monotonic()))
                chosen = supply.take(part, self._tip)
                if len(under_way) >= FLOOD_UNDER_WAY_MAX:
                    outcome.unsent += len(chosen)
                    continue
                url = self._urls[tick % len(self._urls)]
                task = group.create_task(self._flooded(url, chosen, outcome))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            outcome.seconds = time.monotonic() - began
        return outcome

    async def _flooded(self, url: str, part: Sequence[bytes], outcome: Outcome) -> None:
        self._count(await self._post(url, part, "checked"), outcome)

    async def _post(self, url: str, part: Sequence[bytes], wait: str) -> Sequence[Submission]:
        target = f"{url}/v1/transactions?wait={wait}" + (f"&timeout_ms={WAIT_MS}" if wait == "committed" else "")
        async with self._session.post(target, data=msgspec.msgpack.encode(part)) as answer:
            body = await answer.read()
            if answer.status not in {200, 202, 207}:
                return [Submission("", "rejected", f"status-{answer.status}")] * len(part)
        return _read_many(body).results

    def _count(self, results: Sequence[Submission], outcome: Outcome) -> None:
        for result in results:
            if result.outcome == "rejected":
                outcome.refusals[result.code] += 1
                continue
            outcome.acknowledged.append(bytes.fromhex(result.tx_id))
            if result.outcome == "committed":
                self._tip = max(self._tip, result.height or 0)
                if not result.applied:
                    outcome.refusals[result.receipt.code if result.receipt else "no-receipt"] += 1
                else:
                    outcome.committed += 1


async def loaded(
    network: RunningNetwork, work: Callable[[Client], Coroutine[Any, Any, Result]], trusted: int = 0
) -> Result:
    """Start ``network``, put ``work`` on it and end it; ``work`` talks to its first ``trusted`` validators (0: all).

    Raises:
        NodeFailed: one of its processes did not last.
    """
    async with network:
        client = Client(network.urls[: trusted or None], network.key(workload.EXCHANGE))
        try:
            found = await work(client)
            network.check()
        finally:
            await client.close()
    return found


def under_load(
    network: RunningNetwork, work: Callable[[Client], Coroutine[Any, Any, Result]], trusted: int = 0
) -> Result:
    """``loaded`` in an event loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(loaded(network, work, trusted))
