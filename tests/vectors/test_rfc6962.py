"""RFC 6962 inclusion proofs of transparency-dev/merkle: 98 cases, 6 of them true."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.merkle import verify_inclusion
from tests.support.shared import shared


def cases() -> list[Any]:
    folder: Path = shared("vectors", "rfc6962", "inclusion")
    return [pytest.param(path, id=str(path.relative_to(folder))) for path in sorted(folder.rglob("*.json"))]


CASES = cases()


def test_all_cases_are_here() -> None:
    """98 Merkle inclusion cases; a lost file would pass silently."""
    assert len(CASES) == 98
    assert sum(not json.loads(case.values[0].read_text())["wantErr"] for case in CASES) == 6


@pytest.mark.parametrize("path", CASES)
def test_inclusion_case(path: Path) -> None:
    """`wantErr` says which must fail."""
    case = json.loads(path.read_text())
    arguments = (
        b64decode(case["leafHash"]),
        case["leafIdx"],
        case["treeSize"],
        [b64decode(item) for item in case["proof"] or ()],
        b64decode(case["root"]),
    )
    if case["wantErr"]:
        with pytest.raises(ProofInvalid):
            verify_inclusion(*arguments)
    else:
        verify_inclusion(*arguments)
