"""Typed reads of the ledger, of the moment or of a snapshot.

A record that must be there and is not, or that contradicts another, raises
``StoreCorrupt`` (``data-corrupt``): absence is answered only for heights, ids and keys
that were never written.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final, NoReturn, TypeVar

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder
from chainnode.errors import DecodeError, Misuse, StoreCorrupt
from chainnode.store import layout
from chainnode.store.block_commit import Tip, decode_tip
from chainnode.store.key_value import View, prefix_stop
from chainnode.store.layout import chunk_key, height_key, history_key, unseal
from chainnode.types.block import StoredBlock, block_hash
from chainnode.types.receipt import Event, decode_block_receipt, decode_receipt

PAGE_MAX: Final = 10_000
"""Items of one range read; what a caller shows a client is bounded tighter above."""
EVENT_RECEIPTS_MAX: Final = 1_000
"""Receipts that one ``events`` call reads at most."""

_decode_receipts: Final = Decoder(tuple[bytes, ...], layout.RECEIPTS_PER_RECORD * limits.MIB)


T = TypeVar("T")


def decoded(decode: Decoder[T], data: bytes) -> T:
    """Decode a stored record.

    Raises:
        StoreCorrupt: ``data-corrupt``: its seal is right, yet it does not decode.
    """
    try:
        return decode(data)
    except DecodeError as error:
        raise StoreCorrupt("data-corrupt", f"a stored record does not decode: {error.message}") from error


class EventPosition(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Where an event is in the ledger; orders as the ledger does, and serves as cursor."""

    height: int
    index: int
    """Of the transaction in its block; ``layout.BLOCK_INDEX`` for the block itself."""
    event: int
    """Of the event in its receipt."""


class LoggedEvent(msgspec.Struct, frozen=True):
    """An event and where it happened."""

    position: EventPosition
    tx_id: bytes
    """Empty for an event of the block itself."""
    event: Event


class LedgerReader:
    """Reads on any view of the store."""

    __slots__ = ("_view",)

    def __init__(self, view: View) -> None:
        self._view: Final = view

    def tip(self) -> Tip:
        """The last durable block."""
        return decoded(decode_tip, self._need(layout.TIP_KEY))

    def genesis(self) -> bytes:
        """The genesis document's canonical bytes."""
        return self._need(layout.GENESIS_KEY)

    def header(self, height: int) -> bytes | None:
        """Canonical header bytes, checked against the block-hash index."""
        header = self._get(height_key(layout.HEADER, height))
        if header is not None and self.height_of(block_hash(header)) != height:
            raise StoreCorrupt("data-corrupt", f"the header at height {height} is not the one that was decided")
        return header

    def block(self, height: int) -> StoredBlock | None:
        """The block with its certificate; None also where only its header is kept (``floor``)."""
        header = self.header(height)
        if header is None:
            return None
        key = height_key(layout.BODY, height)
        body = self._get(key)
        if body is None:
            return None if height < self.floor() else self._missing(key)
        return StoredBlock(header, body, self._need(height_key(layout.CERTIFICATE, height)))

    def certificate(self, height: int) -> bytes | None:
        """The quorum certificate over the block at ``height``; empty bytes at height 0."""
        return self._get(height_key(layout.CERTIFICATE, height))

    def seal(self, height: int) -> bytes | None:
        """The seal of the block at ``height``, where this node has one."""
        return self._get(height_key(layout.SEALS, height))

    def seals(self, first: int, limit: int) -> list[bytes]:
        """Up to ``limit`` seals of blocks from height ``first`` on, lowest first.

        Raises:
            Misuse: ``page-size``.
        """
        _check_limit(limit)
        pairs = self._view.iterate(height_key(layout.SEALS, first), prefix_stop(layout.SEALS))
        return [unseal(key, stored) for key, stored in islice(pairs, limit)]

    def newest_seal(self) -> bytes | None:
        """The seal of the highest block that has one here."""
        pair = next(self._view.iterate(layout.SEALS, prefix_stop(layout.SEALS), reverse=True), None)
        return None if pair is None else unseal(*pair)

    def height_of(self, hash_: bytes) -> int | None:
        """The height of the block with this hash."""
        place = self._get(layout.BLOCK_HASH + hash_)
        return None if place is None else int.from_bytes(place, "big")

    def locate(self, tx_id: bytes) -> tuple[int, int] | None:
        """``(height, index)`` of a committed transaction."""
        place = self._get(layout.TRANSACTION + tx_id)
        return None if place is None else layout.read_position(place)

    def transaction_ids(self, height: int) -> list[bytes]:
        """Ids of the block's transactions in order; empty for an empty or absent block."""
        joined = self._get(height_key(layout.TX_IDS, height)) or b""
        return [joined[start : start + 32] for start in range(0, len(joined), 32)]

    def recent_transaction_ids(self, since_height: int) -> Iterator[tuple[int, list[bytes]]]:
        """``(height, ids)`` of each non-empty block from ``since_height`` on: the replay set after a start."""
        start = height_key(layout.TX_IDS, since_height)
        for key, stored in self._view.iterate(start, prefix_stop(layout.TX_IDS)):
            joined = unseal(key, stored)
            yield int.from_bytes(key[1:9], "big"), [joined[at : at + 32] for at in range(0, len(joined), 32)]

    def receipt(self, height: int, index: int) -> bytes | None:
        """Canonical bytes of one receipt."""
        chunk, offset = layout.receipt_chunk(index)
        record = self._get(chunk_key(layout.RECEIPTS, height, chunk))
        receipts: tuple[bytes, ...] = () if record is None else decoded(_decode_receipts, record)
        return receipts[offset] if offset < len(receipts) else None

    def receipts(self, height: int) -> list[bytes]:
        """Canonical bytes of the receipts of a block's transactions in order; empty for an empty or absent block."""
        start = chunk_key(layout.RECEIPTS, height, layout.BLOCK_CHUNK + 1)
        found: list[bytes] = []
        for key, stored in self._view.iterate(start, prefix_stop(height_key(layout.RECEIPTS, height))):
            receipts: tuple[bytes, ...] = decoded(_decode_receipts, unseal(key, stored))
            found += receipts
        return found

    def block_receipt(self, height: int) -> bytes | None:
        """Canonical bytes of the block's own receipt, where it has events."""
        record = self._get(chunk_key(layout.RECEIPTS, height, layout.BLOCK_CHUNK))
        return None if record is None else decoded(_decode_receipts, record)[0]

    def state(self, key: bytes) -> bytes | None:
        """The value of a state key after the tip."""
        return self._get(layout.STATE + key)

    def state_range(self, prefix: bytes, after: bytes | None = None, limit: int = 100) -> list[tuple[bytes, bytes]]:
        """Up to ``limit`` state pairs whose keys begin with ``prefix`` and follow ``after``, in key order.

        Raises:
            Misuse: ``page-size``: ``limit`` is not within 1 .. 10,000.
        """
        _check_limit(limit)
        first = layout.STATE + prefix
        start = first if after is None else max(first, layout.STATE + after + b"\x00")
        found: list[tuple[bytes, bytes]] = []
        for key, stored in self._view.iterate(start, prefix_stop(first)):
            found.append((key[1:], unseal(key, stored)))
            if len(found) == limit:
                break
        return found

    def all_state(self) -> Iterator[tuple[bytes, bytes]]:
        """Every state pair in key order, read as it is asked for."""
        for key, stored in self._view.iterate(layout.STATE, prefix_stop(layout.STATE)):
            yield key[1:], unseal(key, stored)

    def base(self) -> int:
        """The height of the snapshot this ledger began from, 0 for one that began with the genesis.

        Of blocks below ``floor`` at most header, body and certificate are here: no receipts, no index.
        """
        stored = self._get(layout.BASE_KEY)
        return 0 if stored is None else int.from_bytes(stored, "big")

    def floor(self) -> int:
        """From this height on everything is here; 1 for a ledger that is whole."""
        base = self.base()
        stored = self._get(layout.FLOOR_KEY) if base else None
        return base + 1 if stored is None else int.from_bytes(stored, "big")

    def tree_node(self, key: bytes) -> bytes | None:
        """A node of the state tree."""
        return self._get(layout.TREE + key)

    def tree_changes(self, height: int) -> bytes | None:
        """What the block changed in the state tree; None where its version is not made from changes any more."""
        return self._get(height_key(layout.CHANGES, height))

    def tree_node_before(self, start: bytes, stop: bytes) -> bytes | None:
        """The key of the last node of the state tree with ``start <= key < stop``."""
        pair = next(self._view.iterate(layout.TREE + start, layout.TREE + stop, reverse=True), None)
        return None if pair is None else pair[0][1:]

    def history_node(self, level: int, index: int) -> bytes | None:
        """The hash of a complete subtree of the history tree."""
        return self._get(history_key(level, index))

    def frontier(self) -> bytes:
        """The encoded frontier of the history tree after the tip."""
        return self._need(layout.FRONTIER_KEY)

    def index_scan(
        self,
        name: str,
        attribute: str = "",
        value: str | int | bytes | None = None,
        after: EventPosition | None = None,
        limit: int = 100,
    ) -> list[EventPosition]:
        """Up to ``limit`` events with this name (and this value of this attribute) after ``after``, oldest first.

        Raises:
            Misuse: ``page-size``.
        """
        _check_limit(limit)
        first = layout.INDEX + layout.index_fact(name, attribute, value)
        after = self._above_floor(after)
        start = first if after is None else first + after.height.to_bytes(8, "big")
        found: list[EventPosition] = []
        for key, stored in self._view.iterate(start, prefix_stop(first)):
            height = int.from_bytes(key[-8:], "big")
            passed = b"" if after is None or height > after.height else layout.event_place(after.index, after.event)
            places = layout.read_event_places(stored, passed, limit - len(found))
            found += [EventPosition(height, index, event) for index, event in places]
            if len(found) == limit:
                break
        return found

    def events(self, after: EventPosition | None = None, limit: int = 100) -> tuple[list[LoggedEvent], EventPosition]:
        """Events of the whole ledger in order after ``after``, and the cursor to go on from.

        At most ``limit`` events and the work of 1,000 receipts: a page may be empty while
        more follows. The end is reached when the cursor no longer moves.

        Raises:
            Misuse: ``page-size``.
        """
        _check_limit(limit)
        cursor = self._above_floor(after) or EventPosition(0, layout.BLOCK_INDEX, -1)
        first = layout.BLOCK_CHUNK if cursor.index == layout.BLOCK_INDEX else layout.receipt_chunk(cursor.index)[0]
        start = chunk_key(layout.RECEIPTS, cursor.height, first)
        found: list[LoggedEvent] = []
        read = 0
        for key, stored in self._view.iterate(start, prefix_stop(layout.RECEIPTS)):
            own = int.from_bytes(key[-4:], "big") == layout.BLOCK_CHUNK
            for receipt in decoded(_decode_receipts, unseal(key, stored)):
                height, index, tx_id, events = _outcome(receipt, own=own)
                for number, event in enumerate(events):
                    position = EventPosition(height, index, number)
                    if position > cursor:
                        found.append(LoggedEvent(position, tx_id, event))
                        cursor = position
                        if len(found) == limit:
                            return found, cursor
                # What is left of this receipt is read: a page without events must move on too.
                cursor = max(cursor, EventPosition(height, index, limits.EVENTS_PER_TRANSACTION_MAX))
                read += 1
            if read >= EVENT_RECEIPTS_MAX:
                break
        return found, cursor

    def _above_floor(self, after: EventPosition | None) -> EventPosition | None:
        """Below the floor some blocks may be here and others between them not: nothing of them counts yet."""
        floor = self.floor()
        if floor <= 1:
            return after
        lowest = EventPosition(floor - 1, limits.BLOCK_TRANSACTIONS_MAX, 0)
        return lowest if after is None else max(after, lowest)

    def _get(self, key: bytes) -> bytes | None:
        stored = self._view.get(key)
        return None if stored is None else unseal(key, stored)

    def _need(self, key: bytes) -> bytes:
        value = self._get(key)
        return self._missing(key) if value is None else value

    @staticmethod
    def _missing(key: bytes) -> NoReturn:
        raise StoreCorrupt("data-corrupt", "a record that must exist is missing", key=key.hex())


def _outcome(receipt: bytes, *, own: bool) -> tuple[int, int, bytes, tuple[Event, ...]]:
    """Height, index, transaction and events of a receipt; ``own`` is that of the block itself."""
    if own:
        opened = decoded(decode_block_receipt, receipt)
        return opened.height, layout.BLOCK_INDEX, b"", opened.events
    outcome = decoded(decode_receipt, receipt)
    return outcome.height, outcome.index, outcome.tx_id, outcome.events


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= PAGE_MAX:
        raise Misuse("page-size", f"a page holds 1 to {PAGE_MAX} items", found=limit)
