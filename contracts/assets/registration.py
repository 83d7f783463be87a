"""What the asset operations do."""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.assets.certificate import SERIAL_MAX, certificate_number
from contracts.assets.lineage import link
from contracts.assets.lineage_outcome import LINKING
from contracts.assets.operations import RegisterAsset
from contracts.assets.outcome import AssetRegistered
from contracts.assets.record import LIFECYCLE, AssetRecord, asset_id_of, asset_key, serial_key
from contracts.identity.record import read_identity
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import Rule, role_record

_decode_serial = msgspec.msgpack.Decoder(int).decode


def register(operation: RegisterAsset, context: Context, state: State) -> None:
    """Write the record and give it a certificate number.

    Raises:
        OperationFailed: ``asset-exists``, ``asset-holder-unknown``, ``asset-registrar-number``,
            ``asset-serials-spent``, or a code of ``lineage.link``.
    """
    registrar, identifier = context.sender, operation.identifier
    asset_id = asset_id_of(registrar, identifier)
    state_key = asset_key(asset_id)
    if state.get(state_key) is not None:
        raise OperationFailed("asset-exists", f"{registrar} has registered {identifier} as {asset_id.hex()}")
    holder = operation.holder or registrar
    if holder != registrar:
        identity = read_identity(state, holder)
        if identity is None or identity.deactivated:
            raise OperationFailed("asset-holder-unknown", f"{holder} is no active identity of this chain")
    link(asset_id, holder, operation.description, context, state)
    certificate = _next_certificate(registrar, context.time_ms, state)
    record = AssetRecord(
        asset_id=asset_id,
        identifier=identifier,
        registrar=registrar,
        holder=holder,
        status=LIFECYCLE.transitions[None, "register"],
        certificate=certificate,
        description=operation.description,
        registered_height=context.height,
        registered_ms=context.time_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )
    state.put(state_key, encode(record))
    kind = operation.description.kind
    context.emit(AssetRegistered(asset_id, identifier, kind, holder, registrar, certificate))


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


OPERATIONS: Final = (
    OperationSpec(
        RegisterAsset,
        register,
        Rule("ANY", ("exchange", "registrar")),
        (
            "asset-grade-core",
            "asset-grade-level",
            "asset-range",
            "asset-parent-twice",
            "asset-parent-shares",
            "asset-exists",
            "asset-holder-unknown",
            *LINKING,
            "asset-registrar-number",
            "asset-serials-spent",
        ),
    ),
)
