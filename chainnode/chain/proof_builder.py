"""Proof bundles from what the store holds.

A block's results are certified by the next header. So an outcome at the tip cannot be
proved yet: ``proof-pending``, and the proof block is one block time away.
"""

from collections.abc import Sequence
from hashlib import sha256

from chainnode.chain.epochs import epoch_links
from chainnode.codec.canonical import encode
from chainnode.errors import InvariantBroken, NotFound, Rejected
from chainnode.proofs.bundle import (
    BUNDLE_VERSION,
    Authority,
    BlockOpened,
    Bundle,
    Claim,
    EvidenceExisted,
    ReceiptProof,
    StateAbsent,
    StatePresent,
    TransactionIncluded,
    encode_bundle,
)
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.evidence import Record, RecordBatch, evidence_operations
from chainnode.proofs.merkle import inclusion_path, leaf_hash
from chainnode.proofs.sparse import StateProof, verify_absent, verify_present
from chainnode.state.overlay import Overlay
from chainnode.state.tree import StateTree
from chainnode.store.ledger_reader import LedgerReader
from chainnode.types.block import decode_body
from chainnode.types.genesis import decode_genesis
from chainnode.types.receipt import silent_block_receipt
from chainnode.types.transaction import decode_transaction


class ProofBuilder:
    """Builds bundles for readers who know the genesis hash."""

    def __init__(self, store: LedgerReader, tree: StateTree) -> None:
        self._store = store
        self._tree = tree

    def transaction(self, height: int, index: int) -> bytes:
        """A transaction in its block, with its receipt.

        Raises:
            Rejected: ``proof-pending``.
        """
        included = self._included(height, index)
        return self._bundle(included, height, height + 1)

    def evidence(self, height: int, index: int, evidence_id: bytes) -> bytes:
        """The single evidence record ``evidence_id`` in the transaction at this place.

        Raises:
            NotFound: ``evidence-not-found``: that transaction records no such evidence.
            Rejected: ``evidence-is-batch``, ``proof-pending``.
        """
        included = self._included(height, index)
        payload = decode_transaction(included.envelope).payload
        for number, record in evidence_operations(payload):
            if record.evidence_id != evidence_id:
                continue
            if isinstance(record, RecordBatch):
                raise Rejected("evidence-is-batch", "an item of a batch is proved with its own path in the batch")
            return self._bundle(self._existed(included, number, record), height, height + 1)
        raise NotFound("evidence-not-found", "the transaction records no such evidence")

    def _existed(self, included: TransactionIncluded, number: int, record: Record) -> EvidenceExisted:
        if included.receipt is None:
            raise InvariantBroken("an included transaction is proved with its receipt")
        return EvidenceExisted(
            record.evidence_id, record.digest, number, None,
            included.envelope, included.index, included.path, included.receipt,
        )

    def _included(self, height: int, index: int) -> TransactionIncluded:
        if height >= self._store.tip().height:
            raise Rejected("proof-pending", "the block that certifies this outcome is not there yet", height=height)
        stored = self._store.block(height)
        if stored is None:
            raise InvariantBroken("a located transaction's block is stored")
        envelopes = decode_body(stored.body).transactions
        path = inclusion_path([leaf_hash(envelope) for envelope in envelopes], index)
        receipts = self._store.receipts(height)
        receipt_path = inclusion_path(self._result_leaves(height, receipts), index + 1)
        receipt = ReceiptProof(receipts[index], tuple(receipt_path))
        return TransactionIncluded(envelopes[index], index, tuple(path), receipt)

    def opened(self, height: int) -> bytes:
        """What the block at ``height``, not below the ledger's base, did by itself.

        Raises:
            Rejected: ``proof-pending``.
        """
        if height >= self._store.tip().height:
            raise Rejected("proof-pending", "the block that certifies this outcome is not there yet", height=height)
        path = inclusion_path(self._result_leaves(height, self._store.receipts(height)), 0)
        own = self._store.block_receipt(height) or silent_block_receipt(height)
        return self._bundle(BlockOpened(own, tuple(path)), height, height + 1)

    def _result_leaves(self, height: int, receipts: list[bytes]) -> list[bytes]:
        own = self._store.block_receipt(height) or silent_block_receipt(height)
        return [leaf_hash(data) for data in (own, *receipts)]

    def state(self, key: bytes, height: int | None) -> bytes:
        """The value of ``key``, or its absence, after block ``height``; by default the newest certified state.

        Raises:
            NotFound: ``state-version``, ``state-value``.
            Rejected: ``proof-pending``.
        """
        tip = self._store.tip().height
        at = tip - 1 if height is None else height
        if at >= tip or at < 0:
            raise Rejected("proof-pending", "the block that certifies this state is not there yet", tip=tip)
        proof = self._tree.prove(at, key)
        root = self._tree.root(at)
        value = self._store.state(key)
        claim: Claim
        try:
            if value is not None:
                verify_present(root, key, value, proof)
                claim = StatePresent(key, value, proof)
                return self._bundle(claim, at + 1, at + 1)
        except ProofInvalid:
            # Written or created after that height: perhaps it was absent then.
            pass
        try:
            verify_absent(root, key, proof)
        except ProofInvalid as error:
            if height is None:
                raise Rejected("proof-pending", "the newest block changed this value; ask again", tip=tip) from error
            raise NotFound("state-value", f"only the newest value is kept, not that of height {at}") from error
        return self._bundle(StateAbsent(key, sha256(key).digest(), proof), at + 1, at + 1)

    def paths(self, keys: Sequence[bytes], height: int) -> list[StateProof]:
        """What the state after block ``height`` holds under each key, or that it holds nothing, proved by its path.

        Raises:
            NotFound: ``state-version``.
            Rejected: ``proof-pending``.
        """
        tip = self._store.tip().height
        if not 0 <= height < tip:
            raise Rejected("proof-pending", "the block that certifies this state is not there yet", tip=tip)
        return [self._tree.prove(height, key) for key in keys]

    def _bundle(self, claim: Claim, first: int, last: int) -> bytes:
        headers = tuple(self._header(height) for height in range(first, last + 1))
        return encode_bundle(Bundle(BUNDLE_VERSION, claim, headers, None, authority_of(self._store, last)))

    def _header(self, height: int) -> bytes:
        return _needed(self._store.header(height))


def authority_of(store: LedgerReader, height: int) -> Authority:
    """Why the header at ``height`` is the consortium's: its certificate, and the sets from genesis on."""
    validators = encode(decode_genesis(store.genesis()).validators)
    links = epoch_links(Overlay(store.state), store, height)
    return Authority(_needed(store.certificate(height)), _needed(store.header(0)), validators, links)


def _needed(data: bytes | None) -> bytes:
    if data is None:
        raise InvariantBroken("the store holds every header and certificate from its base to its tip")
    return data
