"""How identities are created and changed: the wire forms and their form rules."""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from contracts.identity.record import (
    KEY_BYTES,
    NO_RECOVERY,
    PURPOSES,
    RECOVERY_DELAY_MS_MIN,
    Aliases,
    Controllers,
    ControllerThreshold,
    Methods,
    NextKeyHashes,
    RecoveryPlan,
    Services,
    Threshold,
    VerificationMethod,
)
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed


class CreateIdentity(Operation, frozen=True, array_like=True, tag="identity.create"):
    """Claim the DID that follows from ``initial_key``.

    The claim certifies itself: as a transaction its sender is that very DID and
    ``initial_key`` signs it. Without ``methods`` the document has one key, ``key-1``, for
    authentication and assertion.
    """

    initial_key: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    methods: Methods = ()
    threshold: Threshold = 1
    controllers: Controllers = ()
    controller_threshold: ControllerThreshold = 0
    services: Services = ()
    also_known_as: Aliases = ()
    next_key_hashes: NextKeyHashes = ()
    recovery: RecoveryPlan = NO_RECOVERY

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``identity-key-form``, ``identity-duplicate``,
                ``identity-initial-key``, ``identity-threshold`` or ``identity-recovery-plan``.
        """
        check_methods(self.methods)
        check_unique(service.fragment for service in self.services)
        keys = [method.public_key for method in self.methods if "authentication" in method.purposes]
        if self.methods and self.initial_key not in keys:
            raise OperationFailed("identity-initial-key", "the initial key is not among the authentication keys")
        check_thresholds(len(keys) or 1, self.threshold, self.controllers, self.controller_threshold)
        check_plan(self.recovery)


class SponsorIdentity(Operation, frozen=True, array_like=True, tag="identity.sponsor"):
    """Bring an identity to the ledger whose holder has shown to hold its key; the sender answers for it.

    The new document has one key, ``key-1``, for authentication and assertion; all else is for its
    holder to add.
    """

    initial_key: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    proof: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
    """By ``initial_key`` over chain and sponsor (``record.sponsorship_bytes``): nobody else can use it."""


class UpdateIdentity(Operation, frozen=True, array_like=True, tag="identity.update"):
    """Replace what concerns others: services, aliases, and keys that do not authenticate.

    A field that is nil stays as it is.
    """

    methods: Methods | None = None
    """The whole list of keys without the purpose ``authentication``."""
    services: Services | None = None
    also_known_as: Aliases | None = None

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``identity-key-form``, ``identity-duplicate`` or
                ``identity-authentication-key``.
        """
        check_methods(self.methods or ())
        check_unique(service.fragment for service in self.services or ())
        if any("authentication" in method.purposes for method in self.methods or ()):
            raise OperationFailed("identity-authentication-key", "authentication keys change by identity.rotate only")


class RotateIdentity(Operation, frozen=True, array_like=True, tag="identity.rotate"):
    """Replace the keys that sign, and who may act for the identity."""

    methods: Annotated[Methods, msgspec.Meta(min_length=1)]
    """The whole list of keys with the purpose ``authentication``."""
    threshold: Threshold = 1
    next_key_hashes: NextKeyHashes = ()
    """Keys announced for the next rotation; empty = the next rotation is free."""
    controllers: Controllers = ()
    controller_threshold: ControllerThreshold = 0
    recovery: RecoveryPlan | None = None
    """Who may recover the identity; nil leaves it as it is."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``identity-key-form``, ``identity-duplicate``,
                ``identity-authentication-key``, ``identity-threshold`` or ``identity-recovery-plan``.
        """
        check_signing_methods(self.methods)
        check_thresholds(len(self.methods), self.threshold, self.controllers, self.controller_threshold)
        check_plan(self.recovery or NO_RECOVERY)


class DeactivateIdentity(Operation, frozen=True, array_like=True, tag="identity.deactivate"):
    """End the sender's identity for good; its name can never be used again."""


def check_methods(methods: tuple[VerificationMethod, ...]) -> None:
    """Refuse keys of wrong size or use, and names or keys that occur twice.

    Raises:
        OperationFailed: ``identity-key-form`` or ``identity-duplicate``.
    """
    for method in methods:
        if len(method.public_key) != KEY_BYTES[method.algorithm]:
            raise OperationFailed("identity-key-form", f"{method.fragment} is not a {method.algorithm} public key")
        if method.purposes != tuple(purpose for purpose in PURPOSES if purpose in method.purposes):
            raise OperationFailed("identity-key-form", f"purposes of {method.fragment} must be in the order {PURPOSES}")
        if "authentication" in method.purposes and method.algorithm != "ed25519":
            raise OperationFailed("identity-key-form", f"{method.fragment}: only ed25519 keys authenticate")
        if method.algorithm == "x25519" and method.purposes != ("agreement",):
            raise OperationFailed("identity-key-form", f"{method.fragment}: an x25519 key only agrees on secrets")
        if method.algorithm == "ed25519" and "agreement" in method.purposes:
            raise OperationFailed("identity-key-form", f"{method.fragment}: an ed25519 key cannot agree on secrets")
    check_unique(method.fragment for method in methods)
    check_unique(method.public_key for method in methods)


def check_signing_methods(methods: tuple[VerificationMethod, ...]) -> None:
    """Refuse a list of new signing keys in which one is unfit, or does not sign.

    Raises:
        OperationFailed: ``identity-key-form``, ``identity-duplicate`` or ``identity-authentication-key``.
    """
    check_methods(methods)
    if any("authentication" not in method.purposes for method in methods):
        raise OperationFailed("identity-authentication-key", "every key of a rotation or recovery must authenticate")


def check_plan(plan: RecoveryPlan) -> None:
    """Refuse a plan for recovery that nobody can follow, or that leaves no time to object.

    Raises:
        OperationFailed: ``identity-recovery-plan`` or ``identity-duplicate``.
    """
    check_unique(plan.guardians)
    count = len(plan.guardians)
    if plan.threshold > count or bool(count) != bool(plan.threshold):
        raise OperationFailed("identity-recovery-plan", f"{plan.threshold} of {count} guardians are asked to agree")
    if (count and plan.delay_ms < RECOVERY_DELAY_MS_MIN) or (not count and plan.delay_ms):
        raise OperationFailed(
            "identity-recovery-plan", f"a delay of {plan.delay_ms} ms; at least {RECOVERY_DELAY_MS_MIN} with guardians"
        )


def check_unique(values: Iterable[str | bytes]) -> None:
    """Refuse a list in which something stands twice.

    Raises:
        OperationFailed: ``identity-duplicate``.
    """
    seen: dict[str | bytes, None] = {}
    for value in values:
        if value in seen:
            shown = value.hex() if isinstance(value, bytes) else value
            raise OperationFailed("identity-duplicate", f"{shown} stands twice")
        seen[value] = None


def check_thresholds(keys: int, threshold: int, controllers: tuple[str, ...], controller_threshold: int) -> None:
    """Refuse thresholds that can never, or always, be met.

    Raises:
        OperationFailed: ``identity-threshold`` or ``identity-duplicate``.
    """
    check_unique(controllers)
    if threshold > keys:
        raise OperationFailed("identity-threshold", f"{threshold} signatures are asked of {keys} keys")
    if controller_threshold > len(controllers) or bool(controllers) != bool(controller_threshold):
        raise OperationFailed(
            "identity-threshold", f"{controller_threshold} approvals are asked of {len(controllers)} controllers"
        )
