"""Admission to the pool, and what leaves it.

Question: what does a node add to a signature check before a transaction waits in its pool, and to give it out again?

Workload: distinct signed transactions of one evidence record, submitted in parts as API and gossip hand them over, to a
pool that is empty before each round; checked inline, on one core. Unit: us for one transaction.
Limit: the bare signature checks of the same transactions.
A lie would be: transactions that are known already (the pool is fresh), or refused (the digest holds every outcome).
"""

import asyncio
from collections.abc import Callable
from typing import Final

from nacl.bindings import crypto_sign_open

from benchmarks import workload
from benchmarks.harness import Case, Figure, Size, measure
from chainnode.mempool.admission import Admitter
from chainnode.mempool.gossip import batches
from chainnode.mempool.pool import Pool
from chainnode.mempool.verification import Verification
from chainnode.mempool.verifier import InlineVerifier
from chainnode.store.memory import MemoryKeyValue

COUNT: Final = {"full": 2_000, "smoke": 100}
RAW: Final = "mempool.raw_verify"


def run(size: Size) -> list[Figure]:
    count = COUNT[size]
    ledger = workload.open_ledger(workload.initialised(MemoryKeyValue()))
    envelopes = [workload.envelope(number) for number in range(count)]
    found = [workload.transaction(data) for data in envelopes]
    raw = [(one.signatures[0].signature + one.signed_bytes, one.signatures[0].public_key) for one in found]
    ids = [one.tx_id for one in found]
    held = _Fresh()

    with asyncio.Runner() as runner:

        def admit(part: int) -> Callable[[], bytes]:
            async def work() -> bytes:
                admitter = Admitter(ledger, held.pool, Verification(InlineVerifier()), lambda transactions, local: None)
                answers = []
                for start in range(0, count, part):
                    answers += await admitter.submit(envelopes[start : start + part], local=True)
                return b"".join([answer.tx_id + answer.outcome.encode() for answer in answers])

            return lambda: runner.run(work())

        def fill() -> None:
            held.empty()
            for one in found:
                held.pool.add(one)

        def remove() -> bytes:
            held.pool.remove(ids)
            return len(held.pool).to_bytes(4, "big")

        cases = [Case(RAW, lambda: b"".join([crypto_sign_open(signed, key) for signed, key in raw]), count)]
        parts = (1, 50, count) if size == "full" else (50,)
        cases += [Case(f"mempool.admit[{n} at a time]", admit(n), count, RAW, before=held.empty) for n in parts]
        cases += [
            Case("mempool.admit_again[50 at a time]", admit(50), count, RAW, before=fill, note="all are known"),
            Case("mempool.select",
                 lambda: b"".join([t.tx_id for t in held.pool.select(1, count, 1 << 30, count)]), count, before=fill),
            Case("mempool.remove", remove, count, before=fill),
            Case("mempool.gossip_batches", lambda: b"".join(batches(found)), count),
        ]
        return measure(cases, size)


class _Fresh:
    """The pool of the present round."""

    def __init__(self) -> None:
        self.pool = Pool()

    def empty(self) -> None:
        self.pool = Pool()
