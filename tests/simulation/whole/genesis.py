"""What every simulated network of one size starts from; made once for a process."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from chainnode.chain.genesis import genesis_commit
from chainnode.cli.testnet.founding import Member, NodeKeys, build_genesis, consortium_did, member_names
from chainnode.crypto.ed25519 import SigningKey
from chainnode.state.overlay import Overlay
from chainnode.store.key_value import WriteBatch
from chainnode.store.ledger_store import LedgerStore
from chainnode.store.memory import MemoryKeyValue
from chainnode.types.genesis import genesis_hash
from chainnode.types.ids import did_of_key
from chainnode.types.parameters import ChainParameters
from chainnode.types.transaction import build_payload, sign_payload
from chainnode.types.validator_set import Validator, ValidatorList, validator_of, voting_set
from consensus.quorum import ValidatorSet, quorum_of
from contracts.evidence.operations import RecordEvidence
from contracts.governance.queries import read_validators
from contracts.kernel.operation import Operation, encode_operation
from tests.simulation.whole.signing import key_of

CHAIN_ID = "simulated"
GENESIS_MS = 1_700_000_000_000
CLIENT = "harbour-exchange"
REGULATOR = "lighthouse-regulator"
"""The institution that runs nodes which only follow."""
PACES = {
    "usual": ChainParameters(),
    "brisk": ChainParameters(
        idle_block_ms=2_000, view_timeout_ms=300, view_timeout_max_ms=1_000, resend_ms=400, epoch_blocks=4
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
    members: ValidatorList
    """Who validates from genesis on."""
    candidates: tuple[Validator, ...]
    """Everybody who may ever validate, by identity: the members, then the spares."""
    parameters: ChainParameters


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
def foundation(size: int, pace: str = "usual", spares: int = 0) -> Foundation:
    """The genesis of ``size`` validators, and of ``spares`` nodes that follow and may take their place."""
    nodes = [NodeKeys(f"validator-{index}", node_key(index), consensus_key(index)) for index in range(size)]
    nodes += [NodeKeys(f"spare-{index}", node_key(index), None) for index in range(size, size + spares)]
    members = [Member(name, roles, key_of(name)) for name, roles in member_names(size).items()]
    document = build_genesis(CHAIN_ID, GENESIS_MS, nodes, members, PACES[pace])
    engine = _Recording()
    store = LedgerStore.initialise(engine, document, genesis_commit(document))
    founders = read_validators(Overlay(store.state))
    regulator = did_of_key(CHAIN_ID, key_of(REGULATOR).public_key)
    candidates = [
        validator_of(f"spare-{index}", regulator, consensus_key(index), node_key(index).public_key)
        for index in range(size, size + spares)
    ]
    return Foundation(
        document, genesis_hash(document), engine.pairs, voting_set(founders), founders,
        (*founders.validators, *candidates), PACES[pace],
    )


def envelope(
    number: int, valid_until: int, *, chain_id: str = CHAIN_ID, signer: str = CLIENT, repeat: int = 0
) -> bytes:
    """A signed transaction of one evidence record; ``repeat`` makes another transaction of the same record."""
    operation = RecordEvidence(number.to_bytes(16, "big"), "file", "sha256", number.to_bytes(32, "big"), False)
    did = did_of_key(CHAIN_ID, key_of(CLIENT).public_key)
    nonce = (number * 16 + repeat).to_bytes(16, "big")
    payload = build_payload(chain_id, did, nonce, valid_until, [encode_operation(operation)], "")
    return sign_payload(payload, [key_of(signer)])


def governing(number: int, valid_until: int, size: int, operations: Sequence[Operation]) -> bytes:
    """A transaction of the consortium, signed by a quorum of the ``size`` founding operators."""
    encoded = [encode_operation(operation) for operation in operations]
    nonce = b"govern" + number.to_bytes(10, "big")
    payload = build_payload(CHAIN_ID, consortium_did(CHAIN_ID), nonce, valid_until, encoded, "")
    return sign_payload(payload, [key_of(f"operator-{one}") for one in range(quorum_of(size))])
