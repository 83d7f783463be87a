from contracts.assets.dcat.adapter import Adapter
from contracts.assets.dcat.extension import extended, stated_identifier, stated_record, stated_text
from contracts.assets.dcat.linked_data import Node, plain
from contracts.assets.dcat.vocabulary import NAMESPACE
from contracts.assets.description import AssetDescription, Volume

BASE = AssetDescription("dataset", "Set", summary="s")


def adapter(node: Node) -> Adapter:
    return Adapter(plain(node), {}, [])


def test_terms_are_known_by_prefix_by_full_address_and_as_json_literals() -> None:
    literal = {"@type": "@json", "@value": {"records": 5, "size_bytes": 0}}
    for name in ("cnode:assetVolume", f"{NAMESPACE}assetVolume", "assetVolume"):
        for value in (literal, literal["@value"]):
            assert extended(BASE, adapter({name: value})).volume == Volume(5)


def test_null_takes_a_value_away_and_what_is_not_stated_stays() -> None:
    described = AssetDescription("dataset", "Set", summary="s", volume=Volume(5))
    found = extended(described, adapter({"assetVolume": None}))
    assert (found.volume, found.summary) == (None, "s")
    assert extended(described, adapter({"title": "x"})) is described


def test_each_unreadable_term_is_noted_and_costs_only_itself() -> None:
    reading = adapter({"assetVolume": "much", "assetIndustry": "G55", "assetFields": [{"nme": "x"}]})
    found = extended(BASE, reading)
    assert (found.volume, found.industry, found.fields) == (None, "G55", ())
    assert len(reading.notes) == 2


def test_identifier_and_texts_are_taken_only_where_a_record_can_hold_them() -> None:
    assert stated_identifier({"assetIdentifier": " a "}) == " a "
    assert stated_identifier({"assetIdentifier": "x" * 257}) == ""
    assert stated_identifier({"assetIdentifier": "a\x1b"}) == ""
    assert stated_identifier({}) == stated_identifier({"assetIdentifier": 5}) == ""
    assert stated_text({"assetName": {"@value": "n"}}, "assetName") == "n"


def test_entry_without_registration_has_no_record() -> None:
    assert stated_record({}, "a", BASE) is None
    assert stated_record({"assetRegistration": "text"}, "a", BASE) is None
