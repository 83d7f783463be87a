"""Typed events: what a family tells the world, and what a reader may search by."""

from typing import Any, ClassVar, Final

import msgspec

from chainnode.types.receipt import Event

EVENT_NAME_CHARS_MAX: Final = 64


class TypedEvent(msgspec.Struct, frozen=True, gc=False):
    """Base of every event; fields are scalars and become the event's attributes.

    Each subclass sets ``NAME`` (``<family>.<fact>``, past tense) and ``INDEXED``: the
    attributes a node keeps a look-up table for. Text fields are bounded by the
    operations they come from (at most 512 characters).
    """

    NAME: ClassVar[str] = ""
    INDEXED: ClassVar[tuple[str, ...]] = ()

    def to_event(self) -> Event:
        """The event as receipts carry it."""
        attributes: dict[str, Any] = msgspec.structs.asdict(self)
        return Event(self.NAME, attributes)
