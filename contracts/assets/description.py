"""What a registrar says about an asset: every part a person fills in, each bounded, most optional.

An empty text, tuple or nil means *not told*. Amounts are integers in minor units, shares
in basis points, coordinates in millionths of a degree, times in milliseconds.

Source: GB/T 43697-2024 (grades), GB/T 4754 (industries), DCAT 3, and the registers of the
Chinese data exchanges; see contracts/assets/README.md.
"""

from itertools import pairwise
from typing import Annotated, Final, Literal

import msgspec

from chainnode import limits
from contracts.kernel.money import BASIS_POINTS, BasisPoints, Currency
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import (
    AnyDid,
    Hash32,
    Line,
    LongText,
    Name,
    OneLine,
    ShortLine,
    ShortName,
    ShortText,
    Time,
    Uri,
)

DESCRIPTION_BYTES_MAX: Final = 24 * limits.KIB
"""Encoded. An approved change writes two descriptions, and a small transaction may write 48 KiB of state: were an asset
larger, the order that freezes it would be refused for its size. Of real catalogues the largest entry has 22 KiB."""

AssetKind = Literal["resource", "product", "asset", "dataset", "model", "service"]
Grade = Literal["general", "important", "core"]
PersonalInformation = Literal["undeclared", "none", "deidentified", "personal", "sensitive"]
DeliveryMode = Literal["api", "file", "privacy-computing", "report"]
SourceType = Literal["self-produced", "public-authorised", "purchased", "authorised", "collected"]
Relation = Literal["derived-from", "merged-from", "trained-on", "anonymised-from", "sample-of", "part-of"]
Sensitivity = Literal["", "open", "internal", "sensitive"]
LegalBasis = Literal["consent", "contract", "statutory-duty", "emergency", "public-interest", "disclosed", "other-law"]
OptionalHash = Hash32 | None
Quantity = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Field(msgspec.Struct, frozen=True, array_like=True):
    """One column, property or parameter of the data."""

    name: ShortName
    type: ShortLine = ""
    description: Line = ""
    sensitivity: Sensitivity = ""


class Distribution(msgspec.Struct, frozen=True, array_like=True):
    """One form in which the data can be had."""

    title: Line = ""
    uri: Uri = ""
    media_type: Annotated[OneLine, msgspec.Meta(max_length=128)] = ""
    format: ShortLine = ""


class TimeRange(msgspec.Struct, frozen=True, array_like=True):
    """The time that the data is about; an end of 0 is open."""

    start_ms: Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
    end_ms: Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)] = 0


class Box(msgspec.Struct, frozen=True, array_like=True):
    """A rectangle in WGS 84, in millionths of a degree."""

    west: Annotated[int, msgspec.Meta(ge=-180_000_000, le=180_000_000)]
    south: Annotated[int, msgspec.Meta(ge=-90_000_000, le=90_000_000)]
    east: Annotated[int, msgspec.Meta(ge=-180_000_000, le=180_000_000)]
    north: Annotated[int, msgspec.Meta(ge=-90_000_000, le=90_000_000)]


class Space(msgspec.Struct, frozen=True, array_like=True):
    """The place that the data is about."""

    name: Line = ""
    box: Box | None = None


class Volume(msgspec.Struct, frozen=True, array_like=True):
    """How much there is."""

    records: Quantity = 0
    size_bytes: Quantity = 0


class Source(msgspec.Struct, frozen=True, array_like=True):
    """Where the data comes from, and what proves it."""

    type: SourceType
    description: ShortText = ""
    proofs: Annotated[tuple[Hash32, ...], msgspec.Meta(max_length=16)] = ()
    """Digests of contracts, licences and statements."""


class Processing(msgspec.Struct, frozen=True, array_like=True):
    """What was done to the data."""

    description: ShortText = ""
    document_hash: OptionalHash = None


class Quality(msgspec.Struct, frozen=True, array_like=True):
    """A quality report."""

    score: BasisPoints
    assessor: AnyDid = ""
    report_hash: OptionalHash = None


class Compliance(msgspec.Struct, frozen=True, array_like=True):
    """A lawyer's opinion."""

    opinion_hash: Hash32
    counsel: AnyDid = ""


class PersonalBasis(msgspec.Struct, frozen=True, array_like=True):
    """Why personal information in the data may be handled.

    Source: Personal Information Protection Law, article 13 (grounds) and article 55 (assessment).
    """

    ground: LegalBasis
    reference: Hash32
    """Digest of the consents, the contract or the authorisation."""
    assessment_hash: OptionalHash = None
    """Digest of the impact assessment; sensitive information needs one."""


class Valuation(msgspec.Struct, frozen=True, array_like=True):
    """What the asset is worth, by whose method."""

    method: Literal["cost", "income", "market", "other"]
    amount: Quantity
    """Minor units of the currency."""
    currency: Currency
    assessor: AnyDid = ""
    report_hash: OptionalHash = None
    valued_at_ms: Time = 0


class Parent(msgspec.Struct, frozen=True, array_like=True):
    """A registered asset that this one was made from."""

    asset_id: Hash32
    relation: Relation
    share_basis_points: BasisPoints = 0
    """What part of this asset's income belongs to the parent."""
    process_hash: OptionalHash = None
    """Digest of the document that tells how the one became the other."""


class Publication(msgspec.Struct, frozen=True, array_like=True):
    """How the asset is presented elsewhere, as catalogues tell it."""

    publisher: Line = ""
    contact: Line = ""
    licence: Annotated[OneLine, msgspec.Meta(max_length=512)] = ""
    access: ShortLine = ""
    landing_page: Uri = ""
    language: ShortLine = ""
    issued: ShortLine = ""
    """As the publisher writes it: catalogues give dates of every precision."""
    modified: ShortLine = ""
    conforms_to: Uri = ""


class AssetDescription(msgspec.Struct, frozen=True, array_like=True):
    """Everything about an asset except who registered it, for whom, and when."""

    kind: AssetKind
    name: Name
    version: Annotated[OneLine, msgspec.Meta(max_length=32)] = ""
    summary: LongText = ""
    industry: Annotated[OneLine, msgspec.Meta(max_length=16)] = ""
    """Code of GB/T 4754."""
    themes: Annotated[tuple[ShortLine, ...], msgspec.Meta(max_length=16)] = ()
    keywords: Annotated[tuple[ShortLine, ...], msgspec.Meta(max_length=64)] = ()
    data_class: Line = ""
    grade: Grade = "general"
    """``core`` data is never registered."""
    general_level: Annotated[int, msgspec.Meta(ge=0, le=4)] = 0
    """1-4 inside ``general`` (4 = gravest harm); 0 = not told, and for other grades."""
    personal_information: PersonalInformation = "undeclared"
    subjects: Line = ""
    """Whom or what the data describes."""
    period: TimeRange | None = None
    space: Space | None = None
    volume: Volume | None = None
    format: ShortLine = ""
    fields: Annotated[tuple[Field, ...], msgspec.Meta(max_length=512)] = ()
    schema_hash: OptionalHash = None
    sample_hash: OptionalHash = None
    update_frequency: ShortLine = ""
    """An ISO 8601 repeating interval such as ``R/P1D``, or a word."""
    source: Source | None = None
    processing: Processing | None = None
    scenarios: Annotated[tuple[Line, ...], msgspec.Meta(max_length=32)] = ()
    """Uses it is meant for."""
    limits: ShortText = ""
    """Uses it is not for."""
    delivery_modes: Annotated[tuple[DeliveryMode, ...], msgspec.Meta(max_length=4)] = ()
    quality: Quality | None = None
    compliance: Compliance | None = None
    """Important data needs one."""
    personal_basis: PersonalBasis | None = None
    """Personal and sensitive information need one."""
    valuation: Valuation | None = None
    parents: Annotated[tuple[Parent, ...], msgspec.Meta(max_length=32)] = ()
    distributions: Annotated[tuple[Distribution, ...], msgspec.Meta(max_length=128)] = ()
    publication: Publication | None = None


def check_description(found: AssetDescription) -> None:
    """Refuse a description whose parts contradict each other, or lack what its class and grade ask for.

    Raises:
        OperationFailed: ``asset-grade-core``, ``asset-grade-level``, ``asset-compliance-missing``,
            ``asset-basis-missing``, ``asset-assessment-missing``, ``asset-range``, ``asset-parent-twice`` or
            ``asset-parent-shares``.
    """
    if found.grade != "general":
        _check_grade(found)
    if found.personal_information in ("personal", "sensitive"):
        _check_personal_basis(found)
    period = found.period
    if period is not None and period.end_ms and period.end_ms < period.start_ms:
        raise OperationFailed("asset-range", "the period ends before it begins")
    box = found.space.box if found.space is not None else None
    if box is not None and box.north < box.south:
        raise OperationFailed("asset-range", "the box's north lies south of its south")
    if found.parents:
        ids = sorted(parent.asset_id for parent in found.parents)
        for first, second in pairwise(ids):
            if first == second:
                raise OperationFailed("asset-parent-twice", f"parent {first.hex()} stands twice")
        shares = sum(parent.share_basis_points for parent in found.parents)
        if shares > BASIS_POINTS:
            raise OperationFailed("asset-parent-shares", f"the parents' shares sum to {shares} of {BASIS_POINTS}")


def _check_grade(found: AssetDescription) -> None:
    if found.grade == "core":
        raise OperationFailed("asset-grade-core", "core data may not be registered")
    if found.general_level:
        raise OperationFailed("asset-grade-level", f"grade {found.grade} has no level {found.general_level}")
    if found.compliance is None:
        raise OperationFailed("asset-compliance-missing", f"data of grade {found.grade} needs a compliance opinion")


def _check_personal_basis(found: AssetDescription) -> None:
    basis, information = found.personal_basis, found.personal_information
    if basis is None:
        raise OperationFailed("asset-basis-missing", f"{information} information needs a legal basis")
    if information == "sensitive" and basis.assessment_hash is None:
        raise OperationFailed("asset-assessment-missing", "sensitive information needs an impact assessment")


def check_size(description_bytes: int) -> None:
    """Refuse a description over its bound.

    Raises:
        OperationFailed: ``asset-too-large``.
    """
    if description_bytes > DESCRIPTION_BYTES_MAX:
        raise OperationFailed(
            "asset-too-large", f"the description has {description_bytes} bytes, at most {DESCRIPTION_BYTES_MAX}"
        )
