"""Holds every transaction a test runs to the promise of indexed filters (``contracts.kernel.collection``)."""

from collections.abc import Mapping

from chainnode.types.receipt import Event
from contracts.kernel.collection import Collection, values_at
from contracts.kernel.registry import COLLECTIONS

Content = Mapping[bytes, bytes | None]
ABSENT = (None, b"")
"""What a field without a value holds; a query cannot ask for either."""
INDEXED = tuple(found for found in COLLECTIONS.values() if any(one.indexes for one in found.filters))


def unannounced(
    before: Content, after: Content, events: tuple[Event, ...], collections: tuple[Collection, ...] = INDEXED
) -> list[str]:
    """Values that fields came to without one of the events by which readers would find them."""
    changed = [key for key, value in after.items() if value is not None and before.get(key) != value]
    missing = []
    for collection in collections:
        start = "/".join(collection.namespace).encode() + b"/"
        for key in changed:
            if key.startswith(start) and collection.owns(key):
                missing += _missing(collection, key, before.get(key), after[key] or b"", events)
    return missing


def _missing(
    collection: Collection, key: bytes, old: bytes | None, new: bytes, events: tuple[Event, ...]
) -> list[str]:
    found = []
    for one in (one for one in collection.filters if one.indexes):
        had = () if old is None else values_at(collection.decode(old), one.path)
        gained = [value for value in values_at(collection.decode(new), one.path) if value not in (*had, *ABSENT)]
        told = [
            event.attributes.get(attribute)
            for event in events
            for kind, attribute in one.indexes
            if event.name == kind.NAME and collection.locate(event.attributes) == key
        ]
        silent = [value for value in gained if value not in told]
        found += [f"{collection.name}: {one.name} became {value!r} unannounced" for value in silent]
    return found
