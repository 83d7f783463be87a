"""Records of a collection that match a question, a page at a time.

Two ways lead to them, and the record as it stands now decides on both:

- through the event index, where the question names a filter with ``indexes`` and this node
  holds the whole history: in the order in which the records came to the asked value;
- over the records in key order, else: below the first ids where the question gives them.

Both are complete: a record that matches all the while is found. Each looks at a bounded
number of records and bytes for one page, so a page may be short, or empty, while more
follows. A record whose field left the asked value and came back may appear again on a
later page of the first way.
"""

import heapq
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from chainnode.chain.event_index import indexed_event
from chainnode.errors import DecodeError, Rejected
from chainnode.limits import RECORDS_LOOKED_AT_BYTES_MAX, RECORDS_LOOKED_AT_MAX
from chainnode.store.layout import BLOCK_INDEX
from chainnode.store.ledger_reader import EventPosition, LedgerReader
from chainnode.types.receipt import Event, Scalar, decode_block_receipt, decode_receipt
from contracts.kernel.collection import Collection, Filter

_CHUNK: Final = 64
"""Keys or events fetched at a time: a page of large records must not first be all in memory."""
_BY_EVENT: Final = b"e"
_BY_KEY: Final = b"k"
_decode_position = msgspec.msgpack.Decoder(EventPosition).decode


class RecordPage(NamedTuple):
    """Matching records, and where to go on."""

    records: list[tuple[bytes, bytes]]
    """State keys and values."""
    position: bytes | None
    """Opaque; None at the end."""


class _Budget:
    """What one page may still look at."""

    __slots__ = ("bytes", "records")

    def __init__(self) -> None:
        self.records = RECORDS_LOOKED_AT_MAX
        self.bytes = RECORDS_LOOKED_AT_BYTES_MAX

    def spend(self, size: int) -> bool:
        """Count one record of ``size`` bytes; whether another may follow."""
        self.records -= 1
        self.bytes -= size
        return self.records > 0 and self.bytes > 0


class CollectionReader:
    """Pages of one ledger's collections."""

    __slots__ = ("_store",)

    def __init__(self, store: LedgerReader) -> None:
        self._store: Final = store

    def page(
        self, collection: Collection, wanted: Mapping[str, Scalar], position: bytes | None, limit: int
    ) -> RecordPage:
        """Up to ``limit`` records that have every value of ``wanted`` (by filter name), after ``position``.

        Raises:
            Rejected: ``cursor-invalid``: the position is none of this question on this node.
        """
        found = collection.index_for(wanted) if self._store.floor() <= 1 else None
        # A walk that began on a node without the whole history goes on as a walk everywhere.
        if found is not None and (position is None or not position.startswith(_BY_KEY)):
            return self._by_event(collection, found, wanted, _event_position(position), limit)
        try:
            first = collection.range_prefix(wanted)
        except Rejected:
            return RecordPage([], None)
        return self._by_key(collection, first, wanted, _key_position(position, first), limit)

    def _by_key(
        self, collection: Collection, first: bytes, wanted: Mapping[str, Scalar], after: bytes | None, limit: int
    ) -> RecordPage:
        budget, found = _Budget(), []
        for state_key, value in self._pairs(first, after):
            after = state_key
            if collection.owns(state_key) and collection.matches(state_key, value, wanted):
                found.append((state_key, value))
            if not budget.spend(len(value)) or len(found) == limit:
                return RecordPage(found, _BY_KEY + after)
        return RecordPage(found, None)

    def _pairs(self, first: bytes, after: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        while chunk := self._store.state_range(first, after, _CHUNK):
            yield from chunk
            if len(chunk) < _CHUNK:
                return
            after = chunk[-1][0]

    def _by_event(
        self,
        collection: Collection,
        chosen: Filter,
        wanted: Mapping[str, Scalar],
        after: EventPosition | None,
        limit: int,
    ) -> RecordPage:
        budget, found = _Budget(), {}
        for place, name, attribute in self._places(chosen, wanted[chosen.name], after):
            after = place
            event = indexed_event(self._events(place), place.event, name, attribute, wanted[chosen.name])
            state_key = collection.locate(event.attributes)
            value = None if state_key is None or state_key in found else self._store.state(state_key)
            if state_key is not None and value is not None and collection.matches(state_key, value, wanted):
                found[state_key] = value
            if not budget.spend(len(value or b"")) or len(found) == limit:
                return RecordPage(list(found.items()), _BY_EVENT + msgspec.msgpack.encode(after))
        return RecordPage(list(found.items()), None)

    def _places(
        self, chosen: Filter, value: Scalar, after: EventPosition | None
    ) -> Iterator[tuple[EventPosition, str, str]]:
        """Where events of any of the filter's indexes carry the value, oldest first, with names of both."""
        streams = [self._stream(event.NAME, attribute, value, after) for event, attribute in chosen.indexes]
        yield from heapq.merge(*streams)

    def _stream(
        self, name: str, attribute: str, value: Scalar, after: EventPosition | None
    ) -> Iterator[tuple[EventPosition, str, str]]:
        while places := self._store.index_scan(name, attribute, value, after, _CHUNK):
            yield from ((place, name, attribute) for place in places)
            if len(places) < _CHUNK:
                return
            after = places[-1]

    def _events(self, place: EventPosition) -> tuple[Event, ...]:
        if place.index == BLOCK_INDEX:
            opened = self._store.block_receipt(place.height)
            return () if opened is None else decode_block_receipt(opened).events
        found = self._store.receipt(place.height, place.index)
        return () if found is None else decode_receipt(found).events


def _key_position(position: bytes | None, first: bytes) -> bytes | None:
    if position is None:
        return None
    if not position.startswith(_BY_KEY + first):
        raise Rejected("cursor-invalid", "the cursor belongs to another list")
    return position[len(_BY_KEY) :]


def _event_position(position: bytes | None) -> EventPosition | None:
    if position is None:
        return None
    try:
        if not position.startswith(_BY_EVENT):
            raise DecodeError("cursor-invalid", "not a place in the event log")
        found = _decode_position(position[len(_BY_EVENT) :])
    except (msgspec.DecodeError, DecodeError) as error:
        raise Rejected("cursor-invalid", "the cursor belongs to another list") from error
    # Numbers that no position has would not fit the index's keys.
    if not (0 <= found.height < 2**53 and BLOCK_INDEX <= found.index < 2**32 - 1 and 0 <= found.event < 2**32):
        raise Rejected("cursor-invalid", "the cursor belongs to another list")
    return found
