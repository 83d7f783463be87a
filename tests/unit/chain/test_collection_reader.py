"""Pages of records over a real store, whose content is written by hand."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainnode.chain import collection_reader
from chainnode.chain.collection_reader import CollectionReader
from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import ZERO_HASH
from chainnode.errors import Rejected, StoreCorrupt
from chainnode.store import layout
from chainnode.store.key_value import WriteBatch
from chainnode.store.ledger_reader import LedgerReader
from chainnode.store.memory import MemoryKeyValue
from chainnode.types.receipt import OK, Event, Receipt, Scalar
from contracts.kernel.collection import Collection, Filter
from contracts.kernel.event import TypedEvent


class Thing(msgspec.Struct, frozen=True, array_like=True):
    group: str
    number: int
    holder: str
    colour: str
    load: bytes = b""


class ThingMade(TypedEvent, frozen=True):
    NAME = "thing.made"
    INDEXED = ("holder",)
    group: str
    number: int
    holder: str


class ThingMoved(TypedEvent, frozen=True):
    NAME = "thing.moved"
    INDEXED = ("to",)
    group: str
    number: int
    to: str


THINGS = Collection(
    name="things",
    namespace=("thing",),
    ids=("group", "number"),
    record=Thing,
    summary="Things.",
    filters=(Filter("holder", ((ThingMade, "holder"), (ThingMoved, "to"))), Filter("colour")),
)


class Ledger:
    """Makes and moves things, one to a block, and keeps what a node would keep of it."""

    def __init__(self) -> None:
        self.memory = MemoryKeyValue()
        self.reader = CollectionReader(LedgerReader(self.memory))
        self.things: dict[tuple[str, int], Thing] = {}
        self.height = 0

    def write(self, key: bytes, value: bytes | None) -> None:
        batch = WriteBatch()
        if value is None:
            batch.delete(key)
        else:
            batch.put(key, value if key.startswith(layout.INDEX) else layout.seal(key, value))
        self.memory.write(batch, sync=False)

    def tell(self, event: TypedEvent) -> None:
        self.height += 1
        found: Event = event.to_event()
        receipt = Receipt(ZERO_HASH, self.height, 0, OK, -1, "", (found,))
        chunk, _ = layout.receipt_chunk(0)
        self.write(layout.chunk_key(layout.RECEIPTS, self.height, chunk), encode((encode(receipt),)))
        for attribute in event.INDEXED:
            value = found.attributes[attribute]
            assert isinstance(value, str)
            fact = layout.index_fact(found.name, attribute, value)
            self.write(layout.index_key(fact, self.height), layout.event_place(0, 0))

    def keep(self, thing: Thing) -> None:
        self.things[thing.group, thing.number] = thing
        self.write(layout.STATE + THINGS.key(thing.group, thing.number), encode(thing))

    def make(self, group: str, number: int, holder: str, colour: str = "red", load: int = 0) -> None:
        self.keep(Thing(group, number, holder, colour, bytes(load)))
        self.tell(ThingMade(group, number, holder))

    def move(self, group: str, number: int, to: str) -> None:
        self.keep(msgspec.structs.replace(self.things[group, number], holder=to))
        self.tell(ThingMoved(group, number, to))

    def drop(self, group: str, number: int) -> None:
        del self.things[group, number]
        self.write(layout.STATE + THINGS.key(group, number), None)

    def begin_from_a_snapshot(self) -> None:
        """No receipts, no index: as a node that joined late."""
        self.write(layout.BASE_KEY, self.height.to_bytes(8, "big"))
        for prefix in (layout.INDEX, layout.RECEIPTS):
            for key, _ in list(self.memory.iterate(prefix, bytes((prefix[0] + 1,)))):
                self.write(key, None)

    def ask(self, limit: int = 3, **wanted: Scalar) -> list[tuple[str, int]]:
        """Every page; of each page no record twice, and no more than asked for."""
        found, position = [], None
        while True:
            page = self.reader.page(THINGS, wanted, position, limit)
            names = [self.name(key) for key, _ in page.records]
            assert len(set(names)) == len(names) <= limit
            found += names
            assert page.position != position or position is None
            position = page.position
            if position is None:
                return found

    @staticmethod
    def name(key: bytes) -> tuple[str, int]:
        ids = THINGS.ids_of(key)
        return str(ids["group"]), int(str(ids["number"]))

    def expected(self, **wanted: Scalar) -> set[tuple[str, int]]:
        return {
            name for name, thing in self.things.items() if all(getattr(thing, key) == v for key, v in wanted.items())
        }


def small() -> Ledger:
    ledger = Ledger()
    for number in range(6):
        ledger.make("ab"[number % 2], number, "ann" if number < 4 else "bob", "red" if number % 3 else "green")
    return ledger


def test_records_come_in_key_order_without_gap_or_repetition() -> None:
    ledger = small()
    assert ledger.ask(limit=2) == sorted(ledger.things)
    assert ledger.ask(limit=1, colour="green") == sorted(ledger.expected(colour="green"))
    assert ledger.ask(group="b") == sorted(ledger.expected(group="b"))
    assert ledger.ask(group="c") == []
    assert ledger.ask(group="") == []


def test_record_that_changed_hands_is_found_with_its_new_holder_alone() -> None:
    """What decides is always the record as it stands now."""
    ledger = small()
    ledger.move("a", 0, "bob")
    assert ledger.ask(holder="bob") == [("a", 4), ("b", 5), ("a", 0)]
    assert ledger.ask(holder="ann") == [("b", 1), ("a", 2), ("b", 3)]
    assert ledger.ask(holder="ann", colour="green") == [("b", 3)]


def test_record_that_came_back_is_found_and_once_on_a_page() -> None:
    ledger = small()
    ledger.move("a", 0, "bob")
    ledger.move("a", 0, "ann")
    assert ledger.ask(limit=10, holder="ann") == [("a", 0), ("b", 1), ("a", 2), ("b", 3)]
    assert set(ledger.ask(limit=1, holder="ann")) == ledger.expected(holder="ann")


def test_record_that_is_gone_is_not_found() -> None:
    ledger = small()
    ledger.drop("a", 0)
    assert set(ledger.ask(holder="ann")) == ledger.expected(holder="ann")


def test_node_without_the_whole_history_walks_over_the_records() -> None:
    """A node that began from a snapshot has no events of before: the index would hide what it never saw."""
    ledger = small()
    ledger.begin_from_a_snapshot()
    ledger.move("a", 0, "bob")
    assert ledger.ask(holder="bob") == sorted(ledger.expected(holder="bob"))


def test_walk_goes_on_on_a_node_that_could_ask_its_index() -> None:
    ledger, late = small(), small()
    late.begin_from_a_snapshot()
    first = late.reader.page(THINGS, {"holder": "ann"}, None, 1)
    rest = ledger.reader.page(THINGS, {"holder": "ann"}, first.position, 10)
    assert [ledger.name(key) for key, _ in (*first.records, *rest.records)] == sorted(ledger.expected(holder="ann"))
    begun = ledger.reader.page(THINGS, {"holder": "ann"}, None, 1)
    with pytest.raises(Rejected) as found:
        late.reader.page(THINGS, {"holder": "ann"}, begun.position, 1)
    assert found.value.code == "cursor-invalid"


def test_page_looks_at_a_bounded_number_of_records_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger()
    for number in range(20):
        ledger.make("g", number, "ann", "red" if number == 19 else "green")
    monkeypatch.setattr(collection_reader, "RECORDS_LOOKED_AT_MAX", 5)
    first = ledger.reader.page(THINGS, {"colour": "red"}, None, 100)
    assert (first.records, first.position is None) == ([], False)
    assert ledger.ask(colour="red") == [("g", 19)]
    assert ledger.ask(colour="red", holder="ann") == [("g", 19)]


def test_page_reads_a_bounded_number_of_bytes_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger()
    for number in range(6):
        ledger.make("g", number, "ann", load=1_000)
    monkeypatch.setattr(collection_reader, "RECORDS_LOOKED_AT_BYTES_MAX", 2_500)
    assert len(ledger.reader.page(THINGS, {}, None, 100).records) == 3
    assert len(ledger.reader.page(THINGS, {"holder": "ann"}, None, 100).records) == 3
    assert len(ledger.ask(limit=100)) == len(ledger.ask(limit=100, holder="ann")) == 6


@pytest.mark.parametrize("position", [b"", b"x", b"kother/", b"e\xc1", b"e\x93\x01\x01\xcf" + b"\xff" * 8])
def test_position_of_another_list_is_refused(position: bytes) -> None:
    ledger = small()
    for wanted in ({}, {"holder": "ann"}):
        with pytest.raises(Rejected) as found:
            ledger.reader.page(THINGS, wanted, position, 3)
        assert found.value.code == "cursor-invalid"


steps = st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["ann", "bob", "eve"])), max_size=24)


@given(steps=steps, limit=st.integers(1, 5), snapshot=st.booleans())
@settings(max_examples=60, deadline=None)
def test_both_ways_find_exactly_what_matches_now(steps: list[tuple[int, str]], limit: int, snapshot: bool) -> None:
    """Completeness: by events or by a walk, the same records, whatever changed hands how often."""
    ledger = Ledger()
    for number, holder in steps:
        group = "ab"[number % 2]
        if (group, number) not in ledger.things:
            ledger.make(group, number, holder, "green" if number < 4 else "red")
        else:
            ledger.move(group, number, holder)
    if snapshot:
        ledger.begin_from_a_snapshot()
    for wanted in ({"holder": "ann"}, {"holder": "eve", "colour": "red"}, {"group": "a"}, {}):
        assert set(ledger.ask(limit, **wanted)) == ledger.expected(**wanted)


@pytest.mark.parametrize("place", [(0, 1), (1, 0), (layout.BLOCK_INDEX, 0)])
def test_index_that_leads_to_another_event_is_corruption(place: tuple[int, int]) -> None:
    """An index entry that is wrong leaves no record out in silence."""
    ledger = small()
    fact = layout.index_fact(ThingMade.NAME, "holder", "ann")
    ledger.write(layout.index_key(fact, 1), layout.event_place(*place))
    with pytest.raises(StoreCorrupt):
        ledger.ask(holder="ann")
