"""A block between proposal and decision.

A proposal arrives as a header and leaf hashes; its bodies come from the pool or from
peers. ``open_proposal`` checks everything that binds those bytes to the block hash and
to each other, before anything is fetched: a peer cannot make us fetch what the header
does not commit to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import HASH_BYTES, ZERO_HASH
from chainnode.errors import Rejected
from chainnode.proofs.merkle import leaf_hash
from chainnode.proofs.merkle import root as merkle_root
from chainnode.types.block import (
    Body,
    Header,
    Proposal,
    StoredBlock,
    block_hash,
    certificate_hash,
    decode_body,
    decode_header,
    decode_proposal,
)
from chainnode.types.transaction import Transaction, decode_transaction
from contracts.kernel.registry import decode_operations

CANDIDATES_MAX: Final = 16
"""Proposals of one height kept in memory: current view, eight earlier ones, and a margin."""


Held = Callable[[bytes], Transaction | None]
"""The verified transaction whose envelope has this leaf hash, if it is here."""


@dataclass(slots=True, frozen=True)
class OpenProposal:
    """A proposal whose parts are known to belong together; bodies may still be missing."""

    block_hash: bytes
    header_bytes: bytes
    header: Header
    leaf_hashes: list[bytes]
    last_certificate: bytes
    misbehaviour: tuple[bytes, ...]


@dataclass(slots=True, frozen=True)
class Candidate:
    """A complete block that may be decided: every transaction decoded and verified."""

    block_hash: bytes
    header_bytes: bytes
    header: Header
    transactions: list[Transaction]
    last_certificate: bytes
    misbehaviour: tuple[bytes, ...] = ()

    def body_bytes(self) -> bytes:
        """Canonical encoding of the body."""
        envelopes = tuple(transaction.envelope for transaction in self.transactions)
        return encode(Body(envelopes, self.last_certificate, self.misbehaviour))

    def stored(self, certificate: bytes) -> StoredBlock:
        """The block as kept and served, with its own quorum certificate (empty while undecided)."""
        return StoredBlock(self.header_bytes, self.body_bytes(), certificate)

    def proposal_bytes(self) -> bytes:
        """Canonical encoding of the compact proposal."""
        leaves = b"".join(transaction.leaf_hash for transaction in self.transactions)
        return encode(Proposal(self.header_bytes, leaves, self.last_certificate, self.misbehaviour))


def evidence_root(misbehaviour: Sequence[bytes]) -> bytes:
    """RFC 6962 root over the misbehaviour items."""
    return merkle_root([sha256(b"\x00" + item).digest() for item in misbehaviour])


def check_binding(
    header: Header, leaf_hashes: list[bytes], last_certificate: bytes, misbehaviour: Sequence[bytes]
) -> None:
    """Whether a body's parts are those that its header commits to.

    Raises:
        Rejected: ``tx-root``, ``evidence-root`` or ``last-certificate-hash``.
    """
    if header.tx_count != len(leaf_hashes) or merkle_root(leaf_hashes) != header.tx_root:
        raise Rejected("tx-root", "the transactions are not those the header commits to")
    if header.evidence_root != evidence_root(misbehaviour):
        raise Rejected("evidence-root", "the misbehaviour items are not those the header commits to")
    expected = certificate_hash(last_certificate) if last_certificate else ZERO_HASH
    if header.last_certificate_hash != expected:
        raise Rejected("last-certificate-hash", "the last certificate is not the one the header commits to")


def open_proposal(expected_hash: bytes, proposal: bytes) -> OpenProposal:
    """Read a proposal for the block with ``expected_hash``.

    Raises:
        DecodeError: the bytes are not a canonical proposal.
        Rejected: ``block-hash``, ``leaf-hashes``, ``tx-root``, ``evidence-root`` or ``last-certificate-hash``.
    """
    parts = decode_proposal(proposal)
    if block_hash(parts.header) != expected_hash:
        raise Rejected("block-hash", "the proposal carries another block than its message names")
    header = decode_header(parts.header)
    leaves = parts.leaf_hashes
    if len(leaves) % HASH_BYTES:
        raise Rejected("leaf-hashes", "leaf hashes are not a multiple of 32 bytes")
    leaf_hashes = [leaves[start : start + HASH_BYTES] for start in range(0, len(leaves), HASH_BYTES)]
    check_binding(header, leaf_hashes, parts.last_certificate, parts.misbehaviour)
    return OpenProposal(
        expected_hash, parts.header, header, leaf_hashes, parts.last_certificate, parts.misbehaviour
    )


def complete(proposal: OpenProposal, transactions: list[Transaction]) -> Candidate:
    """The candidate of an open proposal with all its transactions, in block order."""
    return Candidate(
        proposal.block_hash, proposal.header_bytes, proposal.header, transactions,
        proposal.last_certificate, proposal.misbehaviour,
    )


def nothing_held(leaf_hash: bytes) -> Transaction | None:
    """A ``Held`` of nothing."""
    del leaf_hash
    return None


def open_stored(stored: StoredBlock, held: Held = nothing_held) -> Candidate:
    """Read a whole block, as the journal or a peer holds it; signatures are not checked here.

    A transaction that ``held`` gives for its leaf hash stands for the same bytes and is not decoded again.

    Raises:
        DecodeError: header, body, or an envelope is not canonical.
        Rejected: a part is not what the header commits to, or an operation is unreadable.
    """
    header = decode_header(stored.header)
    body = decode_body(stored.body)
    leaf_hashes = [leaf_hash(envelope) for envelope in body.transactions]
    check_binding(header, leaf_hashes, body.last_certificate, body.misbehaviour)
    transactions = [
        held(leaf) or decode_transaction(envelope, leaf)
        for envelope, leaf in zip(body.transactions, leaf_hashes, strict=True)
    ]
    for transaction in transactions:
        if not transaction.operations:
            decode_operations(transaction)
    return Candidate(
        block_hash(stored.header), stored.header, header, transactions, body.last_certificate, body.misbehaviour
    )
