"""Submits a list of items to all validators in parallel and follows each to its end.

A bounded number is under way at a time. A node that dies costs time, not items: the client hands the same signed bytes
to the next node, and what was still open at the end is handed over once more.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from chainnode.cli.demo.material import Item
from chainnode.cli.demo.report import ReportEntry
from chainnode.errors import ChainError, NotFound, Rejected
from chainnode.sdk.answer import Submission
from chainnode.sdk.client import Client
from chainnode.sdk.errors import Unavailable, Unsettled
from chainnode.sdk.wallet import SignedTransaction, Wallet

UNDER_WAY_MAX: Final = 32
SETTLE_MS: Final = 60_000
"""How long one item may take, a dead node and a view change included."""


class Workload:
    """One run over all items; ``entries`` fills up while it runs, in the order of the items."""

    def __init__(self, client: Client, wallet: Wallet, items: Sequence[Item]) -> None:
        self._client: Final = client
        self._wallet: Final = wallet
        self._items: Final = items
        self._entries: dict[int, ReportEntry] = {}
        self._open: dict[int, SignedTransaction] = {}
        self.done: int = 0
        self.total: Final = len(items)
        self.seconds: float = 0.0

    @property
    def entries(self) -> tuple[ReportEntry, ...]:
        """What is known so far."""
        return tuple(self._entries[number] for number in sorted(self._entries))

    async def run(self, on_progress: Callable[[int, int], None]) -> None:
        """Submit everything; ``on_progress(done, total)`` after each item."""
        began = time.monotonic()
        numbers = iter(range(len(self._items)))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(UNDER_WAY_MAX, len(self._items))):
                group.create_task(self._work(numbers, on_progress), name="demo-worker")
        self.seconds += time.monotonic() - began

    async def settle(self) -> None:
        """Hand over once more what has no known outcome; the time it takes counts."""
        began = time.monotonic()
        unsettled = iter(list(self._open.items()))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(UNDER_WAY_MAX, len(self._open))):
                group.create_task(self._settle(unsettled), name="demo-settler")
        self.seconds += time.monotonic() - began

    async def _settle(self, unsettled: Iterator[tuple[int, SignedTransaction]]) -> None:
        for number, signed in unsettled:
            self._entries[number] = await self._follow(number, signed)

    async def _work(self, numbers: Iterator[int], on_progress: Callable[[int, int], None]) -> None:
        for number in numbers:
            item = self._items[number]
            if item.operation is None:
                self._entries[number] = _refused(item, "", item.refusal)
            else:
                signed = await self._wallet.transaction(self._client, [item.operation])
                self._entries[number] = await self._follow(number, signed)
            self.done += 1
            on_progress(self.done, self.total)

    async def _follow(self, number: int, signed: SignedTransaction) -> ReportEntry:
        item, tx_id = self._items[number], signed.tx_id.hex()
        began = time.monotonic()
        self._open[number] = signed
        try:
            done = await self._client.submit(signed.envelope, wait="committed", timeout_ms=SETTLE_MS)
        except Rejected as error:
            del self._open[number]
            return _refused(item, tx_id, error.code, error.message)
        except (Unavailable, Unsettled) as error:
            return _unsettled(item, tx_id, error)
        latency_ms = round((time.monotonic() - began) * 1000, 3)
        del self._open[number]
        return await self._committed(item, done, latency_ms)

    async def _committed(self, item: Item, done: Submission, latency_ms: float) -> ReportEntry:
        code, info = (done.receipt.code, done.receipt.info) if done.receipt is not None else ("", "")
        if done.receipt is None:
            try:
                receipt = await self._client.receipt(done.tx_id)
            except NotFound as error:
                return _unsettled(item, done.tx_id, error)
            code, info = receipt.code, receipt.info
        if code != "ok":
            return _refused(item, done.tx_id, code, info, done.height)
        return ReportEntry(
            kind=item.kind,
            name=item.name,
            result=item.result,
            notes=item.notes,
            id=item.id,
            tx_id=done.tx_id,
            height=done.height,
            latency_ms=latency_ms,
        )


def _unsettled(item: Item, tx_id: str, error: ChainError) -> ReportEntry:
    notes = (*item.notes, error.message)
    return ReportEntry(item.kind, item.name, "unsettled", error.code, notes, item.id, tx_id, operations=0)


def _refused(item: Item, tx_id: str, code: str, reason: str = "", height: int | None = None) -> ReportEntry:
    notes = (*item.notes, reason) if reason else item.notes
    return ReportEntry(item.kind, item.name, "refused", code, notes, item.id, tx_id, height, operations=0)
