"""Whether a right holds now: itself, everything it derives from, and the asset.

Nothing is marked below a right that ends. Whoever relies on a right walks up from it, at
most nine steps, so one revocation costs one write however many rights derive from it.
"""

from typing import Final

import msgspec

from chainnode.state.view import State
from contracts.assets.measures import tradable_asset
from contracts.assets.record import read_asset
from contracts.kernel.outcome import OperationFailed
from contracts.rights.record import FROZEN, LIFECYCLE, RightRecord, read_right
from contracts.rights.terms import RightTerms, narrowed, wider_in

IN_FORCE: Final = (
    "right-unknown",
    "right-not-holder",
    "right-frozen",
    "right-status",
    "right-not-begun",
    "right-expired",
    "right-lapsed",
    "right-uses-spent",
    "asset-unknown",
    "asset-frozen",
    "asset-expired",
    "asset-status",
)
"""Refusals of ``right_in_force``."""


def right_in_force(state: State, right_id: bytes, holder: str, time_ms: int) -> RightRecord:
    """The right of ``holder``, its terms as far as they reach now.

    From ``from_ms`` (inclusive) to ``until_ms`` (exclusive), of the right and of each above it. Where one above was
    narrowed later, the terms come back narrowed too.

    Raises:
        OperationFailed: a code of ``IN_FORCE``.
    """
    record = read_right(state, right_id)
    if record.holder != holder:
        raise OperationFailed("right-not-holder", f"{right_id.hex()} is held by {record.holder}")
    return in_force(state, record, time_ms)


def in_force(state: State, record: RightRecord, time_ms: int) -> RightRecord:
    """As ``right_in_force``, of a right already read, whoever holds it.

    Raises:
        OperationFailed: a code of ``IN_FORCE``.
    """
    shown = record.right_id.hex()
    if record.status in FROZEN:
        raise OperationFailed("right-frozen", f"{shown} is held by order {record.frozen_by[0].hex()}")
    LIFECYCLE.step(record.status, "use")
    terms = effective_terms(state, record, time_ms)
    if time_ms < terms.from_ms:
        raise OperationFailed("right-not-begun", f"{shown} begins at {terms.from_ms}, it is {time_ms}")
    if terms.until_ms and time_ms >= terms.until_ms:
        raise OperationFailed("right-expired", f"{shown} ended at {terms.until_ms}, it is {time_ms}")
    if terms.uses_max and record.uses_spent >= terms.uses_max:
        raise OperationFailed("right-uses-spent", f"{shown} had {terms.uses_max} uses")
    _check_asset(state, record.asset_id, time_ms)
    return record if terms is record.terms else msgspec.structs.replace(record, terms=terms)


def _check_asset(state: State, asset_id: bytes, time_ms: int) -> None:
    """A right outlives a change of the asset's holder, so it holds while one is under way too."""
    asset = read_asset(state, asset_id)
    if asset is None or asset.status != "TRANSFERRING" or asset.is_expired(time_ms):
        tradable_asset(state, asset_id, time_ms)


def effective_terms(state: State, record: RightRecord, time_ms: int) -> RightTerms:
    """The terms of ``record``, narrowed to those of every right above it.

    Raises:
        OperationFailed: ``right-frozen`` or ``right-lapsed``: a right above is frozen, or has ended or no longer
            covers any of it.
    """
    terms = record.terms
    shown = record.right_id.hex()
    parent = record.parent
    while parent:
        above = read_right(state, parent)
        if above.status in FROZEN:
            raise OperationFailed("right-frozen", f"{shown} derives from {parent.hex()}, which is frozen")
        ended = bool(above.terms.until_ms) and time_ms >= above.terms.until_ms
        left = None if ended or LIFECYCLE.after(above.status, "use") is None else terms
        if left is not None and wider_in(terms, above.terms):
            left = narrowed(terms, above.terms)
        if left is None:
            raise OperationFailed("right-lapsed", f"{shown} derives from {parent.hex()}, which has ended")
        terms = left
        parent = above.parent
    return terms
