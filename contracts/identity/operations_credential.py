"""What issuers put on the ledger about their credentials: the wire forms and their form rules."""

from typing import Annotated

import msgspec

from contracts.identity.accreditation import CredentialType
from contracts.identity.credential import (
    BATCH_CREDENTIALS_MAX,
    EntryId,
    SchemaVersion,
    Sequence,
    StatusBits,
    StatusPurpose,
)
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import Address, AnyDid, Hash32, Name, Uri


class AnchorStatusList(Operation, frozen=True, array_like=True, tag="identity.anchor_status_list"):
    """Put a new status list, or the next version of one's own, in force."""

    list_id: EntryId
    purpose: StatusPurpose
    length: StatusBits
    sequence: Sequence
    """1 for a new list, then one more each time: two updates made at once cannot both win."""
    digest: Hash32
    uri: Address


class RegisterSchema(Operation, frozen=True, array_like=True, tag="identity.register_schema"):
    """Put one version of a schema on the ledger, for ever as it is."""

    schema_id: EntryId
    version: SchemaVersion
    name: Name
    digest: Hash32
    uri: Uri = ""


class LogIssuance(Operation, frozen=True, array_like=True, tag="identity.log_issuance"):
    """Record that a credential, or a batch of them, exists now.

    A later rotation of the issuer's keys then takes nothing from it.
    """

    digest: Hash32
    credential_type: Annotated[CredentialType, msgspec.Meta(min_length=1)]
    count: Annotated[int, msgspec.Meta(ge=0, le=BATCH_CREDENTIALS_MAX)] = 0
    """Credentials of a batch under the root ``digest``; 0 = a single one."""
    subject: AnyDid = ""
    """Whom a single credential is about, if that may be public for ever."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``issuance-subject``.
        """
        if self.count and self.subject:
            raise OperationFailed("issuance-subject", f"a batch of {self.count} credentials has no one subject")
