"""The fast path: an asset registered in one operation."""

from typing import Final

from chainnode.state.view import State
from contracts.assets.entry import ENTERING, check_holder, enter
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import LIFECYCLE, asset_id_of
from contracts.assets.registrar import REGISTRARS, read_policy
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec

DESCRIBING: Final = (
    "asset-grade-core",
    "asset-grade-level",
    "asset-compliance-missing",
    "asset-basis-missing",
    "asset-assessment-missing",
    "asset-range",
    "asset-parent-twice",
    "asset-parent-shares",
)
"""Codes of ``check_description``."""


def register(operation: RegisterAsset, context: Context, state: State) -> None:
    """Write the record and give it a certificate number.

    Raises:
        OperationFailed: ``asset-holder-unknown`` or a code of ``enter``.
    """
    registrar, identifier = context.sender, operation.identifier
    asset_id = asset_id_of(registrar, identifier)
    holder = operation.holder or registrar
    if holder != registrar:
        check_holder(state, holder)
    status = LIFECYCLE.transitions[None, "register"]
    policy = read_policy(state, registrar)
    validity_ms = 0 if policy is None else policy.validity_ms
    enter(asset_id, identifier, "", holder, status, operation.description, validity_ms, context, state)


OPERATIONS: Final = (
    OperationSpec(
        RegisterAsset,
        register,
        REGISTRARS,
        (*DESCRIBING, "asset-holder-unknown", *ENTERING),
    ),
)
