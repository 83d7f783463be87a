"""What can be read of the committed chain.

Reads never see a block before it is durable, and never half of one. What is not here
answers ``NotFound`` with a code; what was pruned says so.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from chainnode import limits
from chainnode.chain.collection_reader import CollectionReader, RecordPage
from chainnode.chain.event_index import indexed_event
from chainnode.chain.ledger import Ledger
from chainnode.chain.light_update import LightUpdates
from chainnode.chain.proof_builder import ProofBuilder
from chainnode.chain.surroundings import Tip
from chainnode.chain.upgrade import Upgrade, pending_upgrade
from chainnode.errors import NotFound, Rejected, StoreCorrupt, invariant
from chainnode.proofs.sparse import StateProof
from chainnode.state.view import State
from chainnode.store.layout import BLOCK_INDEX
from chainnode.store.ledger_reader import EventPosition, LedgerReader
from chainnode.types.block import StoredBlock, decode_body, decode_header
from chainnode.types.parameters import ChainParameters
from chainnode.types.receipt import BlockReceipt, Event, Receipt, Scalar, decode_block_receipt, decode_receipt
from chainnode.types.validator_set import ValidatorList
from contracts.kernel.collection import Collection

SUBMITTERS_MAX: Final = 20
"""Records of one evidence id or digest that are looked at; more submitters of one id are ambiguous anyway."""
_CURSOR: Final = msgspec.msgpack.Decoder(EventPosition)


class CommittedTransaction(msgspec.Struct, frozen=True):
    """A transaction in its block."""

    tx_id: bytes
    height: int
    index: int
    time_ms: int
    """The block's time."""
    envelope: bytes
    receipt: Receipt


class EventView(msgspec.Struct, frozen=True):
    """An event in its block."""

    height: int
    tx_index: int
    """``layout.BLOCK_INDEX`` for an event of the block itself."""
    event_index: int
    tx_id: bytes
    """Empty for an event of the block itself."""
    time_ms: int
    event: Event


class LedgerQueries:
    """Reads over one ledger; all synchronous, each a few store look-ups."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.chain_id: Final = ledger.chain_id
        self._store: Final[LedgerReader] = ledger.store
        self._proofs = ProofBuilder(ledger.store, ledger.tree)
        self._collections = CollectionReader(ledger.store)
        self.light: Final = LightUpdates(ledger.store)
        """For light clients of this chain on other chains."""

    def tip(self) -> Tip:
        """The last block and its results."""
        return self._ledger.tip

    def history_from(self) -> int:
        """The lowest height of which everything is here; 1 unless this node began from a snapshot."""
        return self._store.floor()

    def validators(self) -> ValidatorList:
        """The set that agrees on the next block."""
        return self._ledger.validators

    def upgrade(self) -> Upgrade | None:
        """The scheduled feature that this program does not know, if there is one."""
        return pending_upgrade(self._ledger.surroundings.state)

    def parameters(self) -> ChainParameters:
        """The chain's parameters."""
        return self._ledger.surroundings.parameters

    def genesis(self) -> bytes:
        """The canonical genesis document."""
        return self._store.genesis()

    def block(self, height: int) -> StoredBlock:
        """The block at ``height``.

        Raises:
            NotFound: ``block-not-found``, or ``height-pruned``: this node began from a later snapshot.
        """
        self._check_kept(height)
        stored = self._store.block(height) if 0 <= height <= self.tip().height else None
        if stored is None:
            raise NotFound("block-not-found", f"there is no block at height {height}", tip=self.tip().height)
        return stored

    def seal(self, height: int | None = None) -> bytes:
        """The seal of the block at ``height``; by default that of the highest block that has one here.

        Raises:
            NotFound: ``seal-not-found``.
        """
        found = self._store.newest_seal() if height is None else self._store.seal(max(0, height))
        if found is None:
            raise NotFound("seal-not-found", "no block here has a seal" if height is None else f"no seal of {height}")
        return found

    def _check_kept(self, height: int) -> None:
        # Of the blocks just below a snapshot bodies are kept for the replay rule, but neither receipts nor index.
        floor = self._store.floor()
        if 0 < height < floor:
            raise NotFound(
                "height-pruned", f"this node began from a snapshot and has blocks from height {floor} on",
                height=height, first=floor,
            )

    def header(self, height: int) -> bytes:
        """Canonical header bytes of the block at ``height``, without reading its body.

        Raises:
            NotFound: ``block-not-found``, ``height-pruned``.
        """
        self._check_kept(height)
        stored = self._store.header(height) if 0 <= height <= self.tip().height else None
        if stored is None:
            raise NotFound("block-not-found", f"there is no block at height {height}", tip=self.tip().height)
        return stored

    def block_by_hash(self, block_hash: bytes) -> StoredBlock:
        """The block with this hash.

        Raises:
            NotFound: ``block-not-found``.
        """
        height = self._store.height_of(block_hash)
        if height is None:
            raise NotFound("block-not-found", "no block has this hash")
        return self.block(height)

    def certificate(self, height: int) -> bytes:
        """The quorum certificate of the block at ``height``; empty at genesis.

        Raises:
            NotFound: ``block-not-found``.
        """
        return self.block(height).certificate

    def locate(self, tx_id: bytes) -> tuple[int, int] | None:
        """Height and index of a committed transaction, or None."""
        return self._store.locate(tx_id)

    def transaction(self, tx_id: bytes) -> CommittedTransaction:
        """A committed transaction with its receipt.

        Raises:
            NotFound: ``transaction-not-found``, ``height-pruned``.
        """
        height, index = self._located(tx_id)
        stored = self.block(height)
        return CommittedTransaction(
            tx_id, height, index, decode_header(stored.header).time_ms,
            decode_body(stored.body).transactions[index], self._named_receipt(tx_id, height, index),
        )

    def receipt(self, tx_id: bytes) -> Receipt:
        """The receipt of a committed transaction.

        Raises:
            NotFound: ``transaction-not-found``, ``height-pruned``.
        """
        return self._named_receipt(tx_id, *self._located(tx_id))

    def receipts(self, height: int) -> list[Receipt]:
        """All receipts of a block, in order.

        Raises:
            NotFound: ``block-not-found``.
        """
        self.header(height)
        return [decode_receipt(data) for data in self._store.receipts(height)]

    def block_receipt(self, height: int) -> BlockReceipt:
        """What the block at ``height`` did by itself, before its transactions.

        Raises:
            NotFound: ``block-not-found``, ``height-pruned``.
        """
        self.header(height)
        stored = self._store.block_receipt(height)
        return BlockReceipt(height, ()) if stored is None else decode_block_receipt(stored)

    def _located(self, tx_id: bytes) -> tuple[int, int]:
        place = self._store.locate(tx_id)
        if place is None:
            floor = self._store.floor()
            where = f"no block from height {floor} on" if floor > 1 else "no block"
            raise NotFound("transaction-not-found", f"{where} holds this transaction", tx_id=tx_id.hex())
        # While old blocks come in, one may be here and the next, which proves its outcome, not yet.
        self._check_kept(place[0])
        return place

    def _named_receipt(self, tx_id: bytes, height: int, index: int) -> Receipt:
        found = self._receipt(height, index)
        if found.tx_id != tx_id:
            raise StoreCorrupt("data-corrupt", "a transaction is not where the index says", tx_id=tx_id.hex())
        return found

    def _receipt(self, height: int, index: int) -> Receipt:
        # Clients that waited for a block ask for its receipts the moment it is there.
        newest, receipts = self._ledger.newest_receipts
        if height == newest and index < len(receipts):
            return receipts[index]
        data = self._store.receipt(height, index)
        if data is None:
            raise StoreCorrupt("data-corrupt", "the receipt an index leads to is missing", height=height, index=index)
        return decode_receipt(data)

    def state(self, key: bytes) -> bytes | None:
        """The value under ``key`` after the tip."""
        return self._store.state(key)

    def committed_state(self) -> State:
        """The state after the tip, for those who read several values; writes to it go nowhere."""
        return self._ledger.committed_state()

    def state_range(self, prefix: bytes, after: bytes | None, limit: int) -> list[tuple[bytes, bytes]]:
        """Up to ``limit`` pairs below ``prefix`` in key order, those after key ``after`` if given."""
        return self._store.state_range(prefix, after, _page_items(limit))

    def collection(
        self, collection: Collection, wanted: Mapping[str, Scalar], position: bytes | None, limit: int
    ) -> RecordPage:
        """Records of one kind that have every value of ``wanted``; see ``chain.collection_reader``.

        Raises:
            Rejected: ``cursor-invalid``.
        """
        return self._collections.page(collection, wanted, position, _page_items(limit))

    def events(
        self, name: str, attribute: str, value: Scalar, cursor: bytes | None, limit: int
    ) -> tuple[list[EventView], bytes | None]:
        """Events by name, and by one indexed attribute unless ``attribute`` is empty, oldest first.

        Returns the events and an opaque cursor to go on from, None at the end.

        Raises:
            Rejected: ``cursor``: not one of ours.
        """
        after = None
        if cursor is not None:
            after = _read_cursor(cursor)
        limit = _page_items(limit)
        places = self._store.index_scan(name, attribute, value if attribute else None, after, limit)
        found = [self._event(place, name, attribute, value) for place in places]
        return found, msgspec.msgpack.encode(places[-1]) if len(places) == limit else None

    def _event(self, place: EventPosition, name: str, attribute: str, value: Scalar) -> EventView:
        receipt: Receipt | BlockReceipt
        if place.index == BLOCK_INDEX:
            receipt, tx_id = self.block_receipt(place.height), b""
        else:
            receipt = self._receipt(place.height, place.index)
            tx_id = receipt.tx_id
        event = indexed_event(receipt.events, place.event, name, attribute, value)
        header = decode_header(self.header(place.height))
        return EventView(place.height, place.index, place.event, tx_id, header.time_ms, event)

    def prove_transaction(self, tx_id: bytes) -> bytes:
        """An encoded proof bundle: this transaction is in its block, and this was its outcome.

        Raises:
            NotFound: ``transaction-not-found``, ``height-pruned``.
            Rejected: ``proof-pending``: the next block, which certifies the outcome, is not there yet.
        """
        return self._proofs.transaction(*self._located(tx_id))

    def prove_opened(self, height: int) -> bytes:
        """An encoded proof bundle: what the block at ``height`` (at least 1) did by itself.

        Raises:
            NotFound: ``block-not-found``, ``height-pruned``.
            Rejected: ``proof-pending``.
        """
        self.header(height)
        if height < 1:
            raise NotFound("block-not-found", "the genesis block has no receipt", height=height)
        return self._proofs.opened(height)

    def prove_evidence(
        self, evidence_id: bytes | None, digest: bytes | None, submitter: str | None = None
    ) -> bytes:
        """An encoded proof bundle: this single evidence record existed by its block's time.

        Named by its id, or by the digest (the oldest record of it counts), of ``submitter`` if given. An
        item of a batch is proved by its holder from ``prove_transaction`` and the item's own path.

        Raises:
            NotFound: ``evidence-not-found``.
            Rejected: ``evidence-is-batch``, ``proof-pending``; ``evidence-ambiguous``: several submitters chose this
                id, and none of them is named.
        """
        attribute, value = ("evidence_id", evidence_id) if evidence_id is not None else ("digest", digest)
        found, _ = self.events("evidence.recorded", attribute, value, None, SUBMITTERS_MAX)
        if submitter is not None:
            found = [view for view in found if view.event.attributes["submitter"] == submitter]
        submitters = list(dict.fromkeys(str(view.event.attributes["submitter"]) for view in found))
        if evidence_id is not None and len(submitters) > 1:
            raise Rejected("evidence-ambiguous", f"recorded by {', '.join(submitters)}", submitters=len(submitters))
        if not found:
            floor = self._store.floor()
            where = f"in blocks from height {floor} on" if floor > 1 else "on the chain"
            raise NotFound("evidence-not-found", f"no record of this evidence is {where}")
        event = found[0]
        record_id = event.event.attributes["evidence_id"]
        invariant(isinstance(record_id, bytes), "an evidence event names its record by bytes")
        return self._proofs.evidence(event.height, event.tx_index, bytes(record_id))  # type: ignore[arg-type]

    def prove_state(self, key: bytes, height: int | None) -> bytes:
        """An encoded proof bundle: ``key`` had this value, or none, after block ``height`` (default: newest certified).

        Raises:
            NotFound: ``state-version`` (pruned), or ``state-value``: the value of that height is not kept.
            Rejected: ``proof-pending``: the block that certifies that state is not there yet.
        """
        return self._proofs.state(key, height)

    def prove_paths(self, keys: Sequence[bytes], height: int) -> list[StateProof]:
        """The bare state proof of each key after block ``height``, for who has that state's root already.

        Raises:
            NotFound: ``state-version``.
            Rejected: ``proof-pending``.
        """
        return self._proofs.paths(keys, height)


def _page_items(limit: int) -> int:
    return max(1, min(limit, limits.PAGE_ITEMS_MAX))


def _read_cursor(cursor: bytes) -> EventPosition:
    try:
        found = _CURSOR.decode(cursor)
    except msgspec.DecodeError as error:
        raise Rejected("cursor", "the cursor is not one this node gave out") from error
    # Numbers that no position has would not fit the index's keys.
    if not (0 <= found.height < 2**53 and BLOCK_INDEX <= found.index < 2**31 and 0 <= found.event < 2**32):
        raise Rejected("cursor", "the cursor is not one this node gave out")
    return found
