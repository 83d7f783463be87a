"""The table of operations, and the reading of everything the families write.

A family joins by a line in ``FAMILIES``.
"""

from types import GenericAlias, MappingProxyType
from typing import Any, Final, Union

import msgspec

from chainnode.codec.canonical import encode
from chainnode.errors import NotFound, Rejected
from chainnode.types.transaction import Transaction
from contracts.assets.family import FAMILY as ASSETS
from contracts.disputes.family import FAMILY as DISPUTES
from contracts.evidence.family import FAMILY as EVIDENCE
from contracts.governance.family import FAMILY as GOVERNANCE
from contracts.governance.operations_proposal import Propose
from contracts.identity.family import FAMILY as IDENTITY
from contracts.identity.record import IdentityRecord
from contracts.identity.resolution import did_document
from contracts.income.family import FAMILY as INCOME
from contracts.kernel import outcome as kernel_outcome
from contracts.kernel.collection import Collection
from contracts.kernel.document import Document, from_document, named_reason, to_document
from contracts.kernel.event import TypedEvent
from contracts.kernel.family import Family
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.operation import OPERATION_BYTES_MAX, Operation, OperationSpec, encode_operation
from contracts.kernel.outcome import Code, OperationFailed
from contracts.market.family import FAMILY as MARKET
from contracts.relay.family import FAMILY as RELAY
from contracts.relay.path import PREFIX as PACKETS_PREFIX
from contracts.rights.family import FAMILY as RIGHTS

FAMILIES: Final[tuple[Family, ...]] = (
    GOVERNANCE,
    IDENTITY,
    ASSETS,
    RIGHTS,
    EVIDENCE,
    MARKET,
    INCOME,
    DISPUTES,
    RELAY,
)
"""Every family, in the order of the reference."""

_SPECS: Final = tuple(spec for family in FAMILIES for spec in family.operations)
OPERATIONS: Final = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Every operation by name."""
FEATURES: Final = frozenset(spec.feature for spec in _SPECS if spec.feature is not None)
"""Features that this program knows: a chain that schedules another needs a newer one (``chainnode.chain.upgrade``)."""
SPEC_OF: Final[MappingProxyType[type[Operation], OperationSpec]] = MappingProxyType({s.type: s for s in _SPECS})

EVENTS: Final[MappingProxyType[str, type[TypedEvent]]] = MappingProxyType(
    {event.NAME: event for family in FAMILIES for event in family.events}
)
"""Every event by name; ``INDEXED`` of its class names the attributes to keep look-up tables for."""

CODES: Final[MappingProxyType[str, Code]] = MappingProxyType(
    {**kernel_outcome.CODES, **{code: text for family in FAMILIES for code, text in family.codes.items()}}
)
"""Every code that a receipt or a refusal at admission can carry from here."""

LIFECYCLES: Final[MappingProxyType[str, Lifecycle]] = MappingProxyType(
    {machine.name: machine for family in FAMILIES for machine in family.lifecycles}
)
"""Every state machine by the name of its kind of record."""

COLLECTIONS: Final[MappingProxyType[str, Collection]] = MappingProxyType(
    {collection.name: collection for family in FAMILIES for collection in family.collections}
)
"""Every kind of record that readers can list, by its name in ``/v1/<name>``."""

_RECORDS: Final = tuple(record for family in FAMILIES for record in family.records)

_Any: Any = Union[tuple(spec.type for spec in _SPECS)]  # noqa: UP007
_decode_any = msgspec.msgpack.Decoder(_Any).decode
_decode_all = msgspec.msgpack.Decoder(GenericAlias(tuple, (_Any, ...))).decode
_decode_head = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_name = msgspec.msgpack.Decoder(str).decode


def decode_operation(data: bytes) -> Operation:
    """Read one operation and apply its static checks.

    Raises:
        OperationFailed: ``operation-too-large``, ``unknown-operation``, ``operation-malformed``,
            ``operation-not-canonical``, or a code of the operation's own ``check``. Its message
            is our own text alone, so it may stand in a receipt.
    """
    if len(data) > OPERATION_BYTES_MAX:
        raise OperationFailed("operation-too-large", f"{len(data)} bytes, at most {OPERATION_BYTES_MAX} are allowed")
    try:
        operation: Operation = _decode_any(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        name = _name_of(data)
        if name is not None and name not in OPERATIONS:
            raise OperationFailed("unknown-operation", f"{name[:64]!a} is no operation of this chain") from error
        info = f"not an operation {name}" if name is not None else "not an operation"
        raise OperationFailed("operation-malformed", info) from error
    if encode(operation) != data:
        raise OperationFailed("operation-not-canonical", "the bytes are not the canonical encoding")
    operation.check()
    if isinstance(operation, Propose):
        _check_proposed(operation)
    return operation


def _check_proposed(proposal: Propose) -> None:
    """What is put to the vote must read, and be a thing that a vote can do."""
    for index, raw in enumerate(proposal.operations):
        try:
            spec = SPEC_OF[type(_decode_proposed(raw))]
        except OperationFailed as failure:
            raise OperationFailed(
                "proposal-operation", f"operation {index} of the proposal: {failure.code}: {failure.message}"
            ) from failure
        if not spec.by_proposal:
            raise OperationFailed(
                "proposal-operation-unfit", f"operation {index}, {spec.name}, acts in somebody's own name"
            )


def _decode_proposed(raw: bytes) -> Operation:
    if _name_of(raw) == "governance.propose":
        raise OperationFailed("operation-malformed", "a proposal holds no proposals")
    return decode_operation(raw)


def _name_of(data: bytes) -> str | None:
    try:
        return _decode_name(_decode_head(data)[0])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, IndexError):
        return None


def _reason(data: bytes, cause: BaseException) -> str:
    """Why bytes are no operation, naming the field; in the library's words, so never for a receipt."""
    spec = OPERATIONS.get(_name_of(data) or "")
    return (str(cause) if spec is None else named_reason(spec.type, str(cause)))[:512]


def decode_operations(transaction: Transaction) -> None:
    """Fill ``transaction.operations`` and ``work``; depends on the bytes alone, never on state or height.

    Raises:
        Rejected: a code of ``decode_operation``; details name the ``operation`` (its index) and,
            for ``operation-malformed``, the ``reason``.
    """
    operations = _decode_together(transaction) or _decode_in_turn(transaction)
    transaction.operations = operations
    transaction.work = sum([SPEC_OF[type(operation)].work for operation in operations])


def _decode_together(transaction: Transaction) -> tuple[Operation, ...]:
    """All operations in one call; none where one of them is refused, which ``_decode_in_turn`` then names.

    Comparing the bytes once is as strict as comparing each operation's: the encoding of one is never the beginning of
    another's, so equal sequences are equal piece by piece.
    """
    data = encode(transaction.payload.operations)
    if len(data) > OPERATION_BYTES_MAX:
        return ()
    try:
        operations: tuple[Operation, ...] = _decode_all(data)
        if encode(operations) != data:
            return ()
        for operation in operations:
            operation.check()
            if isinstance(operation, Propose):
                _check_proposed(operation)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, OperationFailed):
        return ()
    return operations


def _decode_in_turn(transaction: Transaction) -> tuple[Operation, ...]:
    operations: list[Operation] = []
    for index, raw in enumerate(transaction.payload.operations):
        try:
            operations.append(decode_operation(bytes(raw)))
        except OperationFailed as failure:
            message = f"operation {index}: {failure.message}"
            if failure.code == "operation-malformed" and failure.__cause__ is not None:
                reason = _reason(bytes(raw), failure.__cause__)
                raise Rejected(failure.code, message, operation=index, reason=reason) from failure
            raise Rejected(failure.code, message, operation=index) from failure
    return tuple(operations)


def checked_operation(operation: Operation) -> bytes:
    """Canonical bytes of an operation built by hand, once they read back and pass every static check.

    Raises:
        Rejected: as ``decode_operation``; ``operation-malformed`` carries the ``reason``.
    """
    try:
        data = encode_operation(operation)
        decode_operation(data)
    except (OverflowError, TypeError, UnicodeEncodeError) as error:
        raise Rejected("operation-malformed", "the operation cannot be encoded", reason=str(error)[:512]) from error
    except OperationFailed as failure:
        if failure.code == "operation-malformed" and failure.__cause__ is not None:
            raise Rejected(failure.code, failure.message, reason=_reason(data, failure.__cause__)) from failure
        raise
    return data


def operation_document(operation: Operation) -> Document:
    """JSON form: ``{"operation": name, field: value, ...}``, bytes as lower-case hex."""
    return {"operation": operation.__struct_config__.tag, **to_document(operation)}


def operation_from_document(document: Document) -> Operation:
    """The operation that a JSON form describes; fields with defaults may be left out.

    Raises:
        Rejected: ``unknown-operation``, ``operation-malformed`` (the message names the field)
            or a code of the operation's own checks.
    """
    fields = dict(document)
    name = fields.pop("operation", None)
    spec = OPERATIONS.get(name) if isinstance(name, str) else None
    if spec is None:
        raise Rejected("unknown-operation", f"{str(name)[:64]!a} is no operation of this chain")
    operation: Operation = from_document(spec.type, fields)
    checked_operation(operation)
    return operation


def describe(value_key: bytes, value: bytes) -> Document:
    """A state value as a JSON document: ``{"type": record, field: value, ...}``, bytes as lower-case hex.

    An identity also shows its W3C ``did_document``.

    Raises:
        NotFound: ``state-type``: the key belongs to no record known here, or the value is not one.
    """
    if value_key.startswith(PACKETS_PREFIX):
        return {"type": "PacketCommitment", "value": value.hex()}
    parts = value_key.split(b"/")
    head = parts[0].decode("ascii", "replace")
    for namespace, length, second, kind in _RECORDS:
        if head == namespace and len(parts) == length and (not second or parts[1] == second.encode()):
            try:
                found = msgspec.msgpack.decode(value, type=kind)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise NotFound("state-type", f"the value under {head} does not read as a record") from error
            fields = to_document(found) if isinstance(found, msgspec.Struct) else {"value": found}
            if isinstance(found, IdentityRecord):
                fields["did_document"] = did_document(found)
            return {"type": kind.__name__, **fields}
    raise NotFound("state-type", f"no record is kept under {head[:64]!a}")
