"""What the operations about credentials do."""

from typing import Final

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.identity.accreditation import accredited
from contracts.identity.credential import (
    IssuanceRecord,
    SchemaRecord,
    StatusListRecord,
    issuance_key,
    read_issuance,
    read_schema,
    read_status_list,
    schema_key,
    status_list_key,
)
from contracts.identity.operations_credential import AnchorStatusList, LogIssuance, RegisterSchema
from contracts.identity.outcome_registry import IssuanceLogged, SchemaRegistered, StatusListAnchored
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import ANY_MEMBER


def anchor_status_list(operation: AnchorStatusList, context: Context, state: State) -> None:
    """Write the version of the sender's list that is in force from now on.

    Raises:
        OperationFailed: ``status-list-sequence`` or ``status-list-changed``.
    """
    issuer, list_id = context.sender, operation.list_id
    before = read_status_list(state, issuer, list_id)
    wanted = 1 if before is None else before.sequence + 1
    if operation.sequence != wanted:
        raise OperationFailed("status-list-sequence", f"{list_id} is at {wanted - 1}; {operation.sequence} is not next")
    if before is not None and (before.purpose, before.length) != (operation.purpose, operation.length):
        raise OperationFailed(
            "status-list-changed", f"{list_id} has {before.length} bits for {before.purpose} and keeps them"
        )
    record = StatusListRecord(
        issuer=issuer,
        list_id=list_id,
        purpose=operation.purpose,
        length=operation.length,
        sequence=operation.sequence,
        digest=operation.digest,
        uri=operation.uri,
        created_ms=context.time_ms if before is None else before.created_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )
    state.put(status_list_key(issuer, list_id), encode(record))
    context.emit(StatusListAnchored(issuer, list_id, operation.purpose, operation.sequence, operation.digest))


def register_schema(operation: RegisterSchema, context: Context, state: State) -> None:
    """Write one version of a schema of the sender.

    Raises:
        OperationFailed: ``credential-schema-exists``.
    """
    author, schema_id, version = context.sender, operation.schema_id, operation.version
    if read_schema(state, author, schema_id, version) is not None:
        raise OperationFailed("credential-schema-exists", f"{author} has registered {schema_id} version {version}")
    record = SchemaRecord(
        author=author,
        schema_id=schema_id,
        version=version,
        name=operation.name,
        digest=operation.digest,
        uri=operation.uri,
        registered_height=context.height,
        registered_ms=context.time_ms,
    )
    state.put(schema_key(author, schema_id, version), encode(record))
    context.emit(SchemaRegistered(author, schema_id, version, operation.digest))


def log_issuance(operation: LogIssuance, context: Context, state: State) -> None:
    """Write an entry of the issuance log, and whether the sender was accredited to issue.

    Raises:
        OperationFailed: ``issuance-exists``.
    """
    issuer, digest, credential_type = context.sender, operation.digest, operation.credential_type
    if read_issuance(state, issuer, digest) is not None:
        raise OperationFailed("issuance-exists", f"{issuer} has logged {digest.hex()}")
    record = IssuanceRecord(
        issuer=issuer,
        digest=digest,
        credential_type=credential_type,
        count=operation.count,
        subject=operation.subject,
        accredited=accredited(state, issuer, "issuer", context.time_ms, credential_type),
        logged_height=context.height,
        logged_ms=context.time_ms,
    )
    state.put(issuance_key(issuer, digest), encode(record))
    context.emit(
        IssuanceLogged(issuer, digest, credential_type, operation.count, operation.subject, record.accredited)
    )


OPERATIONS: Final = (
    OperationSpec(AnchorStatusList, anchor_status_list, ANY_MEMBER, ("status-list-sequence", "status-list-changed")),
    OperationSpec(RegisterSchema, register_schema, ANY_MEMBER, ("credential-schema-exists",)),
    OperationSpec(LogIssuance, log_issuance, ANY_MEMBER, ("issuance-subject", "issuance-exists")),
)
