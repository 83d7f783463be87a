import pytest

from chainnode.errors import Rejected
from contracts.identity.operations_accreditation import Accredit, EndAccreditation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.registry import checked_operation
from tests.unit.contracts.world import did_of

MEMBER = did_of("member")


def test_only_an_issuer_has_a_credential_type_and_it_must_have_one() -> None:
    wrong = (
        Accredit(MEMBER, "supplier", "A"),
        Accredit(MEMBER, "issuer"),
        EndAccreditation(MEMBER, "supplier", "A"),
        EndAccreditation(MEMBER, "issuer"),
    )
    for operation in wrong:
        with pytest.raises(OperationFailed) as found:
            checked_operation(operation)
        assert found.value.code == "accreditation-type"
    assert checked_operation(Accredit(MEMBER, "issuer", "A"))


def test_period_ends_after_it_begins() -> None:
    with pytest.raises(OperationFailed, match="not after it begins"):
        checked_operation(Accredit(MEMBER, "buyer", valid_from_ms=5, valid_until_ms=5))
    assert checked_operation(Accredit(MEMBER, "buyer", valid_from_ms=5, valid_until_ms=6))


@pytest.mark.parametrize(
    "operation",
    [
        Accredit(MEMBER, "wizard"),  # type: ignore[arg-type]  # what a client may send
        Accredit(MEMBER, "issuer", "not a type"),
        Accredit(MEMBER, "buyer", jurisdiction="china"),
        Accredit("not a did", "buyer"),
        EndAccreditation(MEMBER, "buyer", reason="two\nlines"),
    ],
)
def test_field_out_of_its_form_is_malformed(operation: Accredit | EndAccreditation) -> None:
    with pytest.raises(Rejected) as found:
        checked_operation(operation)
    assert found.value.code == "operation-malformed"
