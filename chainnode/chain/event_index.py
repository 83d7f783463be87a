"""How events are found again: which facts are true of which events of a block."""

from collections.abc import Sequence

from chainnode.errors import StoreCorrupt
from chainnode.store import layout
from chainnode.types.receipt import BlockReceipt, Event, Receipt, Scalar
from contracts.kernel.registry import EVENTS

_Indexed = tuple[str, bytes, dict[Scalar, bytes]]
"""An attribute, the head of its facts, and the facts of the texts it has had in this block."""


def index_entries(receipts: Sequence[Receipt], opened: BlockReceipt) -> dict[bytes, bytearray]:
    """Places of a block's events by fact: by name, and by each attribute that its type declares as indexed."""
    entries: dict[bytes, bytearray] = {}
    plans: dict[str, tuple[bytes, list[_Indexed]]] = {}
    outcomes = (opened.events, *(receipt.events for receipt in receipts))
    for index, events in enumerate(outcomes, layout.BLOCK_INDEX):
        for position, event in enumerate(events):
            plan = plans.get(event.name)
            if plan is None:
                plan = plans[event.name] = _plan(event.name)
            named, indexed = plan
            place = layout.event_place(index, position)
            facts = [named]
            attributes = event.attributes
            for attribute, head, texts in indexed:
                value = attributes.get(attribute)
                # Who did it is the same text in half of the events: it is hashed once.
                fact = texts.get(value) if type(value) is str else layout.fact_of(head, value)
                if fact is None:
                    fact = texts[value] = layout.fact_of(head, value)
                facts.append(fact)
            for fact in facts:
                found = entries.get(fact)
                if found is None:
                    entries[fact] = bytearray(place)
                else:
                    found += place
    return entries


def _plan(name: str) -> tuple[bytes, list[_Indexed]]:
    kind = EVENTS.get(name)
    attributes = kind.INDEXED if kind is not None else ()
    indexed: list[_Indexed] = [(attribute, layout.fact_head(name, attribute), {}) for attribute in attributes]
    return layout.index_fact(name, "", None), indexed


def indexed_event(events: Sequence[Event], position: int, name: str, attribute: str, value: Scalar) -> Event:
    """The event at ``position`` of a receipt's, to which the index of this fact led (``attribute`` "": of the name).

    Raises:
        StoreCorrupt: ``data-corrupt``: there is none, or the fact is not true of it.
    """
    event = events[position] if position < len(events) else None
    if event is None or event.name != name or (attribute and event.attributes.get(attribute) != value):
        raise StoreCorrupt("data-corrupt", "an index of events leads to another event", name=name, attribute=attribute)
    return event
