"""What can come of an operation on rights: its events and its refusals."""

from typing import TYPE_CHECKING, Final

from contracts.kernel.event import TypedEvent

if TYPE_CHECKING:
    from contracts.rights.record import RightRecord


class RightGranted(TypedEvent, frozen=True):
    """Somebody was given a right, or offered one that waits to be accepted."""

    NAME = "right.granted"
    INDEXED = ("right_id", "asset_id", "parent", "grantor", "holder")

    right_id: bytes
    asset_id: bytes
    parent: bytes
    """The right it derives from; empty = the asset's holder granted it."""
    grantor: str
    holder: str
    kind: str
    status: str
    exclusive: bool
    from_ms: int
    until_ms: int
    uses_max: int
    sublicensing_levels: int

    @classmethod
    def of(cls, record: "RightRecord") -> "RightGranted":
        """The event of a new record."""
        terms = record.terms
        return cls(
            right_id=record.right_id,
            asset_id=record.asset_id,
            parent=record.parent,
            grantor=record.grantor,
            holder=record.holder,
            kind=terms.kind,
            status=record.status,
            exclusive=terms.exclusive,
            from_ms=terms.from_ms,
            until_ms=terms.until_ms,
            uses_max=terms.uses_max,
            sublicensing_levels=terms.sublicensing_levels,
        )


class RightAccepted(TypedEvent, frozen=True):
    """The grantee took on its obligations; the right holds."""

    NAME = "right.accepted"
    INDEXED = ("right_id", "asset_id", "holder")

    right_id: bytes
    asset_id: bytes
    holder: str


class RightDeclined(TypedEvent, frozen=True):
    """The grantee refused the offer."""

    NAME = "right.declined"
    INDEXED = ("right_id", "asset_id", "holder")

    right_id: bytes
    asset_id: bytes
    holder: str


class RightAmended(TypedEvent, frozen=True):
    """A right reaches less far than before."""

    NAME = "right.amended"
    INDEXED = ("right_id", "asset_id", "holder")

    right_id: bytes
    asset_id: bytes
    holder: str
    amended_by: str
    exclusive: bool
    from_ms: int
    until_ms: int
    uses_max: int
    sublicensing_levels: int

    @classmethod
    def of(cls, record: "RightRecord", amended_by: str) -> "RightAmended":
        """The event of a narrowed record."""
        terms = record.terms
        return cls(
            right_id=record.right_id,
            asset_id=record.asset_id,
            holder=record.holder,
            amended_by=amended_by,
            exclusive=terms.exclusive,
            from_ms=terms.from_ms,
            until_ms=terms.until_ms,
            uses_max=terms.uses_max,
            sublicensing_levels=terms.sublicensing_levels,
        )


class RightRevoked(TypedEvent, frozen=True):
    """A right was taken back; all granted out of it ended with it."""

    NAME = "right.revoked"
    INDEXED = ("right_id", "asset_id", "holder")

    right_id: bytes
    asset_id: bytes
    holder: str
    revoked_by: str
    reason: str

    @classmethod
    def of(cls, record: "RightRecord", revoked_by: str, reason: str) -> "RightRevoked":
        """The event of a record that ends; the reason is cut to what an event carries."""
        return cls(record.right_id, record.asset_id, record.holder, revoked_by, reason[:512])


class RightSurrendered(TypedEvent, frozen=True):
    """The holder gave its right up."""

    NAME = "right.surrendered"
    INDEXED = ("right_id", "asset_id", "holder")

    right_id: bytes
    asset_id: bytes
    holder: str


class RightUsed(TypedEvent, frozen=True):
    """A right was used once."""

    NAME = "right.used"
    INDEXED = ("right_id", "asset_id", "holder", "derived")

    right_id: bytes
    asset_id: bytes
    holder: str
    purpose: str
    region: str
    derived: bytes
    """The asset that the use makes; empty = none."""
    document_hash: bytes
    """Empty where none was told."""
    uses_spent: int
    """Where uses are limited: how many are spent now; 0 otherwise."""


class RightExpired(TypedEvent, frozen=True):
    """A right that had run out was marked so."""

    NAME = "right.expired"
    INDEXED = ("right_id", "asset_id", "holder")

    right_id: bytes
    asset_id: bytes
    holder: str
    until_ms: int


class RightFrozen(TypedEvent, frozen=True):
    """An order holds a right, and all granted out of it."""

    NAME = "right.frozen"
    INDEXED = ("right_id", "asset_id", "holder", "order")

    right_id: bytes
    asset_id: bytes
    holder: str
    order: bytes


class RightReleased(TypedEvent, frozen=True):
    """An order no longer holds a right; others may."""

    NAME = "right.released"
    INDEXED = ("right_id", "asset_id", "holder", "order")

    right_id: bytes
    asset_id: bytes
    holder: str
    order: bytes
    status: str


EVENTS: Final = (
    RightGranted,
    RightAccepted,
    RightDeclined,
    RightAmended,
    RightRevoked,
    RightSurrendered,
    RightUsed,
    RightExpired,
    RightFrozen,
    RightReleased,
)
