"""What every simulated network of one size starts from; made once for a process."""

from functools import cache
from typing import NamedTuple

from chainnode.chain.genesis import genesis_commit
from chainnode.cli.testnet.founding import Member, NodeKeys, build_genesis, member_names
from chainnode.crypto.ed25519 import SigningKey
from chainnode.state.overlay import Overlay
from chainnode.store.key_value import WriteBatch
from chainnode.store.ledger_store import LedgerStore
from chainnode.store.memory import MemoryKeyValue
from chainnode.types.genesis import genesis_hash
from chainnode.types.ids import did_of_key
from chainnode.types.parameters import ChainParameters
from chainnode.types.transaction import build_payload, sign_payload
from chainnode.types.validator_set import voting_set
from consensus.quorum import ValidatorSet
from contracts.evidence.operations import RecordEvidence
from contracts.governance.queries import read_validators
from contracts.kernel.operation import encode_operation
from tests.simulation.whole.signing import key_of

CHAIN_ID = "simulated"
GENESIS_MS = 1_700_000_000_000
CLIENT = "harbour-exchange"
PACES = {
    "usual": ChainParameters(),
    "brisk": ChainParameters(
        idle_block_ms=2_000, view_timeout_ms=300, view_timeout_max_ms=1_000, resend_ms=250, epoch_blocks=8
    ),
}
"""Parameters of a chain: those that chains have, and those under which a minute holds many views and epochs."""


class Foundation(NamedTuple):
    """The start of one network."""

    document: bytes
    hash: bytes
    pairs: dict[bytes, bytes]
    """Database of an initialised node."""
    validators: ValidatorSet


class _Recording(MemoryKeyValue):
    __slots__ = ("pairs",)

    def __init__(self) -> None:
        super().__init__()
        self.pairs: dict[bytes, bytes] = {}

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        self.pairs.update({key: value for key, value in batch.operations if value is not None})
        super().write(batch, sync=sync)


def consensus_key(index: int) -> SigningKey:
    return key_of(f"consensus-{index}")


def node_key(index: int) -> SigningKey:
    return key_of(f"node-{index}")


@cache
def foundation(size: int, pace: str = "usual") -> Foundation:
    """The genesis of ``size`` validators."""
    nodes = [NodeKeys(f"validator-{index}", node_key(index), consensus_key(index)) for index in range(size)]
    members = [Member(name, roles, key_of(name)) for name, roles in member_names(size).items()]
    document = build_genesis(CHAIN_ID, GENESIS_MS, nodes, members, PACES[pace])
    engine = _Recording()
    store = LedgerStore.initialise(engine, document, genesis_commit(document))
    validators = voting_set(read_validators(Overlay(store.state)))
    return Foundation(document, genesis_hash(document), engine.pairs, validators)


def envelope(
    number: int, valid_until: int, *, chain_id: str = CHAIN_ID, signer: str = CLIENT, repeat: int = 0
) -> bytes:
    """A signed transaction of one evidence record; ``repeat`` makes another transaction of the same record."""
    operation = RecordEvidence(number.to_bytes(16, "big"), "file", "sha256", number.to_bytes(32, "big"), False)
    did = did_of_key(CHAIN_ID, key_of(CLIENT).public_key)
    nonce = (number * 16 + repeat).to_bytes(16, "big")
    payload = build_payload(chain_id, did, nonce, valid_until, [encode_operation(operation)], "")
    return sign_payload(payload, [key_of(signer)])
