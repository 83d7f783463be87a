from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import inspect

from chainnode.codec.canonical import encode
from chainnode.errors import Misuse
from chainnode.types.receipt import Event
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.kernel.collection import Collection, Filter, values_at
from contracts.kernel.event import TypedEvent
from contracts.kernel.registry import COLLECTIONS, EVENTS
from tests.support.announced import ABSENT, unannounced
from tests.unit.contracts.world import World


class Part(msgspec.Struct, frozen=True, array_like=True):
    name: str
    size: int | None = None


class Thing(msgspec.Struct, frozen=True, array_like=True):
    owner: str
    number: int
    colour: Literal["red", "green"]
    parts: tuple[Part, ...] = ()
    code: Annotated[bytes, msgspec.Meta(max_length=8)] = b""


class ThingSold(TypedEvent, frozen=True):
    NAME = "thing.sold"
    INDEXED = ("owner",)
    group: str
    owner: str
    number: int


def things(**changes: object) -> Collection:
    fields: dict = {
        "name": "things",
        "namespace": ("thing", "x"),
        "ids": ("group", "number"),
        "record": Thing,
        "summary": "Things.",
        "filters": (Filter("owner", ((ThingSold, "owner"),)), Filter("colour"), Filter("parts.name")),
        "id_types": {"group": str},
    }
    return Collection(**{**fields, **changes})


def test_key_of_a_record_reads_back_as_its_ids() -> None:
    found = things()
    key = found.key("a/b%", 7)
    assert key == b"thing/x/a%2Fb%25/0000000000000007"
    assert found.ids_of(key) == {"group": "a/b%", "number": 7}
    assert found.owns(key)
    assert not found.owns(key + b"/more")
    assert found.locate({"group": "a/b%", "number": 7, "owner": "o"}) == key
    assert found.locate({"group": None, "number": 7}) is None
    assert found.locate({"group": "", "number": 7}) is None


def test_first_ids_are_filters_and_narrow_the_range() -> None:
    """A question that gives the first ids reads only the keys below them."""
    found = things()
    assert list(found.by_name) == ["group", "owner", "colour", "name"]
    assert found.range_prefix({"colour": "red"}) == b"thing/x/"
    assert found.range_prefix({"group": "g"}) == b"thing/x/g/"
    assert found.index_for({"group": "g", "owner": "o"}) == found.by_name["owner"]
    assert found.index_for({"group": "g"}) is None


def test_record_matches_when_every_value_does() -> None:
    found = things()
    key = found.key("g", 7)
    value = encode(Thing("o", 7, "red", (Part("a"), Part("b"))))
    assert found.matches(key, value, {})
    assert found.matches(key, value, {"group": "g", "owner": "o", "name": "b"})
    assert not found.matches(key, value, {"group": "g", "owner": "other"})
    assert not found.matches(key, value, {"name": "c"})
    assert not found.matches(key, value, {"group": "h"})


def test_path_leads_through_structs_lists_and_what_is_absent() -> None:
    thing = Thing("o", 7, "red", (Part("a"), Part("b", 3)))
    assert values_at(thing, "parts.name") == ("a", "b")
    assert values_at(thing, "parts.size") == (None, 3)
    assert isinstance(things().type_of("parts.size"), inspect.IntType)
    assert isinstance(things().type_of("group"), inspect.StrType)


@pytest.mark.parametrize(
    "changes",
    [
        {"filters": (Filter("colour"), Filter("colour"))},
        {"filters": (Filter("nowhere"),)},
        {"filters": (Filter("parts"),)},
        {"filters": (Filter("owner", ((ThingSold, "number"),)),)},
        {"ids": ("number", "limit"), "filters": (Filter("limit"),)},
        {"ids": ("code",), "filters": (Filter("owner", ((ThingSold, "owner"),)),)},
    ],
)
def test_declaration_that_cannot_be_answered_is_refused(changes: dict) -> None:
    with pytest.raises(Misuse) as found:
        things(**changes)
    assert found.value.code == "collection"


def test_every_collection_can_be_shown_and_its_events_exist() -> None:
    for name, collection in COLLECTIONS.items():
        assert name == collection.name
        assert [collection.type_of(part) for part in collection.ids]
        for one in collection.filters:
            for event, attribute in one.indexes:
                assert EVENTS[event.NAME] is event
                assert attribute in event.INDEXED


def test_value_that_no_event_tells_is_noticed() -> None:
    """Whenever an operation gives the field a value, it emits one of the listed events."""
    collection = things()
    key = collection.key("g", 7)
    old, new = encode(Thing("o", 7, "red")), encode(Thing("p", 7, "green"))
    sold = Event("thing.sold", {"group": "g", "number": 7, "owner": "p"})
    other = Event("thing.sold", {"group": "g", "number": 8, "owner": "p"})
    assert unannounced({key: old}, {key: new}, (sold,), (collection,)) == []
    assert unannounced({key: old}, {key: new}, (other,), (collection,)) == ["things: owner became 'p' unannounced"]
    assert unannounced({}, {key: new}, (), (collection,)) == ["things: owner became 'p' unannounced"]
    assert unannounced({key: old}, {key: old}, (), (collection,)) == []
    assert set(ABSENT) == {None, b""}, "text can be empty and asked for: it is announced like any other"


def test_world_holds_transactions_to_the_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.kernel.context.Context.emit", lambda _self, _event: None)
    with pytest.raises(AssertionError, match="unannounced"):
        World().submit("exchange", RegisterAsset("a", AssetDescription("dataset", "A")))
