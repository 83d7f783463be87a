"""The rules that a registrar sets itself, in public and before it decides by them.

    asset-registrar/<did>    RegistrarPolicy

What an application is decided by is fixed when it is submitted: a later change of the rules
touches later applications only.

Source: announcement of ten working days, validity of one to three years and n-of-m review
after the registration rules cited in contracts/assets/README.md.
"""

from functools import lru_cache
from typing import Annotated, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.keys import key
from chainnode.state.view import State
from contracts.assets.outcome import RegistrarPolicySet
from contracts.assets.pending import Period
from contracts.kernel.context import Context
from contracts.kernel.operation import Operation, OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import ROLES, Role, Rule

REVIEWERS_MAX: Final = 16
REGISTRARS: Final = Rule("ANY", ("exchange", "registrar"))
"""Who may register, decide on applications and answer for the register."""

Panel = Annotated[int, msgspec.Meta(ge=0, le=REVIEWERS_MAX)]


class RegistrarPolicy(msgspec.Struct, frozen=True, array_like=True):
    """How one registrar decides; without it, it can only use the fast path, and its certificates hold without end."""

    reviewers: Panel = 0
    """How many are assigned to an application; 0 = the registrar reviews alone."""
    approvals: Panel = 0
    """How many of them must approve."""
    announcement_ms: Period = 0
    """How long an application is announced before it can be certified."""
    validity_ms: Period = 0
    """How long a certificate holds, and what a renewal adds; 0 = without end."""
    correction_ms: Period = 0
    """Time for the applicant to submit again what was returned; 0 = without end."""
    review_ms: Period = 0
    """Time for the reviewers, from their assignment; 0 = without end."""
    renewal_ms: Period = 0
    """How long before its end a certificate can be renewed, and how long after it the registrar may still decide;
    0 = as long before its end as a renewal adds, and decided before it."""
    objection_roles: Annotated[tuple[Role, ...], msgspec.Meta(max_length=len(ROLES))] = ()
    """Roles that may object; empty = any role."""
    objection_evidence: bool = False
    """Whether an objection must name evidence on this ledger."""
    transfer_confirmation: bool = False
    """Whether a transfer waits for the registrar after the new holder's consent."""


DEFAULT: Final = RegistrarPolicy()
"""For requests about assets of a registrar that set none."""
_decode_policy = lru_cache(256)(msgspec.msgpack.Decoder(RegistrarPolicy).decode)


class SetRegistrarPolicy(Operation, frozen=True, array_like=True, tag="asset.set_registrar_policy"):
    """Set the rules by which the sender decides on later applications and requests."""

    policy: RegistrarPolicy

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``asset-policy-contradicts``.
        """
        policy = self.policy
        if policy.approvals > policy.reviewers or (policy.reviewers and not policy.approvals):
            raise OperationFailed(
                "asset-policy-contradicts", f"{policy.approvals} approvals of {policy.reviewers} reviewers"
            )
        if policy.renewal_ms > policy.validity_ms:
            raise OperationFailed(
                "asset-policy-contradicts",
                f"renewal {policy.renewal_ms} ms ahead of a validity of {policy.validity_ms} ms",
            )
        if policy.objection_roles != tuple(role for role in ROLES if role in policy.objection_roles):
            raise OperationFailed("asset-policy-contradicts", "the roles that may object stand once each, in order")


@lru_cache(256)
def policy_key(registrar: str) -> bytes:
    """State key of a registrar's rules."""
    return key("asset-registrar", registrar)


def read_policy(state: State, registrar: str) -> RegistrarPolicy | None:
    """The rules that ``registrar`` set itself; None where it set none."""
    stored = state.get(policy_key(registrar))
    return None if stored is None else _decode_policy(stored)


def set_registrar_policy(operation: SetRegistrarPolicy, context: Context, state: State) -> None:
    """Replace the sender's rules."""
    policy = operation.policy
    state.put(policy_key(context.sender), encode(policy))
    context.emit(
        RegistrarPolicySet(
            context.sender, policy.reviewers, policy.approvals, policy.announcement_ms, policy.validity_ms
        )
    )


RECORDS: Final = (("asset-registrar", 2, "", RegistrarPolicy),)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""

OPERATIONS: Final = (
    OperationSpec(SetRegistrarPolicy, set_registrar_policy, REGISTRARS, ("asset-policy-contradicts",)),
)
