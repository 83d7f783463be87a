"""How the people of the day reach the chain: sign, submit, wait for the commit, and look at what came of it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import NotFound, Rejected
from chainnode.sdk.client import Client
from chainnode.sdk.wallet import Wallet
from contracts.kernel.operation import Operation

UNDER_WAY_MAX: Final = 32
"""Transactions of all people together that wait for their commit."""
TIMEOUT_MS: Final = 60_000


def now_ms() -> int:
    """The time of this machine, which the validators' block times follow."""
    return time.time_ns() // 1_000_000


class Unexpected(AssertionError):
    """Something was refused that should have been done, or the reverse."""


@dataclass
class Person:
    """Somebody with an identity."""

    name: str
    wallet: Wallet

    @property
    def did(self) -> str:
        """Its name on the ledger."""
        return self.wallet.did


@dataclass
class Tally:
    """What was done and refused, for the report."""

    transactions: int = 0
    operations: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """Refusals that were expected, by code."""


class Ledger:
    """The chain as its users see it."""

    def __init__(self, client: Client, chain_id: str) -> None:
        self.client: Final = client
        self.chain_id: Final = chain_id
        self.tally: Final = Tally()
        self._slots = asyncio.Semaphore(UNDER_WAY_MAX)

    def person(self, name: str, key: SigningKey) -> Person:
        """Somebody who signs with ``key``."""
        return Person(name, Wallet(self.chain_id, [key]))

    async def do(self, who: Person, *operations: Operation) -> int:
        """Put operations on the ledger; the height of their block.

        Raises:
            Unexpected: they were refused.
        """
        code, info, height = await self._code(who, operations)
        if code != "ok":
            names = ", ".join(str(operation.__struct_config__.tag) for operation in operations)
            raise Unexpected(f"{who.name}: {names}: {code}: {info}")
        self.tally.operations += len(operations)
        return height

    async def refused(self, code: str, who: Person, *operations: Operation) -> None:
        """Try what must be refused with ``code``.

        Raises:
            Unexpected: it was done, or refused for another reason.
        """
        found, info, _ = await self._code(who, operations)
        if found != code:
            names = ", ".join(str(operation.__struct_config__.tag) for operation in operations)
            raise Unexpected(f"{who.name}: {names}: {found} instead of {code}: {info}")
        self.tally.refused[code] = self.tally.refused.get(code, 0) + 1

    async def _code(self, who: Person, operations: Sequence[Operation]) -> tuple[str, str, int]:
        async with self._slots:
            try:
                done = await who.wallet.submit(self.client, operations, timeout_ms=TIMEOUT_MS)
            except Rejected as refusal:
                return refusal.code, refusal.message, 0
            if done.receipt is None:
                raise Unexpected(f"{who.name}: {done.tx_id} is committed without a receipt")
        self.tally.transactions += 1
        return done.receipt.code, done.receipt.info, done.height or 0

    async def wait_until(self, time_ms: int) -> None:
        """Wait until a block's time is after ``time_ms``; an idle chain makes none, so the clock decides."""
        behind_ms = time_ms - now_ms()
        await asyncio.sleep(max(0, behind_ms) / 1000 + 0.05)

    async def exists(self, asset_id: bytes) -> bool:
        """Whether an asset is registered."""
        try:
            await self.client.asset(asset_id)
        except NotFound:
            return False
        return True
