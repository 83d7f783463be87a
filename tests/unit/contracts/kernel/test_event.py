import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.types.receipt import Event
from contracts.kernel.event import EVENT_NAME_CHARS_MAX, TypedEvent
from contracts.kernel.registry import EVENTS


@pytest.mark.parametrize("name", EVENTS)
def test_event_becomes_a_name_and_scalars(name: str) -> None:
    """Event [name, {attribute: scalar}]."""
    kind: type[TypedEvent] = EVENTS[name]
    samples = {"str": "x", "bytes": b"x", "int": 1, "bool": True}
    event = kind(**{f.name: samples[f.type.__name__] for f in msgspec.structs.fields(kind)}).to_event()
    assert event.name == name
    assert len(name) <= EVENT_NAME_CHARS_MAX
    assert list(event.attributes) == list(kind.__struct_fields__)
    assert msgspec.msgpack.decode(encode(event), type=Event) == event


def test_attributes_are_sorted_in_the_canonical_bytes() -> None:
    data = encode(EVENTS["evidence.superseded"](b"", "s", b"").to_event())
    assert data.index(b"evidence_id") < data.index(b"submitter") < data.index(b"superseded_by")
