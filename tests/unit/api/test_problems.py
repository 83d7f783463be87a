"""Every refusal a client can meet has an entry in the catalogue, and no failure shows more than it should."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chainnode.api.catalogue import PROBLEMS
from chainnode.api.problems import (
    MEDIA_TYPE,
    error_response,
    problem_document,
    problem_index,
    problem_of,
    problem_response,
)
from chainnode.errors import ChainError, DecodeError, Misuse, NotFound, PeerError, Rejected, StoreCorrupt, StoreError
from contracts.kernel.registry import CODES
from tests.support.shared import ROOT

ANSWERED_BY = (
    "chainnode/api",
    "chainnode/chain/proof_builder.py",
    "chainnode/chain/queries.py",
    "chainnode/chain/replay.py",
    "chainnode/codec/canonical.py",
    "chainnode/mempool/admission.py",
    "chainnode/mempool/pool.py",
    "chainnode/state/keys.py",
    "chainnode/types/transaction.py",
    "contracts",
)
"""Where an error that reaches a client of the API can begin."""
NEVER_ANSWERED = {"contracts/assets/dcat": "the importer runs in the client"}
REFUSALS = {"Rejected", "NotFound", "DecodeError", "OperationFailed"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for place in ANSWERED_BY:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            name = file.relative_to(ROOT).as_posix()
            if not any(name.startswith(prefix) for prefix in NEVER_ANSWERED):
                yield name, ast.parse(Path(file).read_text())


def raised_codes() -> Iterator[tuple[str, str]]:
    for name, tree in sources():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in REFUSALS
                and node.args
            ):
                code = node.args[0]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    yield code.value, f"{name}:{node.lineno}"


def test_every_code_that_can_reach_a_client_is_in_the_catalogue() -> None:
    found = list(raised_codes())
    assert len(found) > 60, "the finder must find what is there"
    # The cursor of the queries never leaves the node: the API wraps it in its own.
    missing = sorted({(code, where) for code, where in found if code not in PROBLEMS and code != "cursor"})
    assert not missing


def test_the_catalogue_covers_the_contracts() -> None:
    assert set(CODES) <= set(PROBLEMS)


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_every_problem_says_what_it_is_and_what_to_do(code: str) -> None:
    problem = PROBLEMS[code]
    assert 400 <= problem.status < 600
    assert all((problem.title, problem.meaning, problem.hint))
    assert len(problem.title) < 60
    assert problem_document(code)["type"] == f"/problems/{code}"


def test_only_passing_conditions_are_called_retryable() -> None:
    assert {PROBLEMS[code].status for code in PROBLEMS if PROBLEMS[code].retryable} <= {408, 429, 500, 503, 504}


def test_the_index_lists_every_code_in_order() -> None:
    assert [item["code"] for item in problem_index()] == sorted(PROBLEMS)


def test_an_unknown_code_has_no_page() -> None:
    with pytest.raises(NotFound) as caught:
        problem_document("no-such-thing")
    assert caught.value.code == "problem-not-found"


def test_a_refusal_becomes_problem_details() -> None:
    """RFC 9457, section 3.1: type, title, status, detail, instance; extensions beside them."""
    response = error_response(Rejected("expired", "valid until height 7", valid_from=9, valid_to=1_008), "req-1")
    assert response.status == 409
    assert response.content_type == MEDIA_TYPE
    assert response.headers["Cache-Control"] == "no-store"
    document = json.loads(bytes(response.body or b""))  # type: ignore[arg-type]
    assert document | {"hint": ""} == {
        "type": "/problems/expired",
        "title": "Expired",
        "status": 409,
        "detail": "valid until height 7",
        "code": "expired",
        "hint": "",
        "retryable": False,
        "instance": "req-1",
        "details": {"valid_from": 9, "valid_to": 1008},
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreError("disk-full", "/var/lib/secret is full", path="/var/lib/secret"), "store-failed"),
        (StoreCorrupt("data-corrupt", "record 7 of /var/lib/secret", path="/var/lib/secret"), "store-failed"),
        (Misuse("page-size", "secret internals"), "internal"),
        (PeerError("frame-size", "secret internals"), "internal"),
        (Rejected("a-code-nobody-listed", "secret internals"), "internal"),
        (ChainError("expired", "secret internals"), "internal"),
    ],
)
def test_failures_of_our_own_tell_nothing(error: ChainError, code: str) -> None:
    """T28: no path, key or trace in an answer; the request's id finds them in the log."""
    assert problem_of(error)[0] == code
    response = error_response(error, "req-2")
    document = json.loads(bytes(response.body or b""))  # type: ignore[arg-type]
    assert "secret" not in json.dumps(document)
    assert document["instance"] == "req-2"
    assert response.status >= 500


@pytest.mark.parametrize("error", [DecodeError("malformed", "m"), NotFound("block-not-found", "n")])
def test_every_family_of_refusals_is_answered_with_its_code(error: ChainError) -> None:
    assert problem_of(error)[0] == error.code


def test_later_comes_with_a_time() -> None:
    assert problem_response("pool-full", "", {}, "r").headers["Retry-After"] == "1"
    assert problem_response("rate-limited", "", {"retry_after_s": 7}, "r").headers["Retry-After"] == "7"
    assert "Retry-After" not in problem_response("expired", "", {}, "r").headers
