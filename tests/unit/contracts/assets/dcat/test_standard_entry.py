import pytest

from contracts.assets.dcat.standard_entry import dcat_3_entry, dcat_us_entry
from contracts.assets.description import AssetDescription, Box, Publication, Space, TimeRange


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (TimeRange(0, 86_399_999), {"dcat:startDate": "1970-01-01", "dcat:endDate": "1970-01-01"}),
        (TimeRange(1_000, 2_000), {"dcat:startDate": "1970-01-01T00:00:01Z", "dcat:endDate": "1970-01-01T00:00:02Z"}),
        (TimeRange(-86_400_000), {"dcat:startDate": "1969-12-31"}),
        (TimeRange(2**53), None),
        (TimeRange(-(2**53)), None),
    ],
)
def test_period_is_written_to_the_precision_it_has(period: TimeRange, expected: dict[str, str] | None) -> None:
    found = dcat_3_entry("a", AssetDescription("dataset", "Set", period=period)).get("dct:temporal")
    assert found == (None if expected is None else {"@type": "dct:PeriodOfTime", **expected})


def test_box_is_a_closed_ring_in_degrees() -> None:
    space = Space("", Box(-75_280_300, 0, 5, 40_000_000))
    found = dcat_3_entry("a", AssetDescription("dataset", "Set", space=space))["dct:spatial"]["dcat:bbox"]
    assert found == "POLYGON((-75.2803 0, 0.000005 0, 0.000005 40, -75.2803 40, -75.2803 0))"
    us = dcat_us_entry("a", AssetDescription("dataset", "Set", space=space), registrar="r", registered="2026-01-01")
    assert us["spatial"] == "-75.2803,0,0.000005,40"


@pytest.mark.parametrize(
    ("contact", "name", "mail"),
    [
        ("Clerk <c@x.org>", "Clerk", "mailto:c@x.org"),
        ("c@x.org", None, "mailto:c@x.org"),
        ("Clerk", "Clerk", None),
        ("", None, None),
    ],
)
def test_contact_is_split_into_name_and_address(contact: str, name: str | None, mail: str | None) -> None:
    described = AssetDescription("dataset", "Set", publication=Publication(contact=contact))
    found = dcat_3_entry("a", described).get("dcat:contactPoint", {})
    assert (found.get("vcard:fn"), found.get("vcard:hasEmail")) == (name, mail)


def test_what_was_not_told_is_not_said() -> None:
    assert dcat_3_entry("a", AssetDescription("dataset", "Set")) == {
        "@type": "dcat:Dataset",
        "dct:identifier": "a",
        "dct:title": "Set",
    }
