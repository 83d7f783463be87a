"""How trust is given and taken: the wire forms and their form rules."""

from contracts.identity.accreditation import CredentialType, Jurisdiction, Kind
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, Line, Time


class Accredit(Operation, frozen=True, array_like=True, tag="identity.accredit"):
    """Accredit an identity as a digital commerce entity of one kind, or as issuer of one type of credential.

    Renews what the sender has accredited itself, and follows one that was ended or has expired.
    """

    did: AnyDid
    kind: Kind
    credential_type: CredentialType = ""
    """For ``issuer``, and only for it."""
    jurisdiction: Jurisdiction = ""
    valid_from_ms: Time = 0
    """First moment; 0 = from the block on."""
    valid_until_ms: Time = 0
    """First moment at which it no longer holds; 0 = until it is ended."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``accreditation-type`` or ``accreditation-period``.
        """
        check_type(self.kind, self.credential_type)
        if self.valid_until_ms and self.valid_until_ms <= self.valid_from_ms:
            raise OperationFailed(
                "accreditation-period", f"it ends at {self.valid_until_ms}, not after it begins at {self.valid_from_ms}"
            )


class EndAccreditation(Operation, frozen=True, array_like=True, tag="identity.end_accreditation"):
    """End an accreditation now; what was done under it stays."""

    did: AnyDid
    kind: Kind
    credential_type: CredentialType = ""
    reason: Line = ""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``accreditation-type``.
        """
        check_type(self.kind, self.credential_type)


def check_type(kind: Kind, credential_type: str) -> None:
    """Refuse an issuer of nothing in particular, and an entity with a credential type.

    Raises:
        OperationFailed: ``accreditation-type``.
    """
    if (kind == "issuer") != bool(credential_type):
        raise OperationFailed("accreditation-type", f"{kind} with the credential type {credential_type or 'none'}")
