"""Which events of a block are found by which facts."""

from chainnode.chain.event_index import index_entries
from chainnode.store.layout import BLOCK_INDEX, event_place, index_fact
from chainnode.types.receipt import OK, BlockReceipt, Event, Receipt
from tests.support.local_chain import LocalChain

NOTHING = BlockReceipt(1, ())


def test_events_are_indexed_by_name_and_by_each_declared_attribute() -> None:
    """One entry for all events of the name and the submitter, one of its own for each evidence id and digest."""
    chain = LocalChain()
    receipts = chain.commit(chain.build(1, 2))
    assert receipts is not None
    entries = index_entries(receipts, NOTHING)
    places = [event_place(0, 0), event_place(1, 0)]
    assert entries[index_fact("evidence.recorded", "", None)] == b"".join(places)
    for place, receipt in zip(places, receipts, strict=True):
        for name in ("evidence_id", "digest"):
            assert entries[index_fact("evidence.recorded", name, receipt.events[0].attributes[name])] == place
    submitter = receipts[0].events[0].attributes["submitter"]
    assert entries[index_fact("evidence.recorded", "submitter", submitter)] == b"".join(places)
    assert len(entries) == 2 + 2 * 2


def test_values_that_look_alike_are_different_facts() -> None:
    """True equals 1 in Python, and is not the same fact; the same text twice is."""
    values = ("1", 1, True, None, b"1", "1")
    events = tuple(Event("evidence.recorded", {"submitter": value}) for value in values)
    entries = index_entries([Receipt(bytes(32), 1, 0, OK, -1, "", events)], NOTHING)
    for value, positions in (("1", (0, 5)), (1, (1,)), (True, (2,)), (None, (3,)), (b"1", (4,))):
        places = b"".join(event_place(0, position) for position in positions)
        assert entries[index_fact("evidence.recorded", "submitter", value)] == places


def test_events_of_the_block_and_of_unknown_kinds_are_found_by_name() -> None:
    opened = BlockReceipt(1, (Event("later.feature", {"a": 1}), Event("later.feature", {"a": 2})))
    entries = index_entries([], opened)
    places = event_place(BLOCK_INDEX, 0) + event_place(BLOCK_INDEX, 1)
    assert entries == {index_fact("later.feature", "", None): places}
