from typing import Any

import pytest

from contracts.identity.operations import (
    CreateIdentity,
    RotateIdentity,
    UpdateIdentity,
    check_methods,
    check_thresholds,
    check_unique,
)
from contracts.identity.record import RECOVERY_DELAY_MS_MIN, Purpose, RecoveryPlan, Service, VerificationMethod
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from tests.unit.contracts.world import did_of, key_of

A, B = key_of("a").public_key, key_of("b").public_key
SIGNS: tuple[Purpose, ...] = ("authentication",)


def code_of(operation: Operation) -> str | None:
    try:
        operation.check()
    except OperationFailed as failure:
        return failure.code
    return None


@pytest.mark.parametrize(
    ("algorithm", "public_key", "purposes", "good"),
    [
        ("ed25519", A, SIGNS, True),
        ("ed25519", A, ("authentication", "assertion"), True),
        ("ed25519", A, ("assertion", "authentication"), False),
        ("ed25519", A, ("authentication", "authentication"), False),
        ("ed25519", A[:31], SIGNS, False),
        ("ed25519", A, ("agreement",), False),
        ("x25519", A, ("agreement",), True),
        ("x25519", A, ("assertion",), False),
        ("x25519", A, SIGNS, False),
        ("p256", b"\x02" + A, ("assertion", "agreement"), True),
        ("p256", b"\x02" + A, SIGNS, False),
        ("p256", A, ("assertion",), False),
    ],
)
def test_key_serves_only_what_its_algorithm_can(algorithm: Any, public_key: bytes, purposes: Any, good: bool) -> None:
    method = VerificationMethod("k", algorithm, public_key, purposes)
    if good:
        check_methods((method,))
    else:
        with pytest.raises(OperationFailed) as found:
            check_methods((method,))
        assert found.value.code == "identity-key-form"


@pytest.mark.parametrize(
    "operation",
    [
        RotateIdentity((VerificationMethod("k", "ed25519", A, SIGNS), VerificationMethod("k", "ed25519", B, SIGNS))),
        RotateIdentity((VerificationMethod("k", "ed25519", A, SIGNS), VerificationMethod("l", "ed25519", A, SIGNS))),
        UpdateIdentity(services=(Service("s", "t", "https://x.y/"), Service("s", "t", "https://x.z/"))),
        CreateIdentity(A, controllers=("did:x", "did:x"), controller_threshold=1),
    ],
)
def test_nothing_stands_twice(operation: Operation) -> None:
    assert code_of(operation) == "identity-duplicate"


def test_unique_values_pass() -> None:
    check_unique(["a", "b", b"a"])
    with pytest.raises(OperationFailed, match="61 stands twice"):
        check_unique([b"a", b"a"])


@pytest.mark.parametrize(
    ("keys", "threshold", "controllers", "controller_threshold", "good"),
    [
        (1, 1, (), 0, True),
        (2, 2, ("x", "y"), 1, True),
        (1, 2, (), 0, False),
        (1, 1, ("x",), 2, False),
        (1, 1, ("x",), 0, False),
        (1, 1, (), 1, False),
    ],
)
def test_threshold_can_be_met_and_is_no_formality(
    keys: int, threshold: int, controllers: tuple[str, ...], controller_threshold: int, good: bool
) -> None:
    if good:
        check_thresholds(keys, threshold, controllers, controller_threshold)
    else:
        with pytest.raises(OperationFailed) as found:
            check_thresholds(keys, threshold, controllers, controller_threshold)
        assert found.value.code == "identity-threshold"


def test_keys_travel_in_the_operation_meant_for_them() -> None:
    asserts = VerificationMethod("k", "ed25519", A, ("assertion",))
    assert code_of(UpdateIdentity((VerificationMethod("k", "ed25519", A, SIGNS),))) == "identity-authentication-key"
    assert code_of(RotateIdentity((asserts,))) == "identity-authentication-key"
    assert code_of(CreateIdentity(A, (asserts,))) == "identity-initial-key"
    assert code_of(CreateIdentity(A, (asserts, VerificationMethod("l", "ed25519", B, SIGNS)))) == "identity-initial-key"
    assert code_of(UpdateIdentity((asserts,))) is None


GUARDIAN = did_of("exchange")


@pytest.mark.parametrize(
    ("plan", "good"),
    [
        (RecoveryPlan(), True),
        (RecoveryPlan((GUARDIAN,), 1, RECOVERY_DELAY_MS_MIN), True),
        (RecoveryPlan((GUARDIAN,), 1, RECOVERY_DELAY_MS_MIN - 1), False),
        (RecoveryPlan((GUARDIAN,), 2, RECOVERY_DELAY_MS_MIN), False),
        (RecoveryPlan((GUARDIAN,), 0, RECOVERY_DELAY_MS_MIN), False),
        (RecoveryPlan((), 1, RECOVERY_DELAY_MS_MIN), False),
        (RecoveryPlan((), 0, 1), False),
    ],
)
def test_plan_for_recovery_can_be_followed_and_leaves_time_to_object(plan: RecoveryPlan, good: bool) -> None:
    """An hour to a year, where there are guardians; nothing where there are none."""
    expected = None if good else "identity-recovery-plan"
    assert code_of(CreateIdentity(A, recovery=plan)) == expected
    method = VerificationMethod("a", "ed25519", A, SIGNS)
    assert code_of(RotateIdentity((method,), recovery=plan)) == expected


def test_guardian_stands_once_in_a_plan() -> None:
    plan = RecoveryPlan((GUARDIAN, GUARDIAN), 2, RECOVERY_DELAY_MS_MIN)
    assert code_of(CreateIdentity(A, recovery=plan)) == "identity-duplicate"
