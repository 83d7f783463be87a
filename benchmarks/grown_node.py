"""The process of a node that grows: ``python -m benchmarks.grown_node FILE COUNT SECONDS KEY start --config ...``.

The same command as any node's, with its API, agreement, journal and store; it validates alone. From inside, COUNT
transactions are handed to its own service, or as many as it takes in SECONDS, and after each step a line about its
memory is appended to FILE; then it ends. What is left out is what leaves nothing behind: signatures are made of zeros
and taken as good, and no client and no other validator is linked.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import msgspec

from benchmarks import workload
from benchmarks.running_network import CHAIN_ID, resident_mib
from chainnode.cli import start
from chainnode.cli.main import main as chainnode
from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SCHEME_ED25519, SIGNATURE_BYTES, SigningKey
from chainnode.node import wiring
from chainnode.node.key_file import read_key
from chainnode.types.ids import did_of_key
from chainnode.types.transaction import Envelope, Signature, build_payload
from contracts.kernel.operation import encode_operation

LANES: Final = 2
PART: Final = 500
"""Transactions of one hand-in: 2 x 500 are under way at a time, so that blocks are as large as under a network's load.

It matters: the ids of the last 1,000 blocks are held in memory."""
STEPS: Final = 40
WAIT_MS: Final = 30_000
VALID_BLOCKS: Final = 500


class Sample(msgspec.Struct, frozen=True):
    """The memory of the process at one moment."""

    transactions: int
    """Committed so far."""
    blocks: int
    own_mib: float
    """Resident and of no file: what only the end of the process gives back."""
    file_mib: float
    """Resident pages of files: programs, libraries, and LevelDB's tables, which the system drops when it must."""


class TrustingVerifier:
    """Takes every signature as good, at once."""

    async def start(self) -> None:
        """Nothing to start."""

    async def check(self, records: Sequence[bytes]) -> bytes:
        """Valid, all of them."""
        return b"\1" * len(records)

    async def close(self) -> None:
        """Nothing to release."""


class GrownNode(wiring.Node):
    """A node that loads itself."""

    path = Path()
    count = 0
    seconds = 0.0
    key: SigningKey

    async def start(self) -> None:
        await super().start()
        self._growth = asyncio.create_task(self._grow())

    async def wait(self) -> None:
        ended = asyncio.create_task(super().wait())
        await asyncio.wait({ended, self._growth}, return_when=asyncio.FIRST_COMPLETED)
        if self._growth.done():
            self._growth.result()
            os.kill(os.getpid(), signal.SIGTERM)
        await ended

    async def _grow(self) -> None:
        self._sender = did_of_key(CHAIN_ID, self.key.public_key)
        step = max(PART, self.count // STEPS)
        done, deadline = 0, time.monotonic() + self.seconds
        with self.path.open("ab", buffering=0) as file:
            while True:
                resident, mapped = resident_mib(os.getpid())
                sample = Sample(done, self.ledger.tip_height, round(resident - mapped, 1), round(mapped, 1))
                file.write(msgspec.json.encode(sample) + b"\n")
                if done >= self.count or time.monotonic() > deadline:
                    return
                end = min(done + step, self.count)
                async with asyncio.TaskGroup() as group:
                    for lane in range(LANES):
                        group.create_task(self._lane(range(done + lane * PART, end, LANES * PART), end))
                done = end

    async def _lane(self, starts: range, end: int) -> None:
        for first in starts:
            expiry = self.ledger.tip_height + VALID_BLOCKS
            made = [self._envelope(number, expiry) for number in range(first, min(first + PART, end))]
            answers = await self.service.submit(made)
            places = await self.service.wait_committed([answer.tx_id for answer in answers], WAIT_MS)
            if len(places) < len(made) or None in places.values():
                raise RuntimeError(f"not every transaction was committed: {answers[0]}")

    def _envelope(self, number: int, valid_until: int) -> bytes:
        operations = [encode_operation(workload.evidence(number))]
        nonce = number.to_bytes(16, "big")
        payload = build_payload(CHAIN_ID, self._sender, nonce, valid_until, operations)
        signature = Signature(SCHEME_ED25519, self.key.public_key, bytes(SIGNATURE_BYTES))
        return encode(Envelope(payload, (signature,)))


def main(path: str, count: str, seconds: str, key_file: str, *arguments: str) -> int:
    """Exit status of the node."""
    GrownNode.path, GrownNode.count, GrownNode.seconds = Path(path), int(count), float(seconds)
    GrownNode.key = read_key(Path(key_file), None)

    def trusting(*_: Any) -> TrustingVerifier:
        return TrustingVerifier()

    with patch.object(wiring, "build_verifier", trusting), patch.object(start, "Node", GrownNode):
        return chainnode([*arguments])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
