"""Ed25519 verdicts of others' vectors, frozen: two nodes that differ on one of them would split the chain."""

import json
from typing import Any

import pytest

from chainnode.crypto.ed25519 import verify
from tests.support.shared import shared

SPECCHECK_ACCEPTED = (3,)
"""Cases that libsodium accepts, of ten; freezing them turns any change of the library into a red test.

Case 3 has A and R of mixed order and satisfies the cofactorless equation. The others fail on a small-order key or R
(0-2), on the cofactorless equation (4, 5), on S not below the group order (6, 7) or on a non-canonical R or A (8, 9).
"""


def wycheproof() -> list[Any]:
    document = json.loads(shared("vectors", "wycheproof", "ed25519_test.json").read_text())
    cases = [
        pytest.param(bytes.fromhex(group["publicKey"]["pk"]), case, id=str(case["tcId"]))
        for group in document["testGroups"]
        for case in group["tests"]
    ]
    assert len(cases) == document["numberOfTests"]
    return cases


@pytest.mark.parametrize(("public_key", "case"), wycheproof())
def test_verify_agrees_with_wycheproof(public_key: bytes, case: dict[str, str]) -> None:
    """Every `valid` accepted, every `invalid` rejected by our one Ed25519 rule."""
    accepted = verify(public_key, bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
    assert case["result"] in {"valid", "invalid"}
    assert accepted == (case["result"] == "valid"), case["comment"]


def test_verify_keeps_its_verdict_on_the_edge_cases_libraries_differ_on() -> None:
    """Freeze our rule's verdict for each and fail on any change."""
    cases = json.loads(shared("vectors", "ed25519-speccheck", "cases.json").read_text())
    accepted = tuple(
        number
        for number, case in enumerate(cases)
        if verify(*(bytes.fromhex(case[field]) for field in ("pub_key", "message", "signature")))
    )
    assert len(cases) == 10
    assert accepted == SPECCHECK_ACCEPTED
