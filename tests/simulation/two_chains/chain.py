"""One chain of the two: a real ledger over memory, real keys, real certificates; who decides is not the question here.

Agreement has its own simulator. Here a block is decided when a quorum of the real keys signs it, and everything that
relayers touch is the product: ledger, contracts, proofs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import NamedTuple, cast

import msgspec

from chainnode.chain.candidate import Candidate
from chainnode.chain.genesis import genesis_commit
from chainnode.chain.ledger import Ledger
from chainnode.chain.light_update import LightUpdates
from chainnode.cli.testnet.extension import join_proof
from chainnode.cli.testnet.founding import Member, NodeKeys, build_genesis, consortium_did, member_names
from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import ChainError
from chainnode.lightclient.client_state import Untrusted
from chainnode.state.view import State
from chainnode.store.ledger_store import LedgerStore
from chainnode.store.memory import MemoryKeyValue
from chainnode.types.block import block_hash, decode_header
from chainnode.types.genesis import genesis_hash
from chainnode.types.ids import did_of_key
from chainnode.types.parameters import ChainParameters
from chainnode.types.receipt import Event, Receipt
from chainnode.types.transaction import Transaction, build_payload, decode_transaction, sign_payload
from chainnode.types.validator_set import Validator, validator_of
from consensus.certificates import COMMIT, encode_certificate, make_certificate, vote_bytes
from consensus.quorum import quorum_of
from contracts.governance.operations import ReplaceValidator
from contracts.governance.queries import read_checkpoints
from contracts.kernel.operation import Operation, encode_operation
from contracts.kernel.registry import decode_operations

GENESIS_MS = 1_700_000_000_000
VALIDATORS = 4
PARAMETERS = ChainParameters(epoch_blocks=4, validity_window=200)
PROOF_HEIGHTS = 40


def key_of(name: str) -> SigningKey:
    """The signing key that belongs to ``name``."""
    return SigningKey(sha256(name.encode()).digest())


@cache
def entry_of(name: str, did: str, seed: bytes, node_key: bytes) -> Validator:
    """A validator's entry; made once, as its seal key and the proof of it take some milliseconds."""
    return validator_of(name, did, SigningKey(seed), node_key)


class Done(NamedTuple):
    """A committed transaction."""

    envelope: bytes
    operations: tuple[Operation, ...]
    receipt: Receipt


@dataclass
class Block:
    """What a committed block did."""

    height: int
    time_ms: int
    done: list[Done]
    events: list[Event] = field(default_factory=list)
    """Of the transactions that were applied, in order."""


class SimulatedChain:
    """A ledger that grows by blocks of whatever was handed in."""

    def __init__(
        self, chain_id: str, engine: MemoryKeyValue | None = None, *, genesis_ms: int = GENESIS_MS
    ) -> None:
        self.chain_id = chain_id
        self.document = _genesis(chain_id, genesis_ms)
        self.genesis_hash = genesis_hash(self.document)
        if engine is None:
            engine = MemoryKeyValue()
            LedgerStore.initialise(engine, self.document, genesis_commit(self.document))
        self.engine = engine
        self.ledger = Ledger(LedgerStore(engine), tree_cache_bytes=1 << 20, proof_heights=PROOF_HEIGHTS)
        self.light = LightUpdates(self.ledger.store)
        self.keys = {key.public_key: key for key in (key_of(f"{chain_id}-consensus-{n}") for n in range(VALIDATORS))}
        self.pool: list[bytes] = []
        self.refused: list[str] = []
        """Codes of what did not get in at the door."""
        self._numbers = 0

    @property
    def height(self) -> int:
        return self.ledger.tip.height

    @property
    def time_ms(self) -> int:
        return self.ledger.tip.time_ms

    @property
    def state(self) -> State:
        return self.ledger.committed_state()

    def envelope(self, sender: str, operations: Sequence[Operation | bytes], signers: Sequence[str] = ()) -> bytes:
        """A signed transaction; operations given as bytes go in as they are."""
        self._numbers += 1
        raw = [item if isinstance(item, bytes) else encode_operation(item) for item in operations]
        nonce = sha256(b"%s %d" % (sender.encode(), self._numbers)).digest()[:16]
        did = consortium_did(self.chain_id) if signers else did_of_key(self.chain_id, key_of(sender).public_key)
        payload = build_payload(self.chain_id, did, nonce, self.height + 100, raw)
        return sign_payload(payload, [key_of(name) for name in signers or (sender,)])

    def govern(self, *operations: Operation) -> None:
        """The consortium does this with the next block."""
        signers = [f"operator-{number}" for number in range(quorum_of(VALIDATORS))]
        self.submit(self.envelope("consortium", operations, signers))

    def submit(self, envelope: bytes) -> bool:
        """Hand in a transaction, as at a node's door."""
        try:
            decode_operations(decode_transaction(envelope))
        except ChainError as error:
            self.refused.append(error.code)
            return False
        self.pool.append(envelope)
        return True

    def extend(self, now_ms: int, signers: Sequence[int] = (0, 1, 2)) -> Block:
        """Decide one block of what is in the pool; ``signers`` are indexes in the set, a quorum."""
        transactions: list[Transaction] = []
        for data in self.pool:
            found = decode_transaction(data)
            decode_operations(found)
            if found.payload.valid_until > self.height and all(found.tx_id != other.tx_id for other in transactions):
                transactions.append(found)
        self.pool.clear()
        candidate = self.ledger.build(0, transactions, now_ms)
        fault = self.ledger.fresh_fault(candidate, 0, candidate.header.time_ms)
        assert fault in {None, "block-leader"}, fault
        receipts = self.ledger.commit(candidate, self.certificate(candidate, signers)) or []
        self.ledger.prune()
        pairs = zip(candidate.transactions, receipts, strict=True)
        done = [Done(item.envelope, cast("tuple[Operation, ...]", item.operations), receipt) for item, receipt in pairs]
        events = [event for item in done if item.receipt.code == "ok" for event in item.receipt.events]
        return Block(candidate.header.height, candidate.header.time_ms, done, events)

    def certificate(self, candidate: Candidate, signers: Sequence[int]) -> bytes:
        """By members of the set that is in force."""
        header, members = candidate.header, self.ledger.validators.validators
        signed = vote_bytes(
            COMMIT, chain_id=header.chain_id, epoch=header.epoch, validators_hash=header.validators_hash,
            height=header.height, view=0, block_hash=candidate.block_hash,
        )
        votes = [(index, self.keys[members[index].consensus_key].sign(signed)) for index in sorted(signers)]
        return encode_certificate(
            make_certificate(
                COMMIT, votes, epoch=header.epoch, height=header.height, view=0, block_hash=candidate.block_hash
            )
        )

    def rival(self, root: bytes) -> Untrusted:
        """Another block in the place of the tip, with this state root, that a quorum of the same keys signs as well."""
        while decode_header(self.light.beginning(self.height)[0]).epoch != self.ledger.validators.epoch:
            self.extend(self.time_ms + 1)
        honest = self.light.update(self.height - 1, self.height)
        header = msgspec.structs.replace(decode_header(honest.header), prev_state_root=root)
        data = encode(header)
        candidate = Candidate(block_hash(data), data, header, [], b"")
        return msgspec.structs.replace(honest, header=data, decision=self.certificate(candidate, (0, 1, 2)))

    def replace_validator(self, index: int) -> bool:
        """One member goes on with a new key from the next epoch on; False while the chain has no checkpoint."""
        known = read_checkpoints(self.state).checkpoints
        members = self.ledger.validators.validators
        if not known:
            return False
        old = members[index]
        key = key_of(f"{self.chain_id}-consensus-{len(self.keys)}")
        self.keys[key.public_key] = key
        entry = entry_of(old.name, old.did, key.seed, old.node_key)
        proof = join_proof(self.chain_id, entry, key, known[-1].height, known[-1].block_hash)
        self.govern(ReplaceValidator(old.consensus_key, entry, proof))
        return True

    def prove(self, header_height: int, state_key: bytes) -> bytes:
        """Of presence or absence, whichever it is, in the state that the header at this height commits to."""
        return encode(self.ledger.tree.prove(header_height - 1, state_key))


@cache
def _genesis(chain_id: str, genesis_ms: int) -> bytes:
    nodes = [
        NodeKeys(f"validator-{n}", key_of(f"{chain_id}-node-{n}"), key_of(f"{chain_id}-consensus-{n}"))
        for n in range(VALIDATORS)
    ]
    members = [Member(name, roles, key_of(name)) for name, roles in member_names(VALIDATORS).items()]
    return build_genesis(chain_id, genesis_ms, nodes, members, PARAMETERS)
