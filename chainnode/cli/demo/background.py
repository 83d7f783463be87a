"""A modest load that keeps a demo's table alive: evidence of the nodes' own status, a few times a second."""

import asyncio
import secrets
from typing import Final

import msgspec

from chainnode.errors import ChainError
from chainnode.sdk.client import Client
from chainnode.sdk.wallet import Wallet
from contracts.evidence.digest import SALT_BYTES, salted_digest
from contracts.evidence.operations import RecordEvidence

PERIOD_S: Final = 0.2
PATIENCE_MS: Final = 10_000


class BackgroundLoad:
    """Five small transactions a second; a node that is down, or a chain that stands, only slows it."""

    def __init__(self, urls: list[str], wallet: Wallet) -> None:
        self._urls = urls
        self._wallet = wallet
        self.committed = 0
        self.failed = 0
        self.last_failure = ""

    async def run(self) -> None:
        """Until cancelled."""
        async with Client(self._urls, spread=True, patience_ms=PATIENCE_MS) as client:
            while True:
                try:
                    await self._submit_one(client)
                    self.committed += 1
                except ChainError as error:
                    self.failed += 1
                    self.last_failure = error.code
                await asyncio.sleep(PERIOD_S)

    async def _submit_one(self, client: Client) -> None:
        status = msgspec.json.encode(await client.status())
        operation = RecordEvidence(
            evidence_id=secrets.token_bytes(16),
            kind="transaction-log",
            algorithm="sha256",
            digest=salted_digest(secrets.token_bytes(SALT_BYTES), status),
            size=len(status),
            media_type="application/json",
            title="status of a demo node",
        )
        await self._wallet.submit(client, [operation], timeout_ms=PATIENCE_MS)
