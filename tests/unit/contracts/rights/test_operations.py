from typing import Any

import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import Rejected
from contracts.kernel.operation import Operation
from contracts.kernel.registry import checked_operation
from contracts.rights.operations import AmendRight, GrantRight, UseRight
from tests.unit.contracts.rights.granted import terms

ID = bytes(32)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (GrantRight(ID, "did:web:a", terms(), bytes(15)), "operation-malformed"),
        (GrantRight(ID, "did:web:a", terms(), bytes(16), bytes(31)), "right-terms"),
        (GrantRight(ID, "did:web:a", terms(sublicensing_levels=9), bytes(16)), "operation-malformed"),
        (GrantRight(ID, "did:web:a", terms(regions=("cn",)), bytes(16)), "operation-malformed"),
        (GrantRight(ID, "did:web:a", terms(uses_max=-1), bytes(16)), "operation-malformed"),
        (GrantRight(ID, "did:web:a", terms(uses_max=2**53 + 1), bytes(16)), "operation-malformed"),
        (GrantRight(ID, "did:web:a", terms(purposes=tuple("abcdefghijklmnopq")), bytes(16)), "operation-malformed"),
        (AmendRight(ID, terms(from_ms=5, until_ms=5)), "right-terms"),
        (UseRight(ID, ""), "operation-malformed"),
        (UseRight(ID, "a", derived=bytes(8)), "right-terms"),
    ],
)
def test_impossible_form_is_refused_before_it_is_signed(operation: Operation, code: str) -> None:
    with pytest.raises(Rejected) as found:
        checked_operation(operation)
    assert found.value.code == code


def test_terms_may_be_as_large_as_their_bounds_and_still_fit_one_operation() -> None:
    wide: dict[str, Any] = {
        "purposes": tuple(f"{n:02}" + "界" * 62 for n in range(16)),
        "fields": tuple(f"{n:02}" + "界" * 62 for n in range(64)),
        "regions": tuple(f"CN-{n:06}" for n in range(32)),
        "audience": tuple(f"did:web:{n:02}" + "a" * 100 for n in range(16)),
    }
    data = checked_operation(GrantRight(ID, "did:web:a", terms(**wide), bytes(16)))
    assert data == encode(["right.grant", ID, "did:web:a", terms(**wide), bytes(16), b""])
