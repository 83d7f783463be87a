import json
from typing import Any

import msgspec
import pytest

from contracts.assets.dcat import export_catalogue, import_catalogue
from contracts.assets.dcat.catalogue import ImportedEntry
from contracts.assets.dcat.export import catalogue_of, describe_in_words
from contracts.assets.dcat.vocabulary import PROFILES, Profile
from contracts.assets.description import (
    AssetDescription,
    Box,
    Distribution,
    Field,
    Parent,
    Publication,
    Quality,
    Space,
    TimeRange,
    Volume,
)
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import AssetRecord, asset_id_of, read_asset
from tests.support.shared import shared
from tests.unit.contracts.world import World, did_of

RICH = AssetDescription(
    "model",
    "  Berths  ",
    version="2.1",
    summary="One\n\nTwo",
    industry="G5532",
    themes=("transport", "https://example.org/themes/sea"),
    keywords=("berth", "port"),
    data_class="C1",
    general_level=3,
    personal_information="none",
    period=TimeRange(1_500, 86_399_999),
    space=Space("Harbour", Box(-75_280_300, 39_867_000, -74_955_800, 40_137_900)),
    volume=Volume(10, 2**53),
    format="CSV",
    fields=(Field("x", "int", sensitivity="open"),),
    schema_hash=b"s" * 32,
    update_frequency="R/P1D",
    delivery_modes=("privacy-computing",),
    quality=Quality(9_000),
    parents=(Parent(b"p" * 32, "trained-on", 500, b"h" * 32),),
    distributions=(
        Distribution("t", "https://example.org/a.csv", "text/csv", "CSV"),
        Distribution(),
        Distribution("", "https://example.org/api", "", "API"),
    ),
    publication=Publication("City", "Clerk <clerk@example.org>", "CC0", "public", "https://example.org/"),
)


def imported(entry: dict[str, Any], profile: Profile) -> ImportedEntry:
    (found,) = import_catalogue(json.dumps(catalogue_of([entry], profile)).encode()).entries
    return found


def record_of(description: AssetDescription, identifier: str = "a") -> AssetRecord:
    world = World()
    registered = msgspec.structs.replace(description, parents=())
    assert world.submit("exchange", RegisterAsset(identifier, registered)).code == "ok"
    record = read_asset(world.overlay, asset_id_of(did_of("exchange"), identifier))
    assert record is not None
    return msgspec.structs.replace(record, description=description)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("identifier", ["a", " padded ", "https://example.org/a"])
def test_record_survives_the_way_to_dcat_and_back(profile: Profile, identifier: str) -> None:
    """Round trip record -> DCAT -> record without loss of what the ledger keeps."""
    record = record_of(RICH, identifier)
    (back,) = import_catalogue(json.dumps(export_catalogue([record], profile)).encode()).entries
    assert (back.code, back.identifier) == ("", identifier)
    assert back.record == record
    assert back.operation == RegisterAsset(identifier, RICH)


@pytest.mark.parametrize("profile", PROFILES)
def test_real_catalogue_is_a_fixpoint(profile: Profile) -> None:
    """Import -> export -> import gives the same 402 descriptions, with nothing to adapt the second time."""
    first = import_catalogue(shared("data", "philadelphia-dcat-us.json").read_bytes())
    operations = [entry.operation for entry in first.entries if entry.operation is not None]
    entries = [describe_in_words(found.identifier, found.description, profile) for found in operations]
    second = import_catalogue(json.dumps(catalogue_of(entries, profile)).encode())
    assert [entry.operation for entry in second.entries] == operations
    assert second.count("ready") == 402
    back = [entry.operation for entry in second.entries if entry.operation is not None]
    assert [describe_in_words(found.identifier, found.description, profile) for found in back] == entries


def test_plain_description_needs_no_words_of_our_own() -> None:
    """Nothing is said twice: the extension holds only what DCAT cannot say."""
    plain = AssetDescription(
        "dataset",
        "Set",
        summary="What it is",
        keywords=("a",),
        period=TimeRange(0, 86_399_999),
        space=Space("", Box(-1_500_000, 0, 2, 3_000_000)),
        format="CSV",
        delivery_modes=("file",),
        distributions=(Distribution("t", "https://example.org/a.csv", "text/csv", "CSV"),),
        publication=Publication("City", "Clerk <c@example.org>", "CC0", "public", "https://example.org/", "en"),
    )
    assert not [name for name in describe_in_words("a", plain, "dcat-3") if name.startswith("cnode:")]
    told = Publication("City", "Clerk <c@x.org>", "", "public", modified="2020")
    us = msgspec.structs.replace(plain, publication=told)
    assert not [name for name in describe_in_words("a", us, "dcat-us") if name.startswith("cnode:")]


def test_dcat_us_entry_has_every_required_property() -> None:
    """Required: title, description, keyword, modified, publisher, contactPoint, identifier, accessLevel."""
    (entry,) = export_catalogue([record_of(AssetDescription("dataset", "Set"))], "dcat-us")["dataset"]
    required = ("title", "description", "keyword", "modified", "publisher", "contactPoint", "identifier", "accessLevel")
    assert all(entry[name] for name in required)
    assert (entry["modified"], entry["accessLevel"]) == ("2026-11-22", "non-public")
    assert entry["publisher"]["name"] == did_of("exchange")


def test_dcat_3_catalogue_names_services_datasets_and_origins_as_others_read_them() -> None:
    service = record_of(AssetDescription("service", "Api"), "s")
    model = record_of(RICH, "m")
    found = export_catalogue([service, model], title="Port")
    assert (found["@type"], found["dct:title"]) == ("dcat:Catalog", "Port")
    assert [entry["dct:title"] for entry in found["dcat:service"]] == ["Api"]
    (entry,) = found["dcat:dataset"]
    assert entry["@id"] == f"urn:x-chainnode:asset:{model.asset_id.hex()}"
    assert entry["prov:wasDerivedFrom"] == [{"@id": "urn:x-chainnode:asset:" + (b"p" * 32).hex()}]
    assert entry["dcat:distribution"][0]["dcat:mediaType"] == {
        "@id": "https://www.iana.org/assignments/media-types/text/csv"
    }
    prefixes = {name.partition(":")[0] for name in entry if ":" in name}
    assert prefixes <= set(found["@context"])


def test_entry_of_a_stranger_is_checked_like_any_other() -> None:
    """The extension can be written by anyone: what cannot be read is noted or refused, and proves nothing."""
    entry = describe_in_words("a", AssetDescription("dataset", "Set"), "dcat-3")
    bad = imported({**entry, "cnode:assetGrade": "harmless", "cnode:assetGeneralLevel": 3}, "dcat-3")
    assert (bad.outcome, bad.notes) == ("adapted", ("assetGrade: is no value that a record can hold; left out",))
    assert bad.operation is not None and bad.operation.description.general_level == 3
    core = imported({**entry, "cnode:assetGrade": "core"}, "dcat-3")
    assert core.outcome == "adapted" and "asset-grade-core" in core.notes[0]
    forged = imported({**entry, "cnode:assetRegistration": {"asset_id": "00"}}, "dcat-3")
    assert (forged.outcome, forged.code) == ("refused", "entry-asset-terms")
    fields = [{"name": f"{n:03}" + "界" * 60, "description": "界" * 256} for n in range(512)]
    huge = imported({**entry, "cnode:assetFields": fields}, "dcat-3")
    assert (huge.outcome, huge.code) == ("refused", "entry-asset-terms")
