"""The entry of one asset in the register: how the family's handlers read, check and write it."""

from typing import Any, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.assets.certificate import SERIAL_MAX, certificate_number
from contracts.assets.description import DESCRIPTION_BYTES_MAX, AssetDescription, check_size
from contracts.assets.lineage import link
from contracts.assets.lineage_outcome import LINKING
from contracts.assets.outcome import AssetRegistered
from contracts.assets.record import AssetRecord, asset_key, read_asset, serial_key
from contracts.identity.record import read_active
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import role_record

_decode_serial = msgspec.msgpack.Decoder(int).decode
ENTERING: Final = ("asset-exists", *LINKING, "asset-registrar-number", "asset-serials-spent", "asset-too-large")
"""Codes of ``enter``."""


def known_asset(state: State, asset_id: bytes) -> AssetRecord:
    """The record under ``asset_id``, in any status.

    Raises:
        OperationFailed: ``asset-unknown``.
    """
    record = read_asset(state, asset_id)
    if record is None:
        raise OperationFailed("asset-unknown", f"no asset {asset_id.hex()} is registered")
    return record


def check_valid(record: AssetRecord, time_ms: int) -> None:
    """Refuse an asset that is frozen, or whose certificate has run out by ``time_ms``.

    Raises:
        OperationFailed: ``asset-frozen`` or ``asset-expired``.
    """
    asset_id = record.asset_id.hex()
    if record.status == "FROZEN":
        raise OperationFailed("asset-frozen", f"asset {asset_id} is held by order {record.frozen_by[0].hex()}")
    if record.status == "EXPIRED" or record.is_expired(time_ms):
        raise OperationFailed("asset-expired", f"asset {asset_id} was valid before {record.valid_until_ms}")


def check_holder(state: State, holder: str) -> None:
    """Refuse a holder that could not act.

    Raises:
        OperationFailed: ``asset-holder-unknown``.
    """
    if read_active(state, holder) is None:
        raise OperationFailed("asset-holder-unknown", f"{holder} is no active identity of this chain")


def enter(
    asset_id: bytes,
    identifier: str,
    applicant: str,
    holder: str,
    status: str,
    description: AssetDescription,
    validity_ms: int,
    context: Context,
    state: State,
) -> str:
    """Write a new asset in the name of the sender, its registrar; returns the number of its certificate.

    Raises:
        OperationFailed: ``asset-exists``, ``asset-registrar-number``, ``asset-serials-spent``, ``asset-too-large``
            or a code of ``lineage.link``.
    """
    state_key = asset_key(asset_id)
    if state.get(state_key) is not None:
        raise OperationFailed(
            "asset-exists", f"{applicant or context.sender} has registered {identifier} as {asset_id.hex()}"
        )
    link(asset_id, holder, description, context, state)
    registrar, time_ms = context.sender, context.time_ms
    certificate = _next_certificate(registrar, time_ms, state)
    valid_until_ms = time_ms + validity_ms if validity_ms else 0
    record = AssetRecord(
        asset_id=asset_id,
        identifier=identifier,
        applicant=applicant,
        registrar=registrar,
        holder=holder,
        status=status,
        certificate=certificate,
        description=description,
        version=1,
        valid_until_ms=valid_until_ms,
        frozen_by=(),
        resumes="",
        registered_height=context.height,
        registered_ms=time_ms,
        updated_height=context.height,
        updated_ms=time_ms,
    )
    stored = encode(record)
    if len(stored) > DESCRIPTION_BYTES_MAX:
        check_size(len(encode(description)))
    state.put(state_key, stored)
    context.emit(
        AssetRegistered(
            asset_id, identifier, description.kind, holder, registrar, certificate, applicant, valid_until_ms
        )
    )
    return certificate


def update(record: AssetRecord, context: Context, state: State, **changes: Any) -> None:
    """Write ``record`` with ``changes``, as of this block."""
    changed = msgspec.structs.replace(record, updated_height=context.height, updated_ms=context.time_ms, **changes)
    state.put(asset_key(record.asset_id), encode(changed))


def _next_certificate(registrar: str, time_ms: int, state: State) -> str:
    roles = role_record(state, registrar)
    if roles is None or roles.registrar_number == 0:
        raise OperationFailed("asset-registrar-number", f"{registrar} has no registrar number")
    counter = serial_key(registrar)
    stored = state.get(counter)
    serial = (_decode_serial(stored) if stored is not None else 0) + 1
    if serial > SERIAL_MAX:
        raise OperationFailed("asset-serials-spent", f"{registrar} has made {SERIAL_MAX} registrations")
    state.put(counter, encode(serial))
    return certificate_number(roles.registrar_number, time_ms, serial)
