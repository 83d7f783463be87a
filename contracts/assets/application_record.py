"""What the ledger holds about one application for registration.

    asset-application/<id in hex>    ApplicationRecord
    asset-draft/<id in hex>          AssetDescription: the one applied for, until the application ends

The id is that of the asset to come: the applicant can name it, and others their rights in
it, before it is registered. A finished application stays as the trace of who reviewed and
who objected; its description moves into the asset's record, or is dropped with it.

Source: first registration after the rules cited in contracts/assets/README.md.
"""

from functools import lru_cache
from typing import Annotated, Any, Final, Literal

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.keys import key_below, prefix
from chainnode.state.view import State
from chainnode.types.transaction import Did, Height
from contracts.assets.description import AssetDescription, check_size
from contracts.assets.record import Identifier
from contracts.assets.registrar import REVIEWERS_MAX, RegistrarPolicy
from contracts.kernel.citation import Citation
from contracts.kernel.context import Context
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, Hash32, Time

OBJECTIONS_MAX: Final = 32
"""To one application. One member objects once, so filling all places takes as many institutions."""

LIFECYCLE: Final = Lifecycle(
    "application",
    "asset-application-status",
    {
        (None, "draft"): "DRAFT",
        ("DRAFT", "amend"): "DRAFT",
        ("DRAFT", "submit"): "SUBMITTED",
        ("SUBMITTED", "accept"): "ACCEPTED",
        ("SUBMITTED", "return"): "RETURNED",
        ("SUBMITTED", "reject"): "REJECTED",
        ("RETURNED", "amend"): "RETURNED",
        ("RETURNED", "submit"): "SUBMITTED",
        ("ACCEPTED", "reject"): "REJECTED",
        ("ACCEPTED", "assign"): "IN_REVIEW",
        ("ACCEPTED", "publicise"): "PUBLICISED",
        ("IN_REVIEW", "assign"): "IN_REVIEW",
        ("IN_REVIEW", "review"): "IN_REVIEW",
        ("IN_REVIEW", "fail"): "REJECTED",
        ("IN_REVIEW", "publicise"): "PUBLICISED",
        ("PUBLICISED", "object"): "OBJECTED",
        ("PUBLICISED", "certify"): "CERTIFIED",
        ("OBJECTED", "object"): "OBJECTED",
        ("OBJECTED", "dismiss"): "OBJECTED",
        ("OBJECTED", "resolve"): "RESOLVED",
        ("OBJECTED", "uphold"): "REJECTED",
        ("RESOLVED", "object"): "OBJECTED",
        ("RESOLVED", "certify"): "CERTIFIED",
        **{
            (status, "withdraw"): "WITHDRAWN"
            for status in (
                "DRAFT",
                "SUBMITTED",
                "RETURNED",
                "ACCEPTED",
                "IN_REVIEW",
                "PUBLICISED",
                "OBJECTED",
                "RESOLVED",
            )
        },
    },
)
"""From the first draft to the certificate.

``review`` becomes ``fail`` with the opinion after which too few approvals are left to come;
``dismiss`` becomes ``resolve`` with the last open objection. An upheld objection rejects.
"""

Verdict = Literal["", "approve", "reject"]
Ruling = Literal["", "dismissed", "upheld"]
Ground = Literal["ownership", "source", "infringement", "privacy", "quality", "other"]


class Review(msgspec.Struct, frozen=True, array_like=True):
    """One reviewer's place on the panel."""

    reviewer: Did
    verdict: Verdict = ""
    """Empty until given."""
    opinion_hash: Hash32 | None = None
    reviewed_ms: Time = 0


class Objection(msgspec.Struct, frozen=True, array_like=True):
    """One member's objection to an announced application."""

    objector: Did
    ground: Ground
    statement_hash: Hash32
    evidence: Citation
    objected_ms: Time
    ruling: Ruling = ""
    """Empty while it is open."""
    ruling_hash: Hash32 | None = None


class ApplicationRecord(msgspec.Struct, frozen=True, array_like=True):
    """One application as it stands."""

    asset_id: Hash32
    identifier: Identifier
    applicant: Did
    registrar: AnyDid
    """Empty until submitted."""
    status: str
    description_hash: Hash32
    """Of the description as last drafted or amended."""
    revision: int
    """1 with the draft, one more with each amendment."""
    policy: RegistrarPolicy | None
    """The registrar's rules at the time of the last submission; they hold to the end."""
    deadline_ms: Time
    """While RETURNED: to submit again; while IN_REVIEW: to give opinions; in both before this block time. 0 = none."""
    announced_until_ms: Time
    """Objections before this block time, certification from it on; 0 = not announced."""
    reviews: Annotated[tuple[Review, ...], msgspec.Meta(max_length=REVIEWERS_MAX)]
    objections: Annotated[tuple[Objection, ...], msgspec.Meta(max_length=OBJECTIONS_MAX)]
    reason_hash: Hash32 | None
    """Digest of why it was last returned, rejected or withdrawn."""
    created_height: Height
    created_ms: int
    updated_height: Height
    updated_ms: int


_decode_application = lru_cache(256)(msgspec.msgpack.Decoder(ApplicationRecord).decode)
_APPLICATIONS: Final = prefix("asset-application")
_DRAFTS: Final = prefix("asset-draft")
_decode_draft = msgspec.msgpack.Decoder(AssetDescription).decode


def application_key(asset_id: bytes) -> bytes:
    """State key of an application."""
    return key_below(_APPLICATIONS, asset_id)


def read_application(state: State, asset_id: bytes) -> ApplicationRecord | None:
    """The application for ``asset_id``, open or finished."""
    stored = state.get(application_key(asset_id))
    return None if stored is None else _decode_application(stored)


def draft_key(asset_id: bytes) -> bytes:
    """State key of the description applied for."""
    return key_below(_DRAFTS, asset_id)


def read_draft(state: State, asset_id: bytes) -> AssetDescription | None:
    """The description applied for; None once the application has ended."""
    stored = state.get(draft_key(asset_id))
    return None if stored is None else _decode_draft(stored)


def put_draft(asset_id: bytes, description: AssetDescription, state: State) -> None:
    """Write the description applied for.

    Raises:
        OperationFailed: ``asset-too-large``.
    """
    stored = encode(description)
    check_size(len(stored))
    state.put(draft_key(asset_id), stored)


def known_application(state: State, asset_id: bytes) -> ApplicationRecord:
    """The application for ``asset_id``.

    Raises:
        OperationFailed: ``asset-application-unknown``.
    """
    record = read_application(state, asset_id)
    if record is None:
        raise OperationFailed("asset-application-unknown", f"nobody applied for {asset_id.hex()}")
    return record


def put_application(record: ApplicationRecord, context: Context, state: State, **changes: Any) -> None:
    """Write ``record`` with ``changes``, as of this block."""
    changed = msgspec.structs.replace(record, updated_height=context.height, updated_ms=context.time_ms, **changes)
    state.put(application_key(record.asset_id), encode(changed))


RECORDS: Final = (
    ("asset-application", 2, "", ApplicationRecord),
    ("asset-draft", 2, "", AssetDescription),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
