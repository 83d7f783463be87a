import pytest

from contracts.assets.dcat.linked_data import (
    has_type,
    index_nodes,
    items,
    local_name,
    plain,
    resolve,
    tagged_texts,
    texts,
)


@pytest.mark.parametrize("name", ["title", "dct:title", "dcterms:title", "http://purl.org/dc/terms/title", "x#title"])
def test_property_is_known_by_the_last_part_of_its_name(name: str) -> None:
    assert local_name(name) == "title"


def test_keywords_stay_and_the_first_of_two_names_counts() -> None:
    assert local_name("@id") == "@id"
    assert local_name("http://example.org/") == "//example.org/"
    assert plain({"title": "a", "dct:title": "b", "@id": "x"}) == {"title": "a", "@id": "x"}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, []),
        ("a", ["a"]),
        (7, ["7"]),
        (True, []),
        (["a", None, {}, "b"], ["a", "b"]),
        ({"@value": "a", "@type": "xsd:string"}, ["a"]),
        ({"@list": ["a", "b"]}, ["a", "b"]),
        ({"en": "yes", "fr": "oui"}, ["yes"]),
        ({"fr": "oui", "de": "ja"}, ["ja"]),
        ({"zh-CN": "是", "fr": "oui"}, ["是"]),
        ([{"@value": "oui", "@language": "fr"}, {"@value": "yes", "@language": "en-GB"}], ["yes"]),
        ({"@id": "ex:p"}, ["The Publisher"]),
        ({"@id": "ex:gone"}, ["ex:gone"]),
        ({"foaf:name": "Someone"}, ["Someone"]),
        ({"skos:prefLabel": {"@value": "Transport", "@language": "en"}}, ["Transport"]),
        ({"nothing": 1}, []),
        ({"@value": {"a": 1}}, []),
    ],
)
def test_texts_come_out_of_every_wrapper(value: object, found: list[str]) -> None:
    assert texts(value, {"ex:p": {"@id": "ex:p", "foaf:name": "The Publisher"}}) == found


def test_keywords_keep_every_text_of_one_language() -> None:
    tagged = [{"@value": text, "@language": tag} for text, tag in (("a", "en"), ("b", "en"), ("c", "de"))]
    assert tagged_texts(tagged, {}) == ["a", "b"]
    assert tagged_texts({"de": ["c"], "en": ["a", "b"]}, {}) == ["a", "b"]
    assert tagged_texts(["x", *tagged], {}) == ["a", "b", "x"]
    assert tagged_texts("x", {}) == ["x"]


def test_nodes_are_found_by_reference_and_the_first_of_one_name_counts() -> None:
    graph = index_nodes([{"@id": "a", "dct:title": "1"}, {"@id": "a", "dct:title": "2"}, 5, {"@id": 7}])
    assert resolve({"@id": "a"}, graph) == {"@id": "a", "title": "1"}
    assert resolve("a", graph) == {"@id": "a", "title": "1"}
    assert resolve({"@id": "b"}, graph) == {"@id": "b"}
    assert resolve("b", graph) is None
    assert resolve(5, graph) is None
    assert resolve({"dct:title": "3"}, graph) == {"title": "3"}


def test_types_are_compared_by_local_name() -> None:
    assert has_type({"@type": ["x", "http://www.w3.org/ns/dcat#Dataset"]}, "Dataset")
    assert has_type({"@type": "dcat:Dataset"}, "Dataset")
    assert not has_type({"@type": 5}, "Dataset")
    assert items({"@set": ["a"]}) == ["a"]
