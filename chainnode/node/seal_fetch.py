"""Brings the seals that others made: to observers, which make none, and to nodes that were away meanwhile.

Asked for every few seconds, from the highest seal that was here at the start on, and only while there are new blocks.
Every seal is checked against this node's own block and set; a peer that serves a wrong one is reported.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError, RequestFailed, StoreError
from chainnode.node.seal_worker import SealingEnded, SealWorker
from chainnode.proofs.authority import read_header
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.seal import check_seal
from chainnode.state.overlay import Overlay
from chainnode.store.ledger_store import LedgerStore
from chainnode.sync.wire import GET_SEALS, SEALS_PER_ANSWER_MAX, SealsWanted, decode_seals
from chainnode.types.seal import decode_seal
from chainnode.types.validator_set import ValidatorList
from contracts.governance.queries import epoch_of_height

ASK_SECONDS: Final = 5.0
ANSWER_TIMEOUT_MS: Final = 5_000
ANSWERS_MAX: Final = 4
"""Of one peer in a row; 256 seals, of which the check takes a second in a thread."""

log = structlog.get_logger(__name__)


class SealLinks(Protocol):
    """Whom to ask."""

    def sources(self, first: Sequence[int]) -> list[bytes]:
        """Connected peers, by node key."""
        ...

    async def request(self, node_key: bytes, kind: int, payload: bytes, timeout_ms: int) -> bytes:
        """The answer of a peer; raises RequestFailed."""
        ...

    def report(self, node_key: bytes, code: str) -> None:
        """A peer served what no correct peer has."""
        ...


class SealFetch:
    """Asks one peer after the other."""

    def __init__(
        self, store: LedgerStore, links: SealLinks, worker: SealWorker, note_fetched: Callable[[], None]
    ) -> None:
        self._store = store
        self._links = links
        self._worker = worker
        self._note_fetched = note_fetched
        newest = store.newest_seal()
        self._next = store.floor() if newest is None else decode_seal(newest).height + 1
        """Below it nothing is asked for any more."""
        self._turn = 0

    async def run(self) -> None:
        """Ask until cancelled; ends by itself only if seals cannot be checked or written any more."""
        try:
            while True:
                await asyncio.sleep(ASK_SECONDS)
                sources = self._links.sources(()) if self._next <= self._store.tip().height else []
                if sources:
                    self._turn += 1
                    await self._ask(sources[self._turn % len(sources)])
        except SealingEnded:
            return
        except StoreError as error:
            log.error("no seals are fetched: one could not be written", code=error.code, reason=error.message)

    async def _ask(self, node_key: bytes) -> None:
        for _ in range(ANSWERS_MAX):
            try:
                payload = encode(SealsWanted(self._next))
                found = decode_seals(await self._links.request(node_key, GET_SEALS, payload, ANSWER_TIMEOUT_MS))
                await self._take(found)
            except RequestFailed:
                return
            except (DecodeError, ProofInvalid) as error:
                self._links.report(node_key, error.code)
                return
            if len(found) < SEALS_PER_ANSWER_MAX:
                return

    async def _take(self, seals: Sequence[bytes]) -> None:
        """Check and keep, in order of height, up to the first above the tip.

        Raises:
            DecodeError, ProofInvalid: the peer is at fault.
        """
        for data in seals:
            height = decode_seal(data).height
            if height < self._next:
                raise ProofInvalid("seal-order", "seals come in order of height, from the one asked for on")
            if height > self._store.tip().height:
                return
            header = self._store.header(height)
            if header is not None and self._store.seal(height) is None:
                members = epoch_of_height(Overlay(self._store.state), height).validators
                await self._worker.run(_check, header, data, members)
                self._store.keep_seal(height, data)
                self._note_fetched()
            self._next = height + 1


def _check(header: bytes, data: bytes, members: ValidatorList) -> None:
    check_seal(header, read_header(header), data, members)
