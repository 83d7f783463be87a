from typing import Any

import pytest

from contracts.assets.dcat.adapter import Adapter
from contracts.assets.dcat.entry import DISTRIBUTIONS_MAX, describe_entry, entry_identifier, is_dataset
from contracts.assets.description import Box, Space
from contracts.assets.operations import RegisterAsset
from contracts.kernel.registry import checked_operation


def described(**node: Any) -> tuple:
    notes: list[str] = []
    found = describe_entry(node, {}, "A", notes)
    checked_operation(RegisterAsset("x", found))
    return found, notes


def test_entry_of_the_us_profile_maps_field_by_field() -> None:
    """Source: DCAT-US 1.1."""
    found, notes = described(
        description="About",
        keyword=["a", "b"],
        theme=["Budget"],
        modified="2019-06-01",
        issued="2018",
        accessLevel="public",
        publisher={"@type": "org:Organization", "name": "City"},
        contactPoint={"fn": "Desk", "hasEmail": "mailto:desk@example.org"},
        license="https://example.org/licence",
        spatial="-75.28,39.87,-74.96,40.14",
        temporal="2019-01-01/2019-12-31",
        accrualPeriodicity="R/P1Y",
        language=["en-US"],
        landingPage="https://example.org/",
        conformsTo="https://example.org/schema",
        distribution=[
            {"title": "T", "downloadURL": "https://example.org/a.csv", "mediaType": "text/csv", "format": "CSV"},
            {"accessURL": "https://example.org/api", "format": "API"},
        ],
    )
    assert notes == []
    publication = found.publication
    assert (publication.publisher, publication.contact) == ("City", "Desk <desk@example.org>")
    assert (publication.access, publication.modified, publication.language) == ("public", "2019-06-01", "en-US")
    assert found.space == Space("", Box(-75_280_000, 39_870_000, -74_960_000, 40_140_000))
    assert found.period is not None
    assert (found.update_frequency, found.format, found.delivery_modes) == ("R/P1Y", "CSV", ("api", "file"))
    assert [distribution.uri for distribution in found.distributions] == [
        "https://example.org/a.csv",
        "https://example.org/api",
    ]


def test_unknown_access_level_and_period_are_left_out_with_notes() -> None:
    """Unknown enum: adapted."""
    found, notes = described(accessLevel="top secret", temporal="long ago", distribution=[5, {}, {"downloadURL": "x"}])
    assert found.publication.access == ""
    assert found.period is None
    assert found.distributions == ()
    assert [note.partition(":")[0] for note in notes] == [
        "distribution",
        "distribution",
        "distribution 3.downloadURL",
        "distribution",
        "temporal",
        "accessLevel",
    ]


def test_address_of_a_vocabulary_becomes_its_term() -> None:
    found, notes = described(
        accessRights={"@id": "http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC"},
        accrualPeriodicity={"@id": "http://purl.org/cld/freq/daily"},
        theme=[{"@id": "http://publications.europa.eu/resource/authority/data-theme/TRAN"}],
        distribution={"mediaType": "https://www.iana.org/assignments/media-types/text/csv", "format": "http://x/CSV"},
    )
    assert notes == []
    assert (found.publication.access, found.update_frequency, found.themes) == ("non-public", "daily", ("TRAN",))
    assert (found.distributions[0].media_type, found.distributions[0].format) == ("text/csv", "CSV")


def test_entry_too_large_for_one_operation_loses_distributions_then_keywords() -> None:
    wide = "界" * 250
    distribution = {"title": wide, "downloadURL": "https://x.y/" + "a" * 1_000, "mediaType": "m" * 120}
    found, notes = described(
        description="界" * 8_192,
        keyword=[f"{n}" + "界" * 60 for n in range(64)],
        theme=[f"{n}" + "界" * 60 for n in range(16)],
        publisher=wide,
        license="界" * 512,
        landingPage="https://例/" + "界" * 1_000,
        conformsTo="https://例/" + "界" * 1_000,
        distribution=[distribution] * (DISTRIBUTIONS_MAX + 5),
    )
    assert len(found.distributions) < DISTRIBUTIONS_MAX
    assert any(note.startswith("distribution: the first 128 of 133") for note in notes)
    assert any("the record would be too large" in note for note in notes)


@pytest.mark.parametrize(
    ("node", "identifier"),
    [
        ({"identifier": "a"}, "a"),
        ({"identifier": 7}, "7"),
        ({"identifier": [" ", "b"]}, "b"),
        ({"identifier": {"@value": "c"}}, "c"),
        ({"@id": "https://x.y/d"}, "https://x.y/d"),
        ({"@id": "_:b0"}, ""),
        ({"identifier": None}, ""),
        ({"identifier": {}}, ""),
    ],
)
def test_identifier_is_taken_or_replaced_by_the_nodes_address(node: dict, identifier: str) -> None:
    assert entry_identifier(node, Adapter(node, {}, [])) == identifier


def test_services_are_entries_too() -> None:
    assert is_dataset({"@type": "dcat:DataService"})
    assert not is_dataset({"@type": "dcat:Catalog"})
    found = describe_entry({"@type": "dcat:DataService"}, {}, "A", [])
    assert found.kind == "service"
