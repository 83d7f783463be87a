"""Whatever a record holds survives the way to DCAT and back, in both profiles."""

import json
import re

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.assets.dcat import export_catalogue, import_catalogue
from contracts.assets.dcat.vocabulary import PROFILES, Profile
from contracts.assets.description import (
    AssetDescription,
    Box,
    Distribution,
    Field,
    Parent,
    Publication,
    Quality,
    Source,
    Space,
    TimeRange,
    Valuation,
    Volume,
)
from contracts.assets.record import AssetRecord, asset_id_of
from contracts.kernel.text import LINE_PATTERN, TEXT_PATTERN

PLAIN = st.sampled_from(["", "Set", " padded ", "a/b#c", "Clerk <c@x.org>", "c@x.org", "public", "2020-01", "API"])
LINES = PLAIN | st.text(max_size=12).filter(lambda text: re.match(LINE_PATTERN, text) is not None)
TEXTS = LINES | st.text(max_size=20).filter(lambda text: re.match(TEXT_PATTERN, text) is not None)
NAMES = LINES.filter(bool)
URIS = st.sampled_from(["", "https://example.org/a%20b", "http://x.org/%7B", "mailto:c@x.org", "did:web:x"])
HASHES = st.none() | st.binary(min_size=32, max_size=32)
EDGES = st.sampled_from([0, 1, 86_400_000, 86_399_999, -1, -86_400_000, 2**53, -(2**53)])
MOMENTS = EDGES | st.integers(-(2**45), 2**45)


@st.composite
def periods(draw: st.DrawFn) -> TimeRange:
    start, end = draw(MOMENTS), draw(MOMENTS)
    return TimeRange(start, end if end == 0 or end >= start else 0)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    degrees = st.integers(-90_000_000, 90_000_000)
    south, north = sorted((draw(degrees), draw(degrees)))
    return Box(2 * draw(degrees), south, 2 * draw(degrees), north)


DESCRIPTIONS = st.builds(
    AssetDescription,
    kind=st.sampled_from(["resource", "product", "dataset", "model", "service"]),
    name=NAMES,
    version=LINES,
    summary=TEXTS,
    industry=st.sampled_from(["", "G5532"]),
    themes=st.lists(LINES, max_size=3).map(tuple),
    keywords=st.lists(LINES, max_size=3).map(tuple),
    grade=st.sampled_from(["general", "important"]),
    personal_information=st.sampled_from(["undeclared", "none"]),
    period=st.none() | periods(),
    space=st.none() | st.builds(Space, LINES, st.none() | boxes()),
    volume=st.none() | st.builds(Volume, st.integers(0, 2**53)),
    format=LINES,
    fields=st.lists(st.builds(Field, NAMES, LINES), max_size=2).map(tuple),
    schema_hash=HASHES,
    update_frequency=LINES,
    source=st.none() | st.builds(Source, st.just("collected"), TEXTS),
    scenarios=st.lists(LINES, max_size=2).map(tuple),
    delivery_modes=st.lists(st.sampled_from(["api", "file", "report"]), max_size=3).map(tuple),
    quality=st.none() | st.builds(Quality, st.integers(0, 10_000)),
    valuation=st.none() | st.builds(Valuation, st.just("cost"), st.integers(0, 2**53), st.just("CNY")),
    parents=st.lists(
        st.builds(Parent, st.binary(min_size=32, max_size=32), st.just("sample-of"), st.integers(0, 5_000), HASHES),
        max_size=2,
        unique_by=lambda parent: parent.asset_id,
    ).map(tuple),
    distributions=st.lists(st.builds(Distribution, LINES, URIS, LINES, LINES), max_size=3).map(tuple),
    publication=st.none()
    | st.builds(Publication, LINES, LINES, LINES, LINES, URIS, LINES, LINES, LINES, URIS),
)


def record(identifier: str, description: AssetDescription) -> AssetRecord:
    did = "did:cnode:test-1:" + "a" * 32
    return AssetRecord(
        asset_id=asset_id_of(did, identifier),
        identifier=identifier,
        applicant="",
        registrar=did,
        holder=did,
        status="CERTIFIED",
        certificate="0001-20261122-00000001-00",
        description=description,
        version=1,
        valid_until_ms=0,
        frozen_by=(b"o" * 16,),
        resumes="",
        registered_height=1,
        registered_ms=1_795_305_600_000,
        updated_height=2,
        updated_ms=1_795_305_601_000,
    )


@given(NAMES, DESCRIPTIONS, st.sampled_from(PROFILES))
@settings(max_examples=150, deadline=None)
def test_record_survives_dcat(identifier: str, description: AssetDescription, profile: Profile) -> None:
    """Round trip record -> DCAT -> record without loss of what the ledger keeps."""
    found = record(identifier, description)
    document = json.dumps(export_catalogue([found], profile)).encode()
    (entry,) = import_catalogue(document).entries
    assert entry.code == "", entry
    assert entry.record == found
    assert entry.operation is not None
    assert (entry.operation.identifier, entry.operation.description) == (identifier, description)
    assert msgspec.json.decode(document)["@type"] == "dcat:Catalog"
