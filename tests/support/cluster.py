"""A real network inside one process: real files, LevelDB, TLS sockets on loopback and signatures.

Each node is the production ``Node`` on its own data directory; only the processes are missing,
so that a test can look inside and stop a node between any two events.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from chainnode.cli.testnet.creation import Plan, create_network
from chainnode.cli.testnet.manifest import Manifest, config_path, identity_path
from chainnode.crypto.ed25519 import SigningKey
from chainnode.node.config import load_config
from chainnode.node.data_directory import initialise_data
from chainnode.node.key_file import read_key
from chainnode.node.wiring import Node
from chainnode.types.ids import did_of_key
from chainnode.types.transaction import build_payload, sign_payload
from contracts.evidence.operations import RecordEvidence
from contracts.kernel.operation import encode_operation

CHAIN_ID = "test-chain"


class Cluster:
    """The nodes of one network, by name."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.genesis = (folder / "genesis.bin").read_bytes()
        self.nodes: dict[str, Node] = {}

    @property
    def names(self) -> list[str]:
        return [node.name for node in self.manifest.nodes]

    async def start(self, name: str) -> Node:
        config = load_config(config_path(self.folder, name)).config
        if not config.node.data_dir.exists():
            initialise_data(config.node.data_dir, self.genesis)
        node = Node.open(config, self.genesis)
        await node.start()
        self.nodes[name] = node
        return node

    async def stop(self, name: str) -> None:
        await self.nodes.pop(name).close()

    async def stop_all(self) -> None:
        for name in list(self.nodes):
            await self.stop(name)

    def key(self, identity: str) -> SigningKey:
        return read_key(identity_path(self.folder, identity))

    def heights(self) -> dict[str, int]:
        return {name: node.ledger.tip.height for name, node in self.nodes.items()}

    async def until_height(self, height: int, seconds: float = 10.0) -> None:
        await until(lambda: all(found >= height for found in self.heights().values()), seconds)

    async def until_equal(self, seconds: float = 10.0) -> None:
        await until(lambda: len(set(self.heights().values())) == 1, seconds)

    def envelope(
        self, number: int, *, identity: str = "harbour-exchange", valid_for: int = 500, operations: int = 1
    ) -> bytes:
        """A distinct signed transaction of small evidence records."""
        key = self.key(identity)
        tip = max(self.heights().values(), default=0)
        encoded = [
            encode_operation(evidence(number * 1_000 + offset)) for offset in range(operations)
        ]
        did = did_of_key(CHAIN_ID, key.public_key)
        nonce = number.to_bytes(16, "big")
        return sign_payload(build_payload(CHAIN_ID, did, nonce, tip + valid_for, encoded), [key])


def evidence(number: int) -> RecordEvidence:
    """A small evidence record, distinct for each number."""
    return RecordEvidence(number.to_bytes(16, "big"), "file", "sha256", number.to_bytes(32, "big"), False)


async def until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until ``holds()`` is true; TimeoutError after ``seconds``."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.01)


@asynccontextmanager
async def cluster(
    folder: Path, *, validators: int = 4, observers: int = 0, start: Sequence[str] | None = None
) -> AsyncIterator[Cluster]:
    """A fresh network; every node (or those in ``start``) runs, and is stopped at the end."""
    plan = Plan(CHAIN_ID, validators, observers)
    manifest = create_network(folder / "net", plan, time_ms=time.time_ns() // 1_000_000)
    made = Cluster(folder / "net", manifest)
    try:
        for name in made.names if start is None else start:
            await made.start(name)
        yield made
    finally:
        await made.stop_all()
