import json

import pytest

from chainnode.cli.field_note import notes_of
from chainnode.cli.main import main
from contracts.evidence.operations import RecordEvidence
from contracts.kernel.registry import FAMILIES, OPERATIONS
from tests.support.shared import ROOT


def test_page_of_operations_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """contracts/OPERATIONS.md is written by the command, never by hand."""
    assert main(["operations", "--markdown"]) == 0
    same = capsys.readouterr().out == (ROOT / "contracts" / "OPERATIONS.md").read_text("utf-8")
    assert same, "run: ./run chainnode operations --markdown > contracts/OPERATIONS.md"


def test_operations_prints_every_operation_with_its_schema_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["operations", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    found = {entry["name"]: entry for family in document["families"] for entry in family["operations"]}
    assert set(found) == set(OPERATIONS)
    size = found["evidence.record"]["schema"]["properties"]["size"]
    assert size["description"] == "Of the content in bytes; 0 = not told."


def test_operations_of_one_family_are_listed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["operations", "--family", "evidence"]) == 0
    lines = capsys.readouterr().out.splitlines()
    family = next(found for found in FAMILIES if found.name == "evidence")
    assert [line.split()[0] for line in lines] == ["operation", *(spec.name for spec in family.operations)]


def test_notes_are_what_stands_below_the_fields() -> None:
    notes = notes_of(RecordEvidence)
    assert notes["salted"] == "Whether `digest` is keyed with a salt, so that guessing finds nothing."
    assert "kind" not in notes


def test_class_without_source_has_no_notes() -> None:
    made = type("Made", (), {"__module__": "contracts.evidence.operations"})
    assert notes_of(made) == {}
