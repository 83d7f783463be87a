"""One of the two chains of ``demo --two-chains``: its processes, its identities, and what it holds in the end."""

import os
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from chainnode.cli.connection import EXCHANGE
from chainnode.cli.demo.supervisor import Supervisor
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.testnet.creation import Plan, create_network
from chainnode.cli.testnet.founding import consortium_did
from chainnode.cli.testnet.manifest import Manifest, identity_path
from chainnode.node.key_file import read_key
from chainnode.relayer.introduction import introduction
from chainnode.sdk.answer import Document, EventRecord, Submission
from chainnode.sdk.batching import pack
from chainnode.sdk.client import Client
from chainnode.sdk.wallet import Wallet
from chainnode.types.parameters import ChainParameters
from consensus.quorum import quorum_of
from contracts.governance.operations import RemoveValidator
from contracts.kernel.operation import Operation, encode_operation
from contracts.relay.operations import RegisterCounterparty

BUYER: Final = "orchard-buyer"
RELAYER: Final = "lighthouse-regulator"
"""Any identity can carry packets; this one owns nothing that is traded."""
CLIENT_ID: Final = "chainnode-1"
"""The first client of a chain."""
PARAMETERS: Final = ChainParameters(idle_block_ms=500, epoch_blocks=20)
"""A validator leaves within seconds, and a silent chain's time goes on, so that time-outs can be proved."""


class Side:
    """One chain of four validators. ``close`` must be called, whatever happened."""

    def __init__(self, folder: Path, chain_id: str, validators: int) -> None:
        plan = Plan(chain_id, validators, 0, log_level="warning", parameters=PARAMETERS)
        self.folder: Final = folder
        self.chain_id: Final = chain_id
        self.manifest: Final[Manifest] = create_network(folder, plan, time_ms=time.time_ns() // 1_000_000)
        self.supervisor: Final = Supervisor(folder, self.manifest, os.getpid())
        self.client: Final = Client([node.api for node in self.manifest.nodes], patience_ms=60_000)
        self.exchange: Final = self.wallet(EXCHANGE)
        self.buyer: Final = self.wallet(BUYER)
        keys = [read_key(identity_path(folder, f"operator-{number}")) for number in range(quorum_of(validators))]
        self.operators: Final = Wallet(chain_id, keys, consortium_did(chain_id))

    def wallet(self, name: str) -> Wallet:
        """A development identity of this chain."""
        return Wallet(self.chain_id, [read_key(identity_path(self.folder, name))])

    async def close(self) -> None:
        """End every process of this chain."""
        await self.client.close()
        self.supervisor.stop_all()

    async def apply(self, wallet: Wallet, operations: Sequence[Operation]) -> None:
        """Have all of them on the ledger, in as few transactions as they fit.

        Raises:
            CommandError: ``demo-refused``: the chain refused what the demo rests on.
        """
        encoded = [encode_operation(operation) for operation in operations]
        for run in pack(encoded):
            done = await wallet.submit(self.client, [encoded[at] for at in run], timeout_ms=60_000)
            _check(done, self.chain_id)

    async def follow(self, other: "Side") -> None:
        """Create the client of the other chain, and say who its opposite is: by vote of the operators."""
        create, _ = await introduction(other.client)
        await self.apply(self.operators, [create, RegisterCounterparty(CLIENT_ID, CLIENT_ID)])

    async def remove_validator(self) -> None:
        """Take the last validator out of the set of the next epoch."""
        members = (await self.client.validators()).validators
        leaving = RemoveValidator(bytes.fromhex(members[-1].consensus_key))
        await self.apply(self.operators, [leaving])

    async def under_way(self) -> int:
        """Packets that were sent and are not settled."""
        return len(await self.records("relay-packets", client_id=CLIENT_ID))

    async def records(self, collection: str, **filters: str) -> list[Document]:
        """Every record of a collection."""
        return [record async for record in self.client.all_records(collection, **filters)]

    def events(self, name: str) -> AsyncIterator[EventRecord]:
        """Every event of one name about the client."""
        return self.client.all_events(name, "client_id", CLIENT_ID)


def _check(done: Submission, chain_id: str) -> None:
    if not done.applied:
        receipt = done.receipt
        told = "no receipt" if receipt is None else f"{receipt.code}: {receipt.info}"
        raise CommandError("demo-refused", f"{chain_id} refused what the demo rests on: {told}", Exit.FAILED)
