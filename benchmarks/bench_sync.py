"""Replaying stored blocks.

Question: how fast does a node replay blocks that others certified, compared with checking their signatures alone?

Workload: blocks of distinct transactions with certificates of three of four validators, served from memory without a
network to the node's own catch-up, which opens, checks, executes and commits them to a fresh LevelDB, synced.
Unit: us for one transaction. Limit: the bare signature checks of all its transactions and certificates, on one core.
A lie would be: skipping checks or executions (the digest holds the state root, read from the store), or blocks so large
that the certificate vanishes (100 transactions in each).
"""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from nacl.bindings import crypto_sign_open

from benchmarks import workload
from benchmarks.harness import Case, Figure, Size, measure
from chainnode.chain.candidate import Candidate
from chainnode.chain.certificate import open_certificate
from chainnode.chain.ledger import Ledger
from chainnode.mempool.pool import Pool
from chainnode.mempool.verification import Verification
from chainnode.mempool.verifier import InlineVerifier
from chainnode.store.leveldb import LevelDBKeyValue
from chainnode.store.memory import MemoryKeyValue
from chainnode.sync.catch_up import CatchUp
from chainnode.sync.server import SyncServer
from consensus.certificates import QuorumCertificate, certificate_claims

BLOCKS: Final = {"full": 40, "smoke": 3}
PER_BLOCK: Final = {"full": 100, "smoke": 20}


class _Source:
    """A peer that has everything, asked by a call instead of a socket."""

    def __init__(self, ledger: Ledger) -> None:
        self._server = SyncServer(ledger.store, Pool(), list)

    async def request(self, node_key: bytes, kind: int, payload: bytes, timeout_ms: int) -> bytes:
        del node_key, timeout_ms
        return self._server.answer(kind, payload)

    def sources(self, first: Sequence[int]) -> list[bytes]:
        del first
        return [bytes(32)]

    def report(self, node_key: bytes, code: str) -> None:
        raise AssertionError(f"the served blocks are refused: {code} of {node_key.hex()}")

    def note_slow(self, node_key: bytes, code: str) -> None:
        del node_key, code


def run(size: Size) -> list[Figure]:
    count = BLOCKS[size] * PER_BLOCK[size]
    served = workload.open_ledger(workload.initialised(MemoryKeyValue()))
    blocks = workload.grow(served, [workload.envelope(number) for number in range(count)], PER_BLOCK[size])
    raw = _signatures(served, blocks)
    root = served.tip.state_root
    with tempfile.TemporaryDirectory(prefix="bench-sync-") as name:
        path = Path(name) / "ledger"
        opened: list[Ledger] = []

        def made() -> None:
            for ledger in opened:
                ledger.store.close()
            shutil.rmtree(path, ignore_errors=True)
            opened[:] = [workload.open_ledger(workload.initialised(LevelDBKeyValue.create(path)))]

        def replay() -> bytes:
            (ledger,) = opened

            def apply(candidate: Candidate, data: bytes, certificate: QuorumCertificate) -> None:
                del certificate
                ledger.commit(candidate, data)

            catch_up = CatchUp(ledger, _Source(served), Verification(InlineVerifier()), apply)
            asyncio.run(catch_up.run(served.tip.height, ()))
            assert ledger.tip.state_root == root
            return ledger.store.tip().state_root

        limit = "sync.raw_verify"
        checks = Case(limit, lambda: b"".join([crypto_sign_open(*one) for one in raw]), count, clock="wall",
                      note=f"{len(raw)} signatures")
        note = f"{BLOCKS[size]} blocks of {PER_BLOCK[size]}"
        try:
            return measure([checks, Case("sync.replay", replay, count, limit, made, clock="wall", note=note)], size)
        finally:
            for ledger in opened:
                ledger.store.close()


def _signatures(ledger: Ledger, blocks: list[tuple[Candidate, bytes]]) -> list[tuple[bytes, bytes]]:
    """Signed message and key of every signature that a replay must check."""
    found = []
    for candidate, certificate in blocks:
        for one in candidate.transactions:
            found += [(s.signature + one.signed_bytes, s.public_key) for s in one.signatures]
        validators = ledger.surroundings.validators
        claims = certificate_claims(open_certificate(certificate), validators, workload.CHAIN_ID)
        found += [(claim.signature + claim.signed_bytes, claim.public_key) for claim in claims]
    return found
