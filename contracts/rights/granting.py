"""How rights come into being: granted, or offered and accepted.

``grant`` is also what the market calls when a trade completes.
"""

from typing import Final

import msgspec

from chainnode.state.view import State
from contracts.assets.measures import tradable_asset
from contracts.identity.record import read_active
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.rights.exclusivity import reserve, vacate
from contracts.rights.force import IN_FORCE, in_force, right_in_force
from contracts.rights.operations import AcceptRight, DeclineRight, GrantRight
from contracts.rights.outcome import RightAccepted, RightDeclined, RightGranted
from contracts.rights.record import LIFECYCLE, RightRecord, read_right, right_id_of, right_key, write_right
from contracts.rights.terms import RightTerms, wider_in

GRANTING: Final = (
    "right-exists",
    "right-grantee",
    "right-not-grantor",
    "right-other-asset",
    "right-no-sublicence",
    "right-wider",
    "right-audience",
    "right-field-unknown",
    "right-exclusive",
    "right-exclusives-full",
    "right-expired",
    "asset-unknown",
    "asset-frozen",
    "asset-expired",
    "asset-status",
)
"""Refusals of ``grant`` out of an asset; out of a right those of ``right_in_force`` come on top."""


def grant(
    terms: RightTerms,
    grantor: str,
    grantee: str,
    parent: bytes,
    context: Context,
    state: State,
    *,
    asset_id: bytes,
    salt: bytes,
    accepted: bool = False,
) -> bytes:
    """Give ``grantee`` a right in ``asset_id``; its 32-byte id.

    ``parent`` is the grantor's own right, or empty where the grantor holds the asset. ``salt`` (16-32 bytes) sets this
    right apart from others of the same grantor. With obligations it is an offer, unless the grantee has ``accepted``
    already. ``terms`` have passed ``check_terms``.

    Raises:
        OperationFailed: a code of ``GRANTING`` or ``force.IN_FORCE``.
    """
    right_id = right_id_of(grantor, asset_id, parent, salt)
    if state.get(right_key(right_id)) is not None:
        raise OperationFailed("right-exists", f"{grantor} has granted {right_id.hex()}")
    if grantee == grantor or read_active(state, grantee) is None:
        raise OperationFailed("right-grantee", f"{grantee or 'nobody'} is no other active identity of this chain")
    if terms.until_ms and terms.until_ms <= context.time_ms:
        raise OperationFailed("right-expired", f"the right would have ended at {terms.until_ms}")
    depth = 1
    if parent:
        source = right_in_force(state, parent, grantor, context.time_ms)
        _check_within(terms, source, asset_id)
        depth = source.depth + 1
        _pass_uses_on(source, terms, context, state)
    else:
        _check_holder(terms, grantor, asset_id, context, state)
    if terms.audience and grantee not in terms.audience:
        raise OperationFailed("right-audience", f"{grantee} is not of the audience")
    action = "offer" if terms.obligations_hash is not None and not accepted else "grant"
    reserve(parent or asset_id, right_id, terms, context.time_ms, state)
    record = RightRecord(
        right_id=right_id,
        asset_id=asset_id,
        parent=parent,
        depth=depth,
        grantor=grantor,
        holder=grantee,
        terms=terms,
        status=LIFECYCLE.step(None, action),
        frozen_by=(),
        uses_spent=0,
        granted_height=context.height,
        granted_ms=context.time_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )
    write_right(state, record)
    context.emit(RightGranted.of(record))
    return right_id


def _check_holder(terms: RightTerms, grantor: str, asset_id: bytes, context: Context, state: State) -> None:
    """The asset's holder has all three rights in it, for all fields that it has."""
    asset = tradable_asset(state, asset_id, context.time_ms)
    if asset.holder != grantor:
        raise OperationFailed("right-not-grantor", f"asset {asset_id.hex()} is held by {asset.holder}, not {grantor}")
    known = asset.description.fields
    if terms.fields and known:
        names = {field.name for field in known}
        for name in terms.fields:
            if name not in names:
                raise OperationFailed("right-field-unknown", f"asset {asset_id.hex()} has no field {name}")


def _check_within(terms: RightTerms, source: RightRecord, asset_id: bytes) -> None:
    shown = source.right_id.hex()
    if source.asset_id != asset_id:
        raise OperationFailed("right-other-asset", f"{shown} is a right in asset {source.asset_id.hex()}")
    if not source.terms.sublicensing_levels:
        raise OperationFailed("right-no-sublicence", f"{shown} gives no leave to grant further rights")
    dimension = wider_in(terms, source.terms)
    if not dimension and terms.sublicensing_levels >= source.terms.sublicensing_levels:
        dimension = "sublicensing"
    if dimension:
        raise OperationFailed("right-wider", f"wider than {shown} in {dimension}")


def _pass_uses_on(source: RightRecord, terms: RightTerms, context: Context, state: State) -> None:
    """Uses granted are the grantor's no more, so that a right and all below it never have more than it was given."""
    if not terms.uses_max:
        return
    spent = source.uses_spent + terms.uses_max
    if source.terms.uses_max and spent > source.terms.uses_max:
        left = source.terms.uses_max - source.uses_spent
        raise OperationFailed("right-wider", f"wider than {source.right_id.hex()} in uses: {left} are left")
    if source.terms.uses_max:
        stored = read_right(state, source.right_id)
        write_right(state, _updated(stored, context, uses_spent=spent))


def apply_grant(operation: GrantRight, context: Context, state: State) -> None:
    """Grant in the sender's name.

    Raises:
        OperationFailed: see ``grant``.
    """
    grant(
        operation.terms,
        context.sender,
        operation.grantee,
        operation.parent,
        context,
        state,
        asset_id=operation.asset_id,
        salt=operation.salt,
    )


def accept(operation: AcceptRight, context: Context, state: State) -> None:
    """Let an offered right begin to hold, if what it derives from still does.

    Raises:
        OperationFailed: ``right-unknown``, ``right-not-holder``, ``right-status``, or a code of ``force.IN_FORCE`` that
            stands in the way of its use, except that its time need not have come.
    """
    record = _offered(operation.right_id, context, state)
    accepted = _updated(record, context, status=LIFECYCLE.step(record.status, "accept"))
    try:
        in_force(state, accepted, context.time_ms)
    except OperationFailed as failure:
        if failure.code != "right-not-begun":
            raise
    write_right(state, accepted)
    context.emit(RightAccepted(record.right_id, record.asset_id, record.holder))


def decline(operation: DeclineRight, context: Context, state: State) -> None:
    """End an offer.

    Raises:
        OperationFailed: ``right-unknown``, ``right-not-holder`` or ``right-status``.
    """
    record = _offered(operation.right_id, context, state)
    write_right(state, _updated(record, context, status=LIFECYCLE.step(record.status, "decline")))
    vacate(record.parent or record.asset_id, record.right_id, record.terms, state)
    context.emit(RightDeclined(record.right_id, record.asset_id, record.holder))


def _offered(right_id: bytes, context: Context, state: State) -> RightRecord:
    record = read_right(state, right_id)
    if record.holder != context.sender:
        raise OperationFailed("right-not-holder", f"{right_id.hex()} was offered to {record.holder}")
    return record


def _updated(record: RightRecord, context: Context, **changes: object) -> RightRecord:
    return msgspec.structs.replace(record, updated_height=context.height, updated_ms=context.time_ms, **changes)


_ANSWERING: Final = ("right-unknown", "right-not-holder", "right-status")

OPERATIONS: Final = (
    OperationSpec(
        GrantRight, apply_grant, EVERYONE, ("right-terms", *GRANTING, *(c for c in IN_FORCE if c not in GRANTING))
    ),
    OperationSpec(AcceptRight, accept, EVERYONE, IN_FORCE),
    OperationSpec(DeclineRight, decline, EVERYONE, _ANSWERING),
)
