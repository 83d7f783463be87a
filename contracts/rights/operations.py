"""How rights are granted, used and ended: the wire forms and their form rules."""

from typing import Annotated

import msgspec

from contracts.assets.description import OptionalHash
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, Hash32, ShortName, ShortText
from contracts.rights.record import ParentId
from contracts.rights.terms import Fields, RightTerms, check_terms

Salt = Annotated[bytes, msgspec.Meta(min_length=16, max_length=32)]
AssetId = Annotated[bytes, msgspec.Meta(max_length=32)]
UseRegion = Annotated[str, msgspec.Meta(pattern=r"\A(?:[A-Z]{2}(?:-[A-Z0-9]{1,6})?)?\Z")]


class GrantRight(Operation, frozen=True, array_like=True, tag="right.grant"):
    """Grant a right in an asset out of one's own.

    Where the terms lay obligations on the grantee, the right is an offer until it is accepted.
    """

    asset_id: Hash32
    grantee: AnyDid
    terms: RightTerms
    salt: Salt
    """Chosen by the sender, once for each right; the right's id follows from it."""
    parent: ParentId = b""
    """The sender's own right that this one derives from; empty = the sender holds the asset."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``right-terms``.
        """
        if len(self.parent) not in (0, 32):
            raise OperationFailed("right-terms", f"a right's id has 32 bytes, not {len(self.parent)}")
        check_terms(self.terms)


class AcceptRight(Operation, frozen=True, array_like=True, tag="right.accept"):
    """Take on the obligations of a right that was offered to the sender; it begins to hold."""

    right_id: Hash32


class DeclineRight(Operation, frozen=True, array_like=True, tag="right.decline"):
    """Refuse a right that was offered to the sender."""

    right_id: Hash32


class AmendRight(Operation, frozen=True, array_like=True, tag="right.amend"):
    """Narrow a right: by its grantor unless it is irrevocable, by its holder always.

    Rights granted out of it are narrowed with it, without an operation of their own.
    """

    right_id: Hash32
    terms: RightTerms

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``right-terms``.
        """
        check_terms(self.terms)


class RevokeRight(Operation, frozen=True, array_like=True, tag="right.revoke"):
    """Take a right back, by whoever holds what it was granted out of; all granted out of it ends with it."""

    right_id: Hash32
    reason: ShortText = ""


class SurrenderRight(Operation, frozen=True, array_like=True, tag="right.surrender"):
    """Give one's own right up; all granted out of it ends with it."""

    right_id: Hash32


class UseRight(Operation, frozen=True, array_like=True, tag="right.use"):
    """Record one use of one's own right, and permit a derivation if the use makes a new asset."""

    right_id: Hash32
    purpose: ShortName
    fields: Fields = ()
    """Fields used; empty = all that the right covers."""
    region: UseRegion = ""
    """Where; empty = not told, which a right limited to regions does not allow."""
    derived: AssetId = b""
    """Id of the asset that this use makes: made of its identifier and who will register it. Empty = none."""
    document_hash: OptionalHash = None
    """Digest of a log or report of the use."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``right-terms``.
        """
        if len(self.derived) not in (0, 32):
            raise OperationFailed("right-terms", f"an asset's id has 32 bytes, not {len(self.derived)}")


class ExpireRight(Operation, frozen=True, array_like=True, tag="right.expire"):
    """Mark a right whose time is over, by anyone: it ended by itself, but its exclusivity is counted off now."""

    right_id: Hash32
