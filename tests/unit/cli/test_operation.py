"""Commands made from operations: every operation has one, and what it builds is what the ledger reads."""

import json
from pathlib import Path

import click
import pytest

from chainnode.cli.failure import Exit
from chainnode.cli.main import command, main
from chainnode.cli.operation import OperationCommand, Verb, command_for
from chainnode.cli.operation_option import field_options
from contracts.evidence.operations import RecordEvidence
from contracts.governance.operations import GrantRole
from contracts.kernel.operation import Operation
from contracts.kernel.registry import OPERATIONS, operation_document
from tests.unit.contracts.families import SAMPLES

BY_HAND = {
    "identity.create": "did create",
    "identity.rotate": "did rotate",
    "identity.propose_recovery": "did propose-recovery",
    "asset.register": "asset register",
    "governance.add_validator": "gov add-validator",
    "governance.remove_validator": "gov remove-validator",
    "governance.replace_validator": "gov replace-validator",
    "governance.cancel_change": "gov cancel-change",
    "governance.readmit_leader": "gov readmit",
    "governance.admit_node": "gov admit-node",
    "governance.dismiss_node": "gov dismiss-node",
    "governance.propose": "gov propose",
    "governance.vote": "gov vote",
}
"""Operations whose verbs do more than an operation's fields say."""


def below(group: click.Group, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    context = click.Context(group)
    found: dict[tuple[str, ...], click.Command] = {}
    for name in group.list_commands(context):
        sub = group.get_command(context, name)
        assert sub is not None
        found[*path, name] = sub
        if isinstance(sub, click.Group):
            found |= below(sub, (*path, name))
    return found


ALL = below(command)
MADE = {found.spec.name: (path, found) for path, found in ALL.items() if isinstance(found, OperationCommand)}


def test_every_operation_can_be_asked_for_by_a_verb() -> None:
    """A `Verb` in the command's group, or a command written by hand."""
    assert all(tuple(words.split()) in ALL for words in BY_HAND.values())
    wanted = set(OPERATIONS)
    missing = sorted(wanted - set(MADE) - set(BY_HAND))
    assert not missing, f"give these a Verb in chainnode/cli/<group>.py: {', '.join(missing)}"


def words_of(operation: Operation, made: OperationCommand, folder: Path) -> list[str]:
    """A command line that asks for exactly this operation."""
    document = operation_document(operation)
    words: list[str] = []
    for parameter in made.params:
        name = (parameter.name or "").removeprefix("field_")
        if not (parameter.name or "").startswith("field_") or document[name] is None:
            continue
        value = document[name]
        single = [value] if not isinstance(value, list) or parameter.type.name == "json" else value
        for item in single:
            text = item if isinstance(item, str) else json.dumps(item)
            if parameter.type.name == "json":
                place = folder / f"{name}.json"
                place.write_text(json.dumps(item))
                text = f"@{place}"
            if isinstance(parameter, click.Argument):
                words.append(text)
            elif isinstance(item, bool):
                words.append(parameter.opts[0] if item else parameter.secondary_opts[0])
            elif text:
                words += [parameter.opts[0], text]
    return words


@pytest.mark.parametrize(
    "sample",
    [sample for sample in SAMPLES if sample.__struct_config__.tag in MADE],
    ids=lambda found: str(found.__struct_config__.tag),
)
def test_command_builds_the_operation_that_its_options_say(
    sample: Operation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, made = MADE[str(sample.__struct_config__.tag)]
    words = [*path, *words_of(sample, made, tmp_path), "--dry-run", "--json"]
    assert main(words) == Exit.OK, words
    assert json.loads(capsys.readouterr().out) == operation_document(sample)


DIGEST = "ab" * 32
RECORD = ["evidence", "record", DIGEST, "--kind", "file", "--algorithm", "sha256", "--dry-run", "--json"]


def test_id_is_chosen_at_random_unless_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    seen = set()
    for _ in range(2):
        assert main(RECORD) == Exit.OK
        seen.add(json.loads(capsys.readouterr().out)["evidence_id"])
    assert {len(one) for one in seen} == {32}
    assert len(seen) == 2
    assert main([*RECORD, "--evidence-id", "0x" + "AB" * 16]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["evidence_id"] == "ab" * 16


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--kind", "sandwich"], "is not one of"),
        (["--size", "-1"], "range"),
        (["--evidence-id", "zz"], "is not hexadecimal"),
        (["--evidence-id", "00"], "1 bytes where 16 to 32 belong"),
    ],
)
def test_value_out_of_bounds_is_a_usage_error(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*RECORD, *words]) == Exit.USAGE
    assert told in capsys.readouterr().err


def test_what_the_operation_itself_refuses_is_told_by_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RECORD, "--algorithm", "sha512"]) == Exit.FAILED
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "evidence-digest-length"
    assert main([*RECORD, "--title", "a\tb"]) == Exit.FAILED
    assert "RecordEvidence.title" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "told"), [("{", "is not JSON"), ("@absent.json", "does not exist"), ("[" * 5_000, "is not JSON")]
)
def test_value_that_is_no_json_is_a_usage_error(value: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["asset", "set-registrar-policy", "--policy", value, "--dry-run"]) == Exit.USAGE
    assert told in capsys.readouterr().err


def test_file_of_json_has_a_bound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "policy.json"
    place.write_bytes(b" " * ((1 << 20) + 1))
    assert main(["asset", "set-registrar-policy", "--policy", f"@{place}", "--dry-run"]) == Exit.USAGE
    assert "more than" in capsys.readouterr().err


def test_required_field_named_like_an_option_of_the_command_becomes_an_argument() -> None:
    listed = {one.field: one.parameter for one in field_options(GrantRole, taken=("--did",))}
    assert isinstance(listed["did"], click.Argument)
    assert isinstance(listed["role"], click.Option)
    other = {one.field: one.parameter for one in field_options(RecordEvidence, taken=("--size",))}
    assert other["size"].opts == ["--field-size"]


def test_help_says_what_fields_mean_and_how_it_can_be_refused() -> None:
    made = command_for("record", Verb("evidence.record", fresh=("evidence_id",)), group="evidence")
    shown = made.get_help(click.Context(made, info_name="record"))
    assert "Of the content in bytes; 0 = not told." in shown
    assert "[default: true]" in shown
    assert "[default: random]" in shown
    assert "evidence-exists" in shown
