"""Rights in data assets: writing terms, naming rights before they exist, asking whether one holds.

    salt = new_salt()
    terms = make_terms("processing-use", purposes=["research"], until_ms=1_900_000_000_000)
    await wallet.submit(client, [GrantRight(asset_id, grantee, terms, salt)])
    found = await force(client, right_id_of(wallet.did, asset_id, b"", salt))

``right_id_of`` is that of ``contracts.rights.record``.
"""

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from chainnode.errors import Rejected
from chainnode.sdk.answer import Document
from chainnode.sdk.client import Client, Id
from chainnode.sdk.transport import read_answer
from contracts.kernel.document import from_document
from contracts.rights.terms import RightKind, RightTerms, check_terms, wider_in

SALT_BYTES = 16


class ForceAnswer(msgspec.Struct, frozen=True):
    """Whether a right holds at one block, as the rules of the ledger see it."""

    right_id: str
    height: int
    time_ms: int
    in_force: bool
    code: str
    """``ok``, or why it does not hold."""
    info: str
    terms: Document | None
    """How far it reaches now, narrowed by every right above it; None where it does not hold."""
    chain: tuple[Document, ...]
    """The right and those it derives from, nearest first."""
    state_key: str


def new_salt() -> bytes:
    """Sets one right apart from others of the same grantor; keep it, or find the right by its event."""
    return os.urandom(SALT_BYTES)


def make_terms(
    kind: RightKind,
    *,
    purposes: Iterable[str] = (),
    fields: Iterable[str] = (),
    regions: Iterable[str] = (),
    audience: Iterable[str] = (),
    **others: Any,
) -> RightTerms:
    """Terms with their sets sorted as the ledger wants them; ``others`` are the remaining fields of ``RightTerms``.

    Raises:
        Rejected: ``right-terms``, or ``operation-malformed`` naming the field.
    """
    sets = {"purposes": purposes, "fields": fields, "regions": regions, "audience": audience}
    document = {"kind": kind, **{name: sorted(set(members)) for name, members in sets.items()}, **others}
    if isinstance(document.get("obligations_hash"), bytes):
        document["obligations_hash"] = document["obligations_hash"].hex()
    terms = from_document(RightTerms, document)
    check_terms(terms)
    return terms


def further_terms(parent: RightTerms, **narrower: Any) -> RightTerms:
    """Terms of a right to be granted out of ``parent``: its own, with one sub-licensing level less and as ``narrower``.

    They are shared, revocable and without obligations unless ``narrower`` says otherwise.

    Raises:
        Rejected: ``right-no-sublicence``, ``right-terms`` or ``right-wider``, as the ledger would answer.
    """
    if not parent.sublicensing_levels:
        raise Rejected("right-no-sublicence", "the parent gives no leave to grant further rights")
    levels = parent.sublicensing_levels - 1
    base = msgspec.structs.replace(
        parent, sublicensing_levels=levels, exclusive=False, irrevocable=False, obligations_hash=None
    )
    terms = msgspec.structs.replace(base, **narrower)
    check_terms(terms)
    dimension = wider_in(terms, parent) or ("sublicensing" if terms.sublicensing_levels > levels else "")
    if dimension:
        raise Rejected("right-wider", f"wider than the parent in {dimension}", dimension=dimension)
    return terms


async def force(client: Client, right_id: Id) -> ForceAnswer:
    """Whether a right holds at the newest block.

    Raises:
        NotFound: ``right-not-found``.
    """
    text = right_id.hex() if isinstance(right_id, bytes) else quote(right_id, safe="")
    return read_answer(await client.request("GET", f"/v1/rights/{text}/force"), ForceAnswer)
