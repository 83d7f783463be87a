"""Clients that wait for a transaction to become durable.

One waiter per request, not per transaction: a bulk submission of thousands costs one
future. Bounded by the API's bound on concurrent requests.
"""

import asyncio
from collections.abc import Iterable, Sequence

Place = tuple[int, int]
"""Height and index."""


class _Waiter:
    __slots__ = ("done", "found", "missing")

    def __init__(self, missing: set[bytes]) -> None:
        self.missing = missing
        self.found: dict[bytes, Place] = {}
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class CommitWaiters:
    """Wakes requests when what they wait for is committed."""

    def __init__(self) -> None:
        self._by_id: dict[bytes, list[_Waiter]] = {}

    async def wait(self, tx_ids: Iterable[bytes], timeout_ms: int) -> dict[bytes, Place]:
        """Places of those among ``tx_ids`` that are committed within the time; the caller has looked at the past."""
        waiter = _Waiter(set(tx_ids))
        if not waiter.missing:
            return {}
        for tx_id in waiter.missing:
            self._by_id.setdefault(tx_id, []).append(waiter)
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await waiter.done
        except TimeoutError:
            pass
        finally:
            for tx_id in waiter.missing:
                self._drop(tx_id, waiter)
        return waiter.found

    def _drop(self, tx_id: bytes, waiter: _Waiter) -> None:
        waiters = self._by_id.get(tx_id)
        if waiters is not None and waiter in waiters:
            waiters.remove(waiter)
            if not waiters:
                del self._by_id[tx_id]

    def committed(self, height: int, tx_ids: Sequence[bytes]) -> None:
        """A block became durable."""
        if not self._by_id:
            return
        for index, tx_id in enumerate(tx_ids):
            for waiter in self._by_id.pop(tx_id, ()):
                waiter.found[tx_id] = (height, index)
                waiter.missing.discard(tx_id)
                if not waiter.missing and not waiter.done.done():
                    waiter.done.set_result(None)
