import pytest

from chainnode.errors import Rejected
from contracts.identity.credential import STATUS_BITS_MAX, STATUS_BITS_MIN
from contracts.identity.operations_credential import AnchorStatusList, LogIssuance, RegisterSchema
from contracts.kernel.operation import Operation
from contracts.kernel.registry import checked_operation
from tests.unit.contracts.world import did_of

URI = "https://issuer.example/status/1"
DIGEST = bytes(32)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (AnchorStatusList("1", "revocation", STATUS_BITS_MIN - 1, 1, DIGEST, URI), "operation-malformed"),
        (AnchorStatusList("1", "revocation", STATUS_BITS_MAX + 1, 1, DIGEST, URI), "operation-malformed"),
        (AnchorStatusList("1", "revocation", STATUS_BITS_MIN, 0, DIGEST, URI), "operation-malformed"),
        (AnchorStatusList("a/b", "revocation", STATUS_BITS_MIN, 1, DIGEST, URI), "operation-malformed"),
        (AnchorStatusList("1", "revocation", STATUS_BITS_MIN, 1, DIGEST, ""), "operation-malformed"),
        (RegisterSchema("s", 0, "S", DIGEST), "operation-malformed"),
        (RegisterSchema("s", 1, "", DIGEST), "operation-malformed"),
        (LogIssuance(DIGEST, ""), "operation-malformed"),
        (LogIssuance(bytes(31), "A"), "operation-malformed"),
        (LogIssuance(DIGEST, "A", count=2, subject=did_of("member")), "issuance-subject"),
    ],
)
def test_form_that_cannot_be_meant_is_refused(operation: Operation, code: str) -> None:
    with pytest.raises(Rejected) as found:
        checked_operation(operation)
    assert found.value.code == code


def test_smallest_and_largest_list_are_good() -> None:
    for bits in (STATUS_BITS_MIN, STATUS_BITS_MAX):
        assert checked_operation(AnchorStatusList("1", "revocation", bits, 1, DIGEST, URI))
