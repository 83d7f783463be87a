"""What can come of a governance operation: its events and its refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class RoleGranted(TypedEvent, frozen=True):
    """An identity holds one role more."""

    NAME = "governance.role_granted"
    INDEXED = ("did",)

    did: str
    role: str
    granted_by: str
    registrar_number: int


class RoleRevoked(TypedEvent, frozen=True):
    """An identity holds one role less."""

    NAME = "governance.role_revoked"
    INDEXED = ("did",)

    did: str
    role: str
    revoked_by: str


EVENTS: Final = (RoleGranted, RoleRevoked)

CODES: Final[dict[str, Code]] = {
    "role-did-unknown": Code(
        "No such identity",
        "The role is for an identity that does not exist on this chain or was deactivated.",
        "Create the identity first.",
    ),
    "role-held": Code("Role held already", "The identity holds this role.", "Nothing needs to be done."),
    "role-not-held": Code("Role not held", "The identity does not hold this role.", "Nothing needs to be done."),
    "role-own-governor": Code(
        "Own office",
        "A governor cannot give up its own office, lest nobody is left to grant one.",
        "Ask another governor.",
    ),
    "registrar-numbers-spent": Code(
        "No registrar number left",
        "Registrar numbers have four digits and all were given.",
        "Registrar numbers are never reused; this needs a new form of certificate number.",
    ),
    "parameters-contradict": Code(
        "Parameters contradict",
        "Two parameters cannot hold together.",
        "See the message for the two.",
    ),
    "policy-rule": Code(
        "Unfit rule",
        "The rule is incomplete or of a kind that cannot be given to this operation.",
        "See the message; a rule is kind x organisations x roles.",
    ),
}
