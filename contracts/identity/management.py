"""What the identity operations do.

Authority is settled before these run (``contracts.kernel.authentication``): a document
is changed by the keys, or the controllers, of its previous version.
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import verify
from chainnode.state.view import State
from chainnode.types.ids import did_of_key
from contracts.identity.operations import (
    CreateIdentity,
    DeactivateIdentity,
    RotateIdentity,
    SponsorIdentity,
    UpdateIdentity,
    check_methods,
)
from contracts.identity.outcome import (
    IdentityCreated,
    IdentityDeactivated,
    IdentityRotated,
    IdentitySponsored,
    IdentityUpdated,
)
from contracts.identity.record import (
    FREQUENT_BYTES_MAX,
    INITIAL_FRAGMENT,
    LIFECYCLE,
    METHODS_MAX,
    RECORD_BYTES_MAX,
    IdentityRecord,
    RecoveryPlan,
    VerificationMethod,
    identity_key,
    identity_version_key,
    next_key_hash,
    read_active,
    read_identity,
    sponsorship_bytes,
)
from contracts.kernel.context import Context
from contracts.kernel.electorate import HOLDERS_BYTES_MAX
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import FORBIDDEN, ROLES, SELF, Rule


def create(operation: CreateIdentity, context: Context, state: State) -> None:
    """Write the first version.

    Raises:
        OperationFailed: ``identity-not-sender``, ``identity-initial-key``, ``identity-exists``,
            ``identity-too-large``, ``identity-controller-unknown`` or ``identity-guardian-unknown``.
    """
    did = did_of_key(context.chain_id, operation.initial_key)
    if not context.at_genesis:
        if did != context.sender:
            raise OperationFailed("identity-not-sender", f"the initial key names {did}")
        if operation.initial_key not in context.signers:
            raise OperationFailed("identity-initial-key", "the initial key did not sign")
    _write_first(operation, "", context, state)


def sponsor(operation: SponsorIdentity, context: Context, state: State) -> None:
    """Write the first version of an identity for a key whose holder agreed to this sponsor.

    Raises:
        OperationFailed: ``identity-proof`` or ``identity-exists``.
    """
    message = sponsorship_bytes(context.chain_id, context.sender)
    if not verify(operation.initial_key, message, operation.proof):
        raise OperationFailed(
            "identity-proof", f"the new key did not sign for {context.sender} on the chain {context.chain_id}"
        )
    did = _write_first(CreateIdentity(operation.initial_key), context.sender, context, state)
    context.emit(IdentitySponsored(did, context.sender))


def _write_first(operation: CreateIdentity, sponsor_did: str, context: Context, state: State) -> str:
    did = did_of_key(context.chain_id, operation.initial_key)
    if state.get(identity_key(did)) is not None:
        raise OperationFailed("identity-exists", f"{did} exists")
    _check_controllers(state, did, operation.controllers)
    _check_guardians(state, did, operation.recovery)
    initial = VerificationMethod(INITIAL_FRAGMENT, "ed25519", operation.initial_key, ("authentication", "assertion"))
    record = IdentityRecord(
        did=did,
        version=1,
        methods=operation.methods or (initial,),
        threshold=operation.threshold,
        controllers=operation.controllers,
        controller_threshold=operation.controller_threshold,
        services=operation.services,
        also_known_as=operation.also_known_as,
        next_key_hashes=operation.next_key_hashes,
        created_height=context.height,
        created_ms=context.time_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
        status=LIFECYCLE.step(None, "create"),
        recovery=operation.recovery,
        sponsor=sponsor_did,
    )
    state.put(identity_key(did), _bounded(record))
    context.emit(IdentityCreated(did, 1))
    return did


def update(operation: UpdateIdentity, context: Context, state: State) -> None:
    """Write a version with other services, aliases or keys that do not authenticate.

    Raises:
        OperationFailed: ``identity-duplicate``, ``identity-key-form`` or ``identity-too-large``.
    """
    record = _own(context, state)
    status = LIFECYCLE.step(record.status, "update")
    methods = record.methods
    if operation.methods is not None:
        signing = tuple(method for method in methods if "authentication" in method.purposes)
        methods = _joined(signing, operation.methods)
    changed = msgspec.structs.replace(
        record,
        status=status,
        methods=methods,
        services=record.services if operation.services is None else operation.services,
        also_known_as=record.also_known_as if operation.also_known_as is None else operation.also_known_as,
    )
    version = write_next(context, state, record, changed)
    context.emit(IdentityUpdated(record.did, version))


def rotate(operation: RotateIdentity, context: Context, state: State) -> None:
    """Write a version with other signing keys, threshold and controllers.

    Raises:
        OperationFailed: ``identity-not-announced``, ``identity-controller-unknown``, ``identity-guardian-unknown``,
            ``identity-duplicate``, ``identity-key-form`` or ``identity-too-large``.
    """
    record = _own(context, state)
    status = LIFECYCLE.step(record.status, "rotate")
    for method in operation.methods:
        if record.next_key_hashes and next_key_hash(method.public_key) not in record.next_key_hashes:
            raise OperationFailed("identity-not-announced", f"{method.fragment} was not announced as a next key")
    _check_controllers(state, record.did, operation.controllers)
    plan = record.recovery
    if operation.recovery is not None:
        plan = operation.recovery
        _check_guardians(state, record.did, plan)
    changed = msgspec.structs.replace(
        with_signing_keys(record, operation.methods, operation.threshold, operation.next_key_hashes),
        status=status,
        controllers=operation.controllers,
        controller_threshold=operation.controller_threshold,
        recovery=plan,
    )
    version = write_next(context, state, record, changed)
    context.emit(IdentityRotated(record.did, version, len(operation.methods), operation.threshold))


def deactivate(_operation: DeactivateIdentity, context: Context, state: State) -> None:
    """Write the last version; nothing can follow, because its sender is refused from now on."""
    record = _own(context, state)
    status = LIFECYCLE.step(record.status, "deactivate")
    version = write_next(context, state, record, msgspec.structs.replace(record, status=status))
    context.emit(IdentityDeactivated(record.did, version))


def _own(context: Context, state: State) -> IdentityRecord:
    """The sender's own document as it stands now.

    An earlier operation of the same transaction may have ended it.
    """
    record = read_identity(state, context.sender)
    if record is None:
        raise OperationFailed("unknown-sender", f"{context.sender} does not exist")
    return record


def with_signing_keys(
    record: IdentityRecord, methods: tuple[VerificationMethod, ...], threshold: int, next_key_hashes: tuple[bytes, ...]
) -> IdentityRecord:
    """``record`` with other keys that sign; those that do not sign stay.

    Raises:
        OperationFailed: ``identity-duplicate``, ``identity-key-form`` or ``identity-too-large``.
    """
    others = tuple(method for method in record.methods if "authentication" not in method.purposes)
    changed = msgspec.structs.replace(
        record, methods=_joined(methods, others), threshold=threshold, next_key_hashes=next_key_hashes
    )
    _bounded(changed)
    return changed


def write_next(context: Context, state: State, before: IdentityRecord, changed: IdentityRecord) -> int:
    """Keep ``before`` in the history, write ``changed`` as the current version and answer its number.

    Each change keeps a whole version for ever, whatever the size of the transaction that asks for it. So a document
    over ``FREQUENT_BYTES_MAX`` changes once in a block; it can always be deactivated.

    Raises:
        OperationFailed: ``identity-too-large`` or ``identity-too-often``.
    """
    version = before.version + 1
    history = encode(before)
    often = before.version > 1 and before.updated_height == context.height
    if often and len(history) > FREQUENT_BYTES_MAX and not changed.deactivated:
        raise OperationFailed(
            "identity-too-often", f"{len(history)} bytes change once in a block, and did in {context.height}"
        )
    after = msgspec.structs.replace(changed, version=version, updated_height=context.height, updated_ms=context.time_ms)
    state.put(identity_version_key(before.did, before.version), history)
    state.put(identity_key(before.did), _bounded(after))
    return version


def _bounded(record: IdentityRecord) -> bytes:
    data = encode(record)
    # Ending an identity changes nothing but numbers, and must never fail for its size.
    if len(data) > RECORD_BYTES_MAX and not record.deactivated:
        raise OperationFailed("identity-too-large", f"a document has at most {RECORD_BYTES_MAX} bytes")
    return data


def _joined(
    first: tuple[VerificationMethod, ...], second: tuple[VerificationMethod, ...]
) -> tuple[VerificationMethod, ...]:
    joined = first + second
    if len(joined) > METHODS_MAX:
        raise OperationFailed("identity-key-form", f"a document holds at most {METHODS_MAX} keys")
    check_methods(joined)
    return joined


def _check_controllers(state: State, did: str, controllers: tuple[str, ...]) -> None:
    for controller in controllers:
        if controller == did or read_active(state, controller) is None:
            raise OperationFailed("identity-controller-unknown", f"{controller} cannot control {did}")


def _check_guardians(state: State, did: str, plan: RecoveryPlan) -> None:
    for guardian in plan.guardians:
        if guardian == did or read_active(state, guardian) is None:
            raise OperationFailed("identity-guardian-unknown", f"{guardian} cannot guard {did}")


CREATION: Final = FORBIDDEN
"""Nobody appears on a permissioned ledger unless a member answers for it; a consortium may open it by policy."""
BY_SPONSOR: Final = Rule("ANY", ("exchange", "governor", "member", "registrar"))

OPERATIONS: Final = (
    OperationSpec(
        CreateIdentity,
        create,
        CREATION,
        (
            "identity-key-form",
            "identity-duplicate",
            "identity-initial-key",
            "identity-threshold",
            "identity-not-sender",
            "identity-exists",
            "identity-controller-unknown",
            "identity-recovery-plan",
            "identity-guardian-unknown",
            "identity-too-large",
        ),
        genesis="also",
    ),
    OperationSpec(SponsorIdentity, sponsor, BY_SPONSOR, ("identity-proof", "identity-exists"), work=4),
    OperationSpec(
        UpdateIdentity,
        update,
        SELF,
        (
            "identity-key-form",
            "identity-duplicate",
            "identity-authentication-key",
            "identity-too-large",
            "identity-too-often",
        ),
    ),
    OperationSpec(
        RotateIdentity,
        rotate,
        SELF,
        (
            "identity-key-form",
            "identity-duplicate",
            "identity-authentication-key",
            "identity-threshold",
            "identity-not-announced",
            "identity-controller-unknown",
            "identity-recovery-plan",
            "identity-guardian-unknown",
            "identity-too-large",
            "identity-too-often",
        ),
    ),
    OperationSpec(
        DeactivateIdentity, deactivate, SELF, ("governor-last",), state_bytes=len(ROLES) * HOLDERS_BYTES_MAX, work=32
    ),
)
