"""One ledger of a real genesis in memory, and a quorum of keys that certifies whatever is built on it."""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from chainnode.chain.candidate import Candidate
from chainnode.chain.genesis import genesis_commit
from chainnode.chain.ledger import Ledger
from chainnode.chain.queries import LedgerQueries
from chainnode.cli.testnet.founding import (
    INSTITUTIONS,
    Member,
    NodeKeys,
    build_genesis,
    consortium_did,
    member_names,
)
from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.store.key_value import KeyValue
from chainnode.store.ledger_store import LedgerStore
from chainnode.store.memory import MemoryKeyValue
from chainnode.types.genesis import genesis_hash
from chainnode.types.ids import did_of_key
from chainnode.types.receipt import Receipt
from chainnode.types.transaction import Envelope, Transaction, build_payload, decode_transaction, sign_payload
from consensus.certificates import CertificateKind, QuorumCertificate, encode_certificate, make_certificate, vote_bytes
from consensus.equivocation import encode_equivocation, make_equivocation
from consensus.messages import Prepare
from consensus.signing import signed_bytes, with_signature
from contracts.evidence.operations import RecordEvidence
from contracts.governance.operations_proposal import Propose
from contracts.kernel.operation import Operation, encode_operation
from contracts.kernel.registry import decode_operations

CHAIN_ID = "local-chain"
GENESIS_MS = 1_700_000_000_000
CLIENT = "harbour-exchange"
VALIDATORS = 4


def key_of(name: str) -> SigningKey:
    """The signing key that belongs to ``name``."""
    return SigningKey(sha256(name.encode()).digest())


CONSENSUS_KEYS = [key_of(f"consensus-{number}") for number in range(VALIDATORS)]
NODE_KEYS = [key_of(f"node-{number}") for number in range(VALIDATORS + 1)]
"""Of the validators, then of one observer."""


def make_genesis(chain_id: str = CHAIN_ID) -> bytes:
    """A genesis of four validators and one observer with the institutions of a development network."""
    nodes = [NodeKeys(f"validator-{n}", NODE_KEYS[n], CONSENSUS_KEYS[n]) for n in range(VALIDATORS)]
    nodes.append(NodeKeys("observer-0", NODE_KEYS[VALIDATORS], None))
    members = [Member(name, roles, key_of(name)) for name, roles in member_names(VALIDATORS).items()]
    return build_genesis(chain_id, GENESIS_MS, nodes, members)


GENESIS = make_genesis()
GENESIS_HASH = genesis_hash(GENESIS)


def evidence(number: int) -> RecordEvidence:
    """A small evidence record, distinct for each number."""
    return RecordEvidence(number.to_bytes(16, "big"), "file", "sha256", number.to_bytes(32, "big"), False)


def envelope(
    number: int,
    *,
    valid_until: int = 100,
    operations: Sequence[Operation] | None = None,
    signer: str = CLIENT,
    sender: str = CLIENT,
    chain_id: str = CHAIN_ID,
    memo: str = "",
) -> bytes:
    """A distinct signed transaction, by default of one evidence record."""
    assert sender in INSTITUTIONS or sender == signer
    encoded = [encode_operation(item) for item in operations or [evidence(number)]]
    did = did_of_key(CHAIN_ID, key_of(sender).public_key)
    nonce = number.to_bytes(16, "big")
    return sign_payload(build_payload(chain_id, did, nonce, valid_until, encoded, memo), [key_of(signer)])


def transaction(number: int, **options: object) -> Transaction:
    """As ``envelope``, decoded with its operations."""
    found = decode_transaction(envelope(number, **options))  # type: ignore[arg-type]
    decode_operations(found)
    return found


def consortium_transaction(
    operation: Operation, *, valid_until: int, operators: Sequence[int] = (0, 1, 2)
) -> Transaction:
    """A change of the consortium, signed by these operators."""
    raw = encode_operation(operation)
    payload = build_payload(CHAIN_ID, consortium_did(CHAIN_ID), sha256(raw).digest()[:16], valid_until, [raw])
    found = decode_transaction(sign_payload(payload, [key_of(f"operator-{number}") for number in operators]))
    decode_operations(found)
    return found


def consortium_proposal(chain: "LocalChain", *operations: Operation) -> Candidate:
    """Two blocks: the consortium proposes and approves; the second carries ``operations`` out as it opens."""
    proposed = Propose("A change", tuple(encode_operation(item) for item in operations), 60_000, approve=True)
    made = consortium_transaction(proposed, valid_until=chain.ledger.tip.height + 50)
    chain.commit(chain.ledger.build(0, [made], chain.now_ms))
    return chain.extend()


def certificate_of(
    candidate: Candidate,
    *,
    signers: Sequence[int] = (0, 1, 2),
    view: int = 0,
    kind: CertificateKind = CertificateKind.COMMIT,
) -> QuorumCertificate:
    """What those signers say when they commit ``candidate``."""
    header = candidate.header
    signed = vote_bytes(
        kind, chain_id=header.chain_id, epoch=header.epoch, validators_hash=header.validators_hash,
        height=header.height, view=view, block_hash=candidate.block_hash,
    )
    votes = [(index, CONSENSUS_KEYS[index].sign(signed)) for index in signers]
    return make_certificate(
        kind, votes, epoch=header.epoch, height=header.height, view=view, block_hash=candidate.block_hash
    )


def forged(genuine: Transaction) -> Transaction:
    """The same transaction by its id, under signatures that nobody gave: another envelope, another leaf."""
    outer = msgspec.msgpack.decode(genuine.envelope, type=Envelope)
    signatures = tuple(msgspec.structs.replace(found, signature=bytes(64)) for found in outer.signatures)
    return decode_transaction(encode(Envelope(outer.payload, signatures)))


class LocalChain:
    """A ledger that decides alone."""

    def __init__(self, store: KeyValue | None = None, *, proof_heights: int = 64) -> None:
        self.engine = store or MemoryKeyValue()
        LedgerStore.initialise(self.engine, GENESIS, genesis_commit(GENESIS))
        self._proof_heights = proof_heights
        self.ledger = self.reopened()

    def reopened(self) -> Ledger:
        """A second ledger on the same store, as after a restart."""
        return Ledger(LedgerStore(self.engine), tree_cache_bytes=1 << 20, proof_heights=self._proof_heights)

    @property
    def queries(self) -> LedgerQueries:
        return LedgerQueries(self.ledger)

    @property
    def now_ms(self) -> int:
        """A second after the tip."""
        return self.ledger.tip.time_ms + 1_000

    def build(self, *numbers: int, proposer: int = 0, **options: object) -> Candidate:
        """A fresh block on the tip with one transaction for each number."""
        valid_until = self.ledger.tip.height + 50
        chosen = [transaction(number, **{"valid_until": valid_until, **options}) for number in numbers]
        return self.ledger.build(proposer, chosen, self.now_ms)

    def commit(self, candidate: Candidate) -> list[Receipt] | None:
        return self.ledger.commit(candidate, encode_certificate(certificate_of(candidate)))

    def extend(self, *numbers: int, proposer: int = 0, **options: object) -> Candidate:
        """Build and commit one block."""
        candidate = self.build(*numbers, proposer=proposer, **options)
        self.commit(candidate)
        return candidate

    def grow(self, blocks: int, transactions: int = 1) -> list[Candidate]:
        """So many blocks, each of so many distinct transactions."""
        first = self.ledger.tip.height * 1_000 + 1
        return [
            self.extend(*range(first + block * 1_000, first + block * 1_000 + transactions)) for block in range(blocks)
        ]


def double_vote(
    chain: LocalChain, accused: int, *, height: int, epoch: int = 0, signer: int | None = None,
    second_signer: int | None = None,
) -> bytes:
    """The item of a block that says: ``accused`` prepared two blocks at ``height``; false if others signed."""
    validators = chain.ledger.surroundings.validators
    votes = []
    for name, key in (("one", signer), ("other", second_signer if second_signer is not None else signer)):
        hash_ = sha256(name.encode()).digest()
        vote = Prepare(CHAIN_ID, epoch, validators.hash, height, 0, accused, hash_)
        votes.append(with_signature(vote, CONSENSUS_KEYS[accused if key is None else key].sign(signed_bytes(vote))))
    found = make_equivocation(*votes)
    assert found is not None
    return encode_equivocation(found)
