"""What becomes of a right: used, narrowed, taken back, given up, run out."""

from typing import Final

import msgspec

from chainnode.state.view import State
from contracts.assets.lineage import permit_derivation
from contracts.assets.record import read_asset
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.rights.exclusivity import reserve, vacate
from contracts.rights.force import IN_FORCE, right_in_force
from contracts.rights.operations import AmendRight, ExpireRight, RevokeRight, SurrenderRight, UseRight
from contracts.rights.outcome import RightAmended, RightExpired, RightRevoked, RightSurrendered, RightUsed
from contracts.rights.record import FROZEN, LIFECYCLE, RightRecord, read_right, write_right
from contracts.rights.terms import RightTerms, covers_region, wider_in


def use(operation: UseRight, context: Context, state: State) -> None:
    """Count one use, and permit the derivation that it names.

    Raises:
        OperationFailed: a code of ``force.IN_FORCE``, ``right-use-outside`` or ``right-kind``.
    """
    record = right_in_force(state, operation.right_id, context.sender, context.time_ms)
    _check_use(operation, record.terms)
    stored = read_right(state, operation.right_id)
    spent = stored.uses_spent + 1
    is_counted = record.terms.uses_max > 0  # by its own terms, or by those above it as they stand now
    if is_counted:
        write_right(state, _stepped(stored, "use", context, uses_spent=spent))
    if operation.derived:
        if record.terms.kind != "processing-use":
            raise OperationFailed("right-kind", f"deriving needs processing-use, this right is {record.terms.kind}")
        permit_derivation(operation.derived, record.asset_id, context.sender, record.right_id, context, state)
    context.emit(
        RightUsed(
            right_id=record.right_id,
            asset_id=record.asset_id,
            holder=record.holder,
            purpose=operation.purpose,
            region=operation.region,
            derived=operation.derived,
            document_hash=operation.document_hash or b"",
            uses_spent=spent if is_counted else 0,
        )
    )


def _check_use(operation: UseRight, terms: RightTerms) -> None:
    outside = ""
    if terms.purposes and operation.purpose not in terms.purposes:
        outside = f"purpose {operation.purpose}"
    elif terms.fields and any(name not in terms.fields for name in operation.fields):
        outside = "some of the fields"
    elif not covers_region(terms.regions, operation.region):
        outside = f"region {operation.region or 'not told'}"
    if outside:
        raise OperationFailed("right-use-outside", f"{operation.right_id.hex()} does not cover {outside}")


def amend(operation: AmendRight, context: Context, state: State) -> None:
    """Narrow the terms.

    Raises:
        OperationFailed: ``right-unknown``, ``right-not-grantor``, ``right-irrevocable``, ``right-frozen``,
            ``right-status``, ``right-wider``, ``right-expired``, ``right-audience``, ``right-exclusive`` or
            ``right-exclusives-full``.
    """
    record = read_right(state, operation.right_id)
    if record.holder != context.sender:
        _check_grantor(record, context, state)
    after = _stepped(record, "amend", context, terms=operation.terms)
    dimension = wider_in(operation.terms, record.terms) or _fixed_part(operation.terms, record.terms)
    if dimension:
        raise OperationFailed("right-wider", f"the new terms reach further than the old in {dimension}")
    if operation.terms.until_ms and operation.terms.until_ms <= context.time_ms:
        raise OperationFailed("right-expired", f"the right would have ended at {operation.terms.until_ms}")
    if operation.terms.audience and record.holder not in operation.terms.audience:
        raise OperationFailed("right-audience", f"{record.holder}, who holds it, is not of the new audience")
    source = record.parent or record.asset_id
    vacate(source, record.right_id, record.terms, state)
    reserve(source, record.right_id, operation.terms, context.time_ms, state)
    write_right(state, after)
    context.emit(RightAmended.of(after, context.sender))


def _fixed_part(new: RightTerms, old: RightTerms) -> str:
    """What an amendment cannot touch: the kind of right, the holder's duties, and its protection."""
    if new.kind != old.kind:
        return "kind"
    if new.obligations_hash != old.obligations_hash:
        return "obligations"
    return "irrevocability" if new.irrevocable != old.irrevocable else ""


def revoke(operation: RevokeRight, context: Context, state: State) -> None:
    """Take a right, or the offer of one, back.

    Raises:
        OperationFailed: ``right-unknown``, ``right-not-grantor``, ``right-irrevocable``, ``right-frozen`` or
            ``right-status``.
    """
    record = read_right(state, operation.right_id)
    _check_grantor(record, context, state, offer=record.status == "OFFERED")
    _end(record, "revoke", context, state)
    context.emit(RightRevoked.of(record, context.sender, operation.reason))


def surrender(operation: SurrenderRight, context: Context, state: State) -> None:
    """Give one's own right up.

    Raises:
        OperationFailed: ``right-unknown``, ``right-not-holder``, ``right-frozen`` or ``right-status``.
    """
    record = read_right(state, operation.right_id)
    if record.holder != context.sender:
        raise OperationFailed("right-not-holder", f"{operation.right_id.hex()} is held by {record.holder}")
    _end(record, "surrender", context, state)
    context.emit(RightSurrendered(record.right_id, record.asset_id, record.holder))


def expire(operation: ExpireRight, context: Context, state: State) -> None:
    """Mark a right that has run out.

    Raises:
        OperationFailed: ``right-unknown``, ``right-not-due``, ``right-frozen`` or ``right-status``.
    """
    record = read_right(state, operation.right_id)
    until = record.terms.until_ms
    if LIFECYCLE.after(record.status, "expire") and (not until or context.time_ms < until):
        raise OperationFailed("right-not-due", f"{operation.right_id.hex()} lasts until {until or 'it is ended'}")
    _end(record, "expire", context, state)
    context.emit(RightExpired(record.right_id, record.asset_id, record.holder, until))


def _check_grantor(record: RightRecord, context: Context, state: State, *, offer: bool = False) -> None:
    """Whoever holds the source now stands where the grantor stood: a buyer of the asset takes on what burdens it."""
    if record.parent:
        above = read_right(state, record.parent).holder
    else:
        asset = read_asset(state, record.asset_id)
        above = "" if asset is None else asset.holder
    if context.sender != above:
        raise OperationFailed("right-not-grantor", f"{record.right_id.hex()} was granted out of what {above} holds")
    if record.terms.irrevocable and not offer:
        raise OperationFailed("right-irrevocable", f"{record.right_id.hex()} was granted for good")


def _end(record: RightRecord, action: str, context: Context, state: State) -> None:
    write_right(state, _stepped(record, action, context))
    vacate(record.parent or record.asset_id, record.right_id, record.terms, state)


def _stepped(record: RightRecord, action: str, context: Context, **changes: object) -> RightRecord:
    if record.status in FROZEN:
        raise OperationFailed("right-frozen", f"{record.right_id.hex()} is held by order {record.frozen_by[0].hex()}")
    status = LIFECYCLE.step(record.status, action)
    return msgspec.structs.replace(
        record, status=status, updated_height=context.height, updated_ms=context.time_ms, **changes
    )


_ENDING: Final = ("right-unknown", "right-frozen", "right-status")

OPERATIONS: Final = (
    OperationSpec(UseRight, use, EVERYONE, ("right-terms", *IN_FORCE, "right-use-outside", "right-kind")),
    OperationSpec(
        AmendRight,
        amend,
        EVERYONE,
        (
            "right-terms",
            *_ENDING,
            "right-not-grantor",
            "right-irrevocable",
            "right-wider",
            "right-expired",
            "right-audience",
            "right-exclusive",
            "right-exclusives-full",
        ),
    ),
    OperationSpec(RevokeRight, revoke, EVERYONE, (*_ENDING, "right-not-grantor", "right-irrevocable")),
    OperationSpec(SurrenderRight, surrender, EVERYONE, (*_ENDING, "right-not-holder")),
    OperationSpec(ExpireRight, expire, EVERYONE, (*_ENDING, "right-not-due")),
)
