"""How public data is led through its life: the wire forms.

Every step names evidence of its sender (kind ``public-data``), which holds the digest of
the paper behind it; both may stand in one transaction.

Source: the registration practice of Chinese public-data platforms; see ../README.md.
"""

from typing import Annotated

import msgspec

from contracts.evidence.public_data.record import OpenMode, ResourceId
from contracts.evidence.record import AssetId, EvidenceId
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, Name, Time, Uri

Custodian = Annotated[AnyDid, msgspec.Meta(min_length=1)]


class CataloguePublicData(Operation, frozen=True, array_like=True, tag="public.catalogue"):
    """Enter a resource in the catalogue; the sender becomes its custodian."""

    resource_id: ResourceId
    title: Name
    evidence_id: EvidenceId
    related_asset: AssetId = b""
    """Registered asset that this resource is; empty = none."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``evidence-reference``.
        """
        if self.related_asset and len(self.related_asset) != 32:
            raise OperationFailed("evidence-reference", "an asset id has 32 bytes")


class OpenPublicData(Operation, frozen=True, array_like=True, tag="public.open"):
    """Open a resource to everybody, or say its conditions anew."""

    resource_id: ResourceId
    mode: OpenMode
    evidence_id: EvidenceId
    conditions_uri: Uri = ""


class AuthorisePublicData(Operation, frozen=True, array_like=True, tag="public.authorise"):
    """Let an operator work with a resource that is not open to it, for one purpose and time."""

    resource_id: ResourceId
    operator: Custodian
    purpose: Name
    until_ms: Time
    """Last block time at which a use counts."""
    evidence_id: EvidenceId


class EndAuthorisation(Operation, frozen=True, array_like=True, tag="public.end_authorisation"):
    """Let an operator work with a resource no longer."""

    resource_id: ResourceId
    operator: Custodian
    evidence_id: EvidenceId


class UsePublicData(Operation, frozen=True, array_like=True, tag="public.use"):
    """Put a use of a resource on the record, by whoever used it."""

    custodian: Custodian
    resource_id: ResourceId
    purpose: Name
    evidence_id: EvidenceId


class WithdrawPublicData(Operation, frozen=True, array_like=True, tag="public.withdraw"):
    """End a resource: nobody may use it from now on."""

    resource_id: ResourceId
    evidence_id: EvidenceId
