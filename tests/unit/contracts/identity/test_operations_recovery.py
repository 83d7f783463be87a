import pytest

from contracts.identity.operations_recovery import ProposeRecovery
from contracts.identity.record import VerificationMethod
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.registry import checked_operation
from tests.unit.contracts.world import did_of, key_of


def method(name: str, purpose: str = "authentication", size: int = 32) -> VerificationMethod:
    return VerificationMethod(name, "ed25519", key_of(name).public_key[:size], (purpose,))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("methods", "threshold", "code"),
    [
        ((method("a"), method("a")), 1, "identity-duplicate"),
        ((method("a", "assertion"),), 1, "identity-authentication-key"),
        ((method("a", size=31),), 1, "identity-key-form"),
        ((method("a"),), 2, "identity-threshold"),
    ],
)
def test_keys_that_could_not_sign_cannot_be_proposed(
    methods: tuple[VerificationMethod, ...], threshold: int, code: str
) -> None:
    with pytest.raises(OperationFailed) as found:
        checked_operation(ProposeRecovery(did_of("member"), methods, threshold))
    assert found.value.code == code


def test_fit_keys_can_be_proposed() -> None:
    assert checked_operation(ProposeRecovery(did_of("member"), (method("a"), method("b")), 2))
