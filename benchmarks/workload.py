"""Seeded material: keys, a genesis, transactions, a ledger that decides alone. Equal arguments, equal bytes."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Final

from chainnode.chain.candidate import Candidate
from chainnode.chain.genesis import genesis_commit
from chainnode.chain.ledger import Ledger
from chainnode.cli.testnet.founding import Member, NodeKeys, build_genesis, consortium_did, member_names
from chainnode.crypto.ed25519 import SigningKey
from chainnode.store.key_value import KeyValue
from chainnode.store.ledger_store import LedgerStore
from chainnode.types.ids import did_of_key
from chainnode.types.transaction import Transaction, build_payload, decode_transaction, sign_payload
from consensus.certificates import CertificateKind, encode_certificate, make_certificate, vote_bytes
from consensus.quorum import quorum_of
from contracts.evidence.operations import RecordEvidence
from contracts.kernel.operation import Operation, encode_operation
from contracts.kernel.registry import decode_operations

CHAIN_ID: Final = "bench"
GENESIS_MS: Final = 1_750_000_000_000
VALIDATORS: Final = 4
EXCHANGE: Final = "harbour-exchange"
"""The identity that signs: it may register assets and record evidence."""


def material(label: str, length: int) -> bytes:
    """``length`` bytes that look random and are the same every time."""
    blocks = [sha256(b"%s %d" % (label.encode(), number)).digest() for number in range(-(-length // 32))]
    return b"".join(blocks)[:length]


@cache
def key_of(name: str) -> SigningKey:
    return SigningKey(material(name, 32))


@cache
def genesis() -> bytes:
    """Of four validators and the institutions of a development network."""
    nodes = [NodeKeys(f"validator-{n}", key_of(f"node-{n}"), key_of(f"consensus-{n}")) for n in range(VALIDATORS)]
    members = [Member(name, roles, key_of(name)) for name, roles in member_names(VALIDATORS).items()]
    return build_genesis(CHAIN_ID, GENESIS_MS, nodes, members)


def evidence(number: int) -> RecordEvidence:
    """The operation of every throughput figure: one digest put on the ledger, distinct for each number."""
    return RecordEvidence(number.to_bytes(16, "big"), "file", "sha256", material(f"evidence {number}", 32), False)


def envelope(
    number: int,
    *,
    valid_until: int = 1_000,
    operations: Sequence[Operation] | None = None,
    chain_id: str = CHAIN_ID,
    key: SigningKey | None = None,
) -> bytes:
    """A distinct signed transaction, by default of one evidence record."""
    signer = key or key_of(EXCHANGE)
    did = did_of_key(chain_id, signer.public_key)
    return _signed(number, operations or [evidence(number)], valid_until, chain_id, did, [signer])


def consortium_envelope(number: int, operations: Sequence[Operation]) -> bytes:
    """A distinct transaction of the consortium, signed by a quorum of the operators, who govern."""
    keys = [key_of(f"operator-{index}") for index in range(quorum_of(VALIDATORS))]
    return _signed(number, operations, 1_000, CHAIN_ID, consortium_did(CHAIN_ID), keys)


def _signed(
    number: int,
    operations: Sequence[Operation],
    valid_until: int,
    chain_id: str,
    sender: str,
    keys: Sequence[SigningKey],
) -> bytes:
    encoded = [encode_operation(item) for item in operations]
    nonce = material(f"nonce {number}", 16)
    return sign_payload(build_payload(chain_id, sender, nonce, valid_until, encoded), keys)


def transaction(data: bytes) -> Transaction:
    """A decoded envelope with its operations, as admission leaves it."""
    found = decode_transaction(data)
    decode_operations(found)
    return found


def certificate_of(candidate: Candidate) -> bytes:
    """A COMMIT certificate of three of the four validators."""
    header = candidate.header
    signed = vote_bytes(
        CertificateKind.COMMIT, chain_id=header.chain_id, epoch=header.epoch, validators_hash=header.validators_hash,
        height=header.height, view=0, block_hash=candidate.block_hash,
    )
    votes = [(index, key_of(f"consensus-{index}").sign(signed)) for index in range(3)]
    made = make_certificate(
        CertificateKind.COMMIT, votes, epoch=header.epoch, height=header.height, view=0,
        block_hash=candidate.block_hash,
    )
    return encode_certificate(made)


def initialised(store: KeyValue) -> KeyValue:
    """``store`` with the genesis block in it."""
    LedgerStore.initialise(store, genesis(), genesis_commit(genesis()))
    return store


def open_ledger(store: KeyValue) -> Ledger:
    return Ledger(LedgerStore(store), tree_cache_bytes=32 << 20, proof_heights=64)


def build_block(ledger: Ledger, transactions: Sequence[Transaction]) -> tuple[Candidate, bytes]:
    """The next block, a second after the tip, with its certificate; nothing is committed."""
    candidate = ledger.build(0, transactions, ledger.tip.time_ms + 1_000)
    return candidate, certificate_of(candidate)


def grow(ledger: Ledger, envelopes: Sequence[bytes], per_block: int) -> list[tuple[Candidate, bytes]]:
    """Commit all of ``envelopes``, ``per_block`` in each block; the blocks with their certificates."""
    blocks = []
    for start in range(0, len(envelopes), per_block):
        found = [transaction(data) for data in envelopes[start : start + per_block]]
        candidate, certificate = build_block(ledger, found)
        ledger.commit(candidate, certificate)
        blocks.append((candidate, certificate))
    return blocks
