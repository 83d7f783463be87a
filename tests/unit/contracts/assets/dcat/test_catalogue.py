import json
import time

import pytest

from chainnode.errors import Rejected
from contracts.assets.dcat import import_catalogue
from contracts.assets.dcat.catalogue import Imported, ImportedEntry
from contracts.kernel.registry import checked_operation
from tests.support.shared import shared
from tests.unit.contracts.world import World


def entries(*datasets: object) -> tuple[ImportedEntry, ...]:
    return import_catalogue({"dataset": list(datasets)}).entries


def test_real_catalogue_is_taken_over_whole() -> None:
    """402 real entries with gaps and nulls: each one registered, adapted or refused, with the reason."""
    imported = import_catalogue(shared("data", "philadelphia-dcat-us.json").read_bytes())
    assert len(imported.entries) == 402
    assert (imported.count("ready"), imported.count("adapted"), imported.count("refused")) == (11, 391, 0)
    sizes = [len(checked_operation(entry.operation)) for entry in imported.entries if entry.operation]
    assert len(sizes) == 402
    first = imported.entries[0]
    assert (first.position, first.name) == (1, "2009-2012-police-advisory-commission-complaints")
    modified_null = [entry for entry in imported.entries if "modified: is null; left out" in entry.notes]
    assert len(modified_null) == 391


def test_real_catalogue_registers_on_a_ledger() -> None:
    imported = import_catalogue(shared("data", "philadelphia-dcat-us.json").read_bytes())
    world = World()
    operations = [entry.operation for entry in imported.entries if entry.operation]
    for start in range(0, len(operations), 50):
        receipt = world.submit("exchange", *operations[start : start + 50])
        assert (receipt.code, receipt.info) == ("ok", "")


def test_same_identifier_twice_is_refused_naming_both_positions() -> None:
    """A catalogue that lists the same id twice: that entry refused by name, naming both positions."""
    found = entries(
        {"identifier": "a", "title": "A"}, {"identifier": "b", "title": "B"}, {"identifier": "a ", "title": "C"}
    )
    assert [entry.outcome for entry in found] == ["ready", "ready", "refused"]
    assert (found[2].code, found[2].name) == ("catalogue-duplicate-id", "a")
    assert found[2].notes == ("entries 1 and 3 have the same identifier",)


@pytest.mark.parametrize(
    ("dataset", "code", "name"),
    [
        ({"title": "A"}, "entry-no-identifier", "A"),
        ({"title": "A", "identifier": None}, "entry-no-identifier", "A"),
        ({"title": "A", "identifier": "x" * 257}, "entry-no-identifier", "x" * 255 + "…"),
        ({"title": "A", "identifier": {"a": []}}, "entry-no-identifier", "A"),
        ({"identifier": "a"}, "entry-no-title", "a"),
        ({"identifier": "a", "title": None}, "entry-no-title", "a"),
        ({"identifier": "a", "title": "\x00 \n"}, "entry-no-title", "a"),
        ({}, "entry-no-identifier", "entry 1"),
        (None, "entry-not-object", "entry 1"),
        (5, "entry-not-object", "entry 1"),
        ("ex:gone", "entry-not-object", "entry 1"),
        ([], "entry-not-object", "entry 1"),
        ({"@id": "ex:gone"}, "entry-not-object", "entry 1"),
    ],
)
def test_entry_without_what_it_needs_is_refused_by_name(dataset: object, code: str, name: str) -> None:
    (found,) = entries(dataset)
    assert (found.outcome, found.code, found.name, found.operation) == ("refused", code, name, None)
    assert found.notes


WRONG: list[object] = [None, True, 0, -1, 1.5, "", "x", [], {}, [[]], [None], {"a": {"b": []}}, ["x"] * 300]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_wrong_type_in_any_property_is_adapted_never_an_error(wrong: object) -> None:
    """Wrong types everywhere."""
    names = (
        "description keyword theme modified issued publisher contactPoint accessLevel accessRights license rights "
        "spatial temporal distribution landingPage language accrualPeriodicity conformsTo describedBy version @type"
    )
    (found,) = entries({"identifier": "a", "title": "A"} | dict.fromkeys(names.split(), wrong))
    assert found.operation is not None
    checked_operation(found.operation)
    inner = dict.fromkeys(["title", "downloadURL", "accessURL", "mediaType", "format"], wrong)
    (found,) = entries({"identifier": "a", "title": "A", "distribution": [inner], "contactPoint": {"fn": wrong}})
    assert found.operation is not None
    checked_operation(found.operation)


def test_strings_of_ten_megabytes_are_cut_quickly() -> None:
    huge = "x" * 10_000_000
    document = json.dumps(
        {"dataset": [{"identifier": "a", "title": huge, "description": huge, "spatial": huge}]}
    ).encode()
    start = time.perf_counter()
    (found,) = import_catalogue(document).entries
    assert time.perf_counter() - start < 5
    assert found.outcome == "adapted"
    assert found.operation is not None
    checked_operation(found.operation)
    assert "title: cut from 10000000 to 256 characters" in found.notes


def test_halves_of_characters_are_replaced() -> None:
    (found,) = import_catalogue(
        b'{"dataset": [{"identifier": "a\\ud800", "title": "T\\udfff", "keyword": ["\\ud800"]}]}'
    ).entries
    assert found.outcome == "adapted"
    assert found.operation is not None
    checked_operation(found.operation)


def linked(**catalogue: object) -> Imported:
    publisher = {"@id": "ex:p", "@type": "foaf:Organization", "foaf:name": {"en": "The Office", "fr": "Le bureau"}}
    titles = [{"@value": "Titel", "@language": "de"}, {"@value": "Title", "@language": "en"}]
    dataset = {"@id": "ex:d", "@type": ["dcat:Dataset"], "dct:title": titles, "dct:publisher": {"@id": "ex:p"}}
    return import_catalogue(
        {"@context": {}, "@graph": [catalogue, dataset, publisher] if catalogue else [dataset, publisher]}
    )


@pytest.mark.parametrize(
    "catalogue",
    [{}, {"@type": "dcat:Catalog", "dcat:dataset": {"@id": "ex:d"}}, {"@type": "dcat:Catalog", "dataset": ["ex:d"]}],
)
def test_graph_of_dcat_3_is_followed_by_reference(catalogue: dict) -> None:
    (found,) = linked(**catalogue).entries
    assert (found.identifier, found.title) == ("ex:d", "Title")
    assert found.operation is not None
    publication = found.operation.description.publication
    assert publication is not None
    assert publication.publisher == "The Office"


def test_expanded_document_with_full_addresses_is_read() -> None:
    dcat, dct = "http://www.w3.org/ns/dcat#", "http://purl.org/dc/terms/"
    node = {
        "@id": "urn:x",
        "@type": [f"{dcat}Dataset"],
        f"{dct}title": [{"@value": "T"}],
        f"{dct}identifier": [{"@value": "i"}],
    }
    (found,) = import_catalogue(json.dumps([node]).encode()).entries
    assert (found.identifier, found.title, found.outcome) == ("i", "T", "ready")


def test_bare_list_and_embedded_services_are_entries() -> None:
    assert len(import_catalogue(b'[{"identifier": "a", "title": "A"}]').entries) == 1
    both = import_catalogue(
        {"dcat:dataset": [{"identifier": "a", "title": "A"}], "dcat:service": [{"identifier": "b", "title": "B"}]}
    )
    assert [entry.identifier for entry in both.entries] == ["a", "b"]


@pytest.mark.parametrize("document", [b"{}", b"[]", b"5", b'"x"', b"null", b'{"@graph": []}', b'{"dataSet": []}'])
def test_document_without_data_sets_is_refused(document: bytes) -> None:
    with pytest.raises(Rejected) as found:
        import_catalogue(document)
    assert found.value.code == "catalogue-no-datasets"


def test_empty_list_is_an_empty_catalogue() -> None:
    assert import_catalogue(b'{"dataset": []}').entries == ()
    assert import_catalogue(b'{"dataset": null}').entries == ()


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.assets.dcat.catalogue.ENTRIES_MAX", 2)
    with pytest.raises(Rejected) as found:
        entries({}, {}, {})
    assert found.value.code == "catalogue-too-large"


def test_holder_is_set_for_all_entries() -> None:
    found = import_catalogue({"dataset": [{"identifier": "a", "title": "A"}]}, "did:cnode:c:x").entries[0]
    assert found.operation is not None
    assert found.operation.holder == "did:cnode:c:x"
