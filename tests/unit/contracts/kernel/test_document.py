from typing import Any

import pytest

from chainnode.errors import Misuse, Rejected
from contracts.assets.operations import RegisterAsset
from contracts.evidence.operations import RecordEvidence
from contracts.governance.record import ObserverList
from contracts.kernel.document import from_document, named_reason, to_document
from contracts.kernel.policy import Policies, Rule


def test_struct_shows_field_names_and_hex() -> None:
    document = to_document(RecordEvidence(b"\x01" * 16, "file", "sha256", b"\xab" * 32))
    assert document["evidence_id"] == "01" * 16
    assert document["digest"] == "ab" * 32
    assert document["salted"] is True


def test_pairs_inside_tuples_survive_both_ways() -> None:
    policies = Policies((("asset.register", Rule("ANY", ("member",))),))
    assert from_document(Policies, to_document(policies)) == policies


def test_left_out_fields_take_their_defaults() -> None:
    found = from_document(
        RegisterAsset, {"identifier": "a", "description": {"kind": "dataset", "name": "A", "space": {"name": "here"}}}
    )
    assert found.description.space is not None
    assert found.description.space.box is None
    assert found.description.grade == "general"


EVIDENCE = {"evidence_id": "00" * 16, "kind": "file", "algorithm": "sha256", "digest": "00" * 32}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"digest": None}, "digest"),
        ({"digest": "0X" * 32}, "digest"),
        ({"digest": "AB" * 32}, "digest"),
        ({"digest": 5}, "digest"),
        ({"kind": "nonsense"}, "nonsense"),
        ({"size": "7"}, "int"),
        ({"size": -1}, ">= 0"),
        ({"surplus": 1}, "surplus"),
    ],
)
def test_document_with_a_fault_names_the_field(change: dict[str, Any], named: str) -> None:
    with pytest.raises(Rejected) as found:
        from_document(RecordEvidence, {**EVIDENCE, **change})
    assert found.value.code == "operation-malformed"
    assert named in found.value.message


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"identifier": "a", "description": []},
        {"identifier": "a", "description": {"kind": "dataset", "name": "A", "keywords": "x"}},
        {"identifier": "a", "description": {"kind": "dataset", "name": "A", "keywords": [1]}},
        {"identifier": "a", "description": {"kind": "dataset"}},
    ],
)
def test_document_of_the_wrong_shape_is_refused(document: object) -> None:
    with pytest.raises(Rejected):
        from_document(RegisterAsset, document)


def test_only_structs_have_documents() -> None:
    number: Any = int
    with pytest.raises(Misuse):
        from_document(number, {})
    assert from_document(ObserverList, {"observers": []}) == ObserverList(())


@pytest.mark.parametrize(
    ("reason", "named"),
    [
        ("odd - at `$[2]`", "RecordEvidence.kind: odd; it is one of delivery"),
        ("Expected `bytes` - at `$[1]`", "RecordEvidence.evidence_id: Expected `bytes`"),
        ("Expected `array`, got `int`", "RecordEvidence: Expected `array`, got `int`"),
        ("odd - at `$[99]`", "RecordEvidence: odd"),
        ("odd - at `$[0]`", "RecordEvidence: odd"),
    ],
)
def test_reason_names_the_field_instead_of_its_place(reason: str, named: str) -> None:
    assert named_reason(RecordEvidence, reason).startswith(named)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"grade": "top"}, "RegisterAsset.description.grade: Invalid enum value 'top'; it is one of core, "),
        ({"keywords": ["ok", "\n"]}, "RegisterAsset.description.keywords[1]: Expected `str` matching regex"),
        ({"quality": {"score": -1}}, "RegisterAsset.description.quality.score: Expected `int` >= 0"),
    ],
)
def test_value_that_fits_no_field_is_refused_by_the_fields_name(changes: dict, named: str) -> None:
    """Errors in operation documents name the field, not an array position."""
    document = {"identifier": "a", "description": {"kind": "dataset", "name": "A", **changes}}
    with pytest.raises(Rejected) as found:
        from_document(RegisterAsset, document)
    assert found.value.code == "operation-malformed"
    assert found.value.message.startswith(named)
