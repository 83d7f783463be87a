"""The register as a DCAT catalogue, page by page or one asset at a time."""

from typing import Any, Final

from aiohttp import web

from chainnode.api.answer import document_response
from chainnode.api.cursor import read_cursor, write_cursor
from chainnode.api.routes import AFTER, JSON, Call, Parameter, Route
from chainnode.api.snapshot import SnapshotState
from chainnode.errors import NotFound
from chainnode.state.keys import prefix
from contracts.assets.dcat.export import TITLE, catalogue_of, export_entry
from contracts.assets.dcat.vocabulary import CURSOR, PREFIX, PROFILES
from contracts.assets.record import LIFECYCLE, AssetRecord, decode_asset, read_asset

LD_JSON: Final = "application/ld+json"
PAGE_MAX: Final = 100
"""Each entry is written and read back, about half a millisecond; a page keeps the node from others for so long."""


async def catalogue(call: Call) -> web.StreamResponse:
    """A page of the register as a catalogue; the cursor of the next stands in it as ``cnode:assetCatalogueNext``."""
    genesis_hash = call.service.genesis_hash
    profile, ended = call.query["profile"], call.query["ended"]
    question = f"catalogue {profile} {ended}"
    after = call.query["after"]
    position = None if after is None else read_cursor(after, genesis_hash, question)
    limit = call.query["limit"]
    pairs = call.service.queries.state_range(prefix("asset"), position, limit)
    records = [decode_asset(value) for _, value in pairs]
    entries = [export_entry(record, profile) for record in records if ended == "true" or _stands(record)]
    document: dict[str, Any] = catalogue_of(entries, profile, title=f"{TITLE} of {call.service.queries.chain_id}")
    if len(pairs) == limit:
        document[f"{PREFIX}:{CURSOR}"] = write_cursor(pairs[-1][0], genesis_hash, question)
    return document_response(call, document)


async def entry(call: Call) -> web.StreamResponse:
    """One asset as a catalogue with one entry, whatever its status.

    Raises:
        NotFound: ``asset-not-found``.
    """
    asset_id = call.hash_of()
    record = read_asset(SnapshotState(call.service.queries), asset_id)
    if record is None:
        raise NotFound("asset-not-found", f"no asset {asset_id.hex()} is registered")
    profile = call.query["profile"]
    return document_response(call, catalogue_of([export_entry(record, profile)], profile))


def _stands(record: AssetRecord) -> bool:
    """Whether anything can still become of the asset: it was neither cancelled nor revoked and has not expired."""
    return any(action != "release" for action in LIFECYCLE.actions(record.status))


_PROFILE: Final = Parameter("profile", "choice", "which DCAT", default=PROFILES[0], choices=PROFILES)
_ENDED: Final = Parameter(
    "ended", "choice", "also what was cancelled, revoked or expired", default="false", choices=("true", "false")
)
_LIMIT: Final = Parameter("limit", "integer", "assets looked at", default=50, least=1, most=PAGE_MAX)
_TYPES: Final = (LD_JSON, JSON)

ROUTES: Final = (
    Route(
        "GET",
        "/v1/catalogue",
        catalogue,
        "The register as a DCAT catalogue",
        parameters=(_PROFILE, _ENDED, AFTER, _LIMIT),
        media_types=_TYPES,
        cost=20,
    ),
    Route(
        "GET", "/v1/assets/{id}/dcat", entry, "An asset in DCAT", parameters=(_PROFILE,), media_types=_TYPES, cost=2
    ),
)
