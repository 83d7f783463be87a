import re
from typing import Any

import msgspec
import pytest

from chainnode.errors import Misuse
from contracts.evidence.operations import RecordEvidence
from contracts.kernel.operation import Operation
from contracts.kernel.reference import reference
from contracts.kernel.registry import operation_document
from contracts.kernel.schema import SchemaBook, definition_name, summary_of
from tests.unit.contracts.families import SAMPLES


class Loose(msgspec.Struct):
    anything: object


def faults(schema: dict[str, Any], value: Any, definitions: dict[str, Any]) -> list[str]:
    """What a validator of the keywords used here would find; a keyword it does not know fails the test."""
    found: list[str] = []
    for keyword, wanted in schema.items():
        match keyword:
            case "$ref":
                found += faults(definitions[wanted.removeprefix("#/$defs/")], value, definitions)
            case "anyOf":
                found += [] if any(not faults(one, value, definitions) for one in wanted) else [f"{value!r}: no form"]
            case "type":
                kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
                right = value is None if wanted == "null" else isinstance(value, kinds[wanted])
                if not right:
                    return [f"{value!r} is no {wanted}"]
            case "properties":
                given = [(one, value[name]) for name, one in wanted.items() if name in value]
                found += [fault for one, item in given for fault in faults(one, item, definitions)]
            case "required":
                found += [f"{name} is missing" for name in wanted if name not in value]
            case "additionalProperties":
                found += [f"{name} is surplus" for name in value if name not in schema["properties"]]
            case "items":
                found += [f for item in value for f in faults(wanted, item, definitions)]
            case "prefixItems":
                found += [f for one, item in zip(wanted, value, strict=True) for f in faults(one, item, definitions)]
            case "const" | "enum":
                found += [] if value in (wanted if keyword == "enum" else [wanted]) else [f"{value!r} is not {wanted}"]
            case "pattern":
                found += [] if re.search(wanted, value) else [f"{value!r} is not {wanted}"]
            case "minimum" | "exclusiveMinimum":
                found += [f"{value} < {wanted}"] if value < wanted + (keyword != "minimum") else []
            case "maximum":
                found += [f"{value} > {wanted}"] if value > wanted else []
            case "minLength" | "minItems":
                found += [f"{value!r} is too short"] if len(value) < wanted else []
            case "maxLength" | "maxItems":
                found += [f"{value!r} is too long"] if len(value) > wanted else []
            case "description" | "default" | "format":
                pass
            case _:
                raise AssertionError(f"unknown keyword {keyword}")
    return found


DOCUMENT = reference()
SCHEMAS = {found["name"]: found["schema"] for family in DOCUMENT["families"] for found in family["operations"]}


@pytest.mark.parametrize("operation", SAMPLES, ids=lambda found: str(found.__struct_config__.tag))
def test_json_form_of_a_sample_meets_its_schema(operation: Operation) -> None:
    """Schema of fields with bounds, of the JSON form."""
    document = operation_document(operation)
    schema = SCHEMAS[document["operation"]]
    assert faults(schema, document, DOCUMENT["$defs"]) == []
    for name in schema["required"]:
        assert faults(schema, {key: value for key, value in document.items() if key != name}, DOCUMENT["$defs"])
    assert faults(schema, {**document, "surplus": 1}, DOCUMENT["$defs"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("evidence_id", "00" * 15),
        ("evidence_id", "0" * 33),
        ("kind", "nonsense"),
        ("size", -1),
        ("size", 2**53 + 1),
        ("title", "x\ny"),
        ("title", "x" * 257),
        ("storage_uri", "javascript:1"),
        ("salted", "yes"),
    ],
)
def test_value_out_of_bounds_fails_the_schema(field: str, value: object) -> None:
    sample = RecordEvidence(bytes(16), "file", "sha256", bytes(32))
    document = {**operation_document(sample), field: value}
    assert faults(SCHEMAS["evidence.record"], document, DOCUMENT["$defs"])


def test_meaning_of_a_field_comes_from_the_notes() -> None:
    found = SchemaBook(lambda kind: {"size": "Bytes."} if kind is RecordEvidence else {}).object_schema(RecordEvidence)
    assert found["properties"]["size"]["description"] == "Bytes."
    assert found["properties"]["size"]["default"] == 0
    assert "description" not in found["properties"]["title"]


def test_struct_is_defined_once_under_the_name_of_its_room() -> None:
    assert definition_name(RecordEvidence) == "evidence.RecordEvidence"
    assert summary_of(RecordEvidence) == "Put one digest on the ledger."
    assert {"assets.AssetDescription", "kernel.Rule", "types.Validator"} <= set(DOCUMENT["$defs"])


def test_type_without_a_json_form_is_refused() -> None:
    with pytest.raises(Misuse) as found:
        SchemaBook().object_schema(Loose)
    assert found.value.code == "schema-type"
