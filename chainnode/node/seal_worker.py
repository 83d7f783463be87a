"""One thread for the arithmetic of seals, so that the event loop does none of it.

Seals are a service to others: should their library fail in any way, sealing ends and the node goes on.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

import structlog

from chainnode.errors import ChainError

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class SealingEnded(Exception):
    """The library of seals failed; nothing is sealed or checked by this process any more."""


class SealWorker:
    """Runs one piece of work at a time; who waits for it holds the only reference to it."""

    def __init__(self) -> None:
        self._threads: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="seal")
        self.failure: str | None = None
        """Why sealing ended."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of ``work`` in the thread.

        Raises:
            ChainError: as ``work``: an answer, no failure.
            SealingEnded: it failed otherwise, or an earlier one did.
        """
        if self.failure is not None:
            raise SealingEnded(self.failure)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))
        except (asyncio.CancelledError, ChainError):
            raise
        except BaseException as error:
            self.failure = f"{type(error).__name__}: {error}"
            log.error("sealing ended: its library failed", failure=self.failure)
            raise SealingEnded(self.failure) from error

    def close(self) -> None:
        """Begin nothing more; what runs ends by itself within a few hundred milliseconds."""
        self._threads.shutdown(wait=False, cancel_futures=True)
