"""How an asset is applied for, reviewed, announced and certified: the wire forms."""

from typing import Annotated, Literal

import msgspec

from contracts.assets.application_record import Ground
from contracts.assets.description import AssetDescription, check_description
from contracts.assets.record import Identifier
from contracts.assets.registrar import REVIEWERS_MAX
from contracts.kernel.citation import Citation
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, Hash32


class DraftAsset(Operation, frozen=True, array_like=True, tag="asset.draft"):
    """Begin an application; the asset's id follows from sender and identifier."""

    identifier: Identifier
    description: AssetDescription

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: see ``check_description``.
        """
        check_description(self.description)


class AmendDraft(Operation, frozen=True, array_like=True, tag="asset.amend_draft"):
    """Replace the description of an own draft, or of an application that was returned."""

    asset_id: Hash32
    description: AssetDescription

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: see ``check_description``.
        """
        check_description(self.description)


class SubmitApplication(Operation, frozen=True, array_like=True, tag="asset.submit"):
    """Submit an own application to a registrar, under its rules of this moment."""

    asset_id: Hash32
    registrar: AnyDid
    description_hash: Hash32
    """Of the description that is meant, so that nobody submits what it did not see."""


class WithdrawApplication(Operation, frozen=True, array_like=True, tag="asset.withdraw"):
    """Give up an own application before it is certified; its identifier is spent."""

    asset_id: Hash32
    reason_hash: Hash32 | None = None


class AcceptApplication(Operation, frozen=True, array_like=True, tag="asset.accept"):
    """Take a submitted application up for review: its form is complete."""

    asset_id: Hash32


class ReturnApplication(Operation, frozen=True, array_like=True, tag="asset.return"):
    """Give a submitted application back for correction."""

    asset_id: Hash32
    reason_hash: Hash32


class RejectApplication(Operation, frozen=True, array_like=True, tag="asset.reject"):
    """Refuse an application before its review begins."""

    asset_id: Hash32
    reason_hash: Hash32


class AssignReviewers(Operation, frozen=True, array_like=True, tag="asset.assign_reviewers"):
    """Name the whole panel of an application; whoever has given an opinion keeps the place."""

    asset_id: Hash32
    reviewers: Annotated[tuple[AnyDid, ...], msgspec.Meta(min_length=1, max_length=REVIEWERS_MAX)]

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``asset-reviewer-twice``.
        """
        for at, reviewer in enumerate(self.reviewers):
            if reviewer in self.reviewers[:at]:
                raise OperationFailed("asset-reviewer-twice", f"{reviewer} stands twice")


class ReviewApplication(Operation, frozen=True, array_like=True, tag="asset.review"):
    """Give an opinion, once, as a reviewer assigned."""

    asset_id: Hash32
    verdict: Literal["approve", "reject"]
    opinion_hash: Hash32
    description_hash: Hash32
    """Of the description that was reviewed."""


class PubliciseApplication(Operation, frozen=True, array_like=True, tag="asset.publicise"):
    """Announce an application; the period of objections begins."""

    asset_id: Hash32


class ObjectToApplication(Operation, frozen=True, array_like=True, tag="asset.object"):
    """Object to an announced application, once."""

    asset_id: Hash32
    ground: Ground
    statement_hash: Hash32
    evidence: Citation = Citation()


class ResolveObjection(Operation, frozen=True, array_like=True, tag="asset.resolve_objection"):
    """Decide on one objection; an upheld one rejects the application."""

    asset_id: Hash32
    objector: AnyDid
    ruling: Literal["dismissed", "upheld"]
    ruling_hash: Hash32
    """Digest of the grounds."""


class CertifyAsset(Operation, frozen=True, array_like=True, tag="asset.certify"):
    """Register the asset applied for and issue its certificate, once the announcement has ended."""

    asset_id: Hash32
