"""A real network inside one process: real files, LevelDB, TLS sockets on loopback and signatures.

Each node is the production ``Node`` on its own data directory; only the processes are missing,
so that a test can look inside and stop a node between any two events.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from chainnode.chain.certificate import open_certificate
from chainnode.cli.testnet.creation import Plan, create_network
from chainnode.cli.testnet.extension import extend_network, join_proof, observer_of, validator_of
from chainnode.cli.testnet.founding import consortium_did
from chainnode.cli.testnet.manifest import Manifest, config_path, identity_path
from chainnode.crypto.ed25519 import SigningKey
from chainnode.node.config import load_config
from chainnode.node.data_directory import initialise_data
from chainnode.node.key_file import read_key
from chainnode.node.wiring import Node
from chainnode.types.ids import did_of_key
from chainnode.types.parameters import ChainParameters
from chainnode.types.transaction import build_payload, sign_payload
from chainnode.types.validator_set import ObserverNode, Validator
from consensus.certificates import QuorumCertificate
from contracts.evidence.operations import RecordEvidence
from contracts.governance.operations import AdmitNode, JoinProof
from contracts.governance.queries import read_checkpoints
from contracts.kernel.operation import Operation, encode_operation

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

    async def start(self, name: str, *, rejoin_after_loss: bool = False, **flags: str) -> Node:
        """Start a node; ``flags`` are configuration keys with two underscores for the point."""
        named = {key.replace("__", "."): value for key, value in flags.items()}
        config = load_config(config_path(self.folder, name), flags=named).config
        if not config.node.data_dir.exists():
            initialise_data(config.node.data_dir, self.genesis)
        node = Node.open(config, self.genesis, rejoin_after_loss=rejoin_after_loss)
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


    def certificate(self, height: int, via: str = "validator-0") -> QuorumCertificate:
        found = self.nodes[via].ledger.store.certificate(height)
        assert found is not None
        return open_certificate(found)

    # Governance.

    def extend(self, name: str) -> None:
        """Files of one more node, not yet known to the chain."""
        self.manifest = extend_network(self.folder, name)

    async def govern(
        self, *operations: Operation, via: str = "validator-0", operators: Sequence[int] = (0, 1, 2)
    ) -> str:
        """A transaction of the consortium, signed by these operators; its code once it is durable at ``via``."""
        keys = [self.key(f"operator-{number}") for number in operators]
        encoded = [encode_operation(operation) for operation in operations]
        valid_until = max(self.heights().values()) + 100
        payload = build_payload(CHAIN_ID, consortium_did(CHAIN_ID), secrets.token_bytes(16), valid_until, encoded)
        service = self.nodes[via].service
        (answer,) = await service.submit([sign_payload(payload, keys)])
        assert answer.outcome == "accepted", answer
        places = await service.wait_committed([answer.tx_id], 20_000)
        assert None not in places.values()
        return service.queries.receipt(answer.tx_id).code

    def consensus_key(self, name: str) -> SigningKey:
        return read_key(self.folder / name / "consensus-key.json")

    def observer(self, name: str) -> ObserverNode:
        return observer_of(self.folder, self.manifest, name)

    def validator(self, name: str) -> Validator:
        return validator_of(self.folder, self.manifest, name)

    def proof(self, name: str) -> JoinProof:
        """What the node itself signs about a checkpoint that it holds."""
        checkpoint = read_checkpoints(self.nodes[name].ledger.committed_state()).checkpoints[-1]
        return join_proof(
            CHAIN_ID, self.validator(name), self.consensus_key(name), checkpoint.height, checkpoint.block_hash
        )

    async def join(self, name: str) -> None:
        """Make, admit and start a node, and wait until it follows."""
        self.extend(name)
        assert await self.govern(AdmitNode(self.observer(name))) == "ok"
        await self.start(name)
        tip = max(self.heights().values())
        await until(lambda: self.nodes[name].ledger.tip.height >= tip, 20)


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
    folder: Path,
    *,
    validators: int = 4,
    observers: int = 0,
    start: Sequence[str] | None = None,
    parameters: ChainParameters | None = None,
) -> AsyncIterator[Cluster]:
    """A fresh network; every node (or those in ``start``) runs, and is stopped at the end."""
    plan = Plan(CHAIN_ID, validators, observers, parameters=parameters)
    manifest = create_network(folder / "net", plan, time_ms=time.time_ns() // 1_000_000)
    made = Cluster(folder / "net", manifest)
    try:
        for name in made.names if start is None else start:
            await made.start(name)
        yield made
    finally:
        await made.stop_all()
