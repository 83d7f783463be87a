"""The register, or some of its assets, as one DCAT catalogue.

document = await export_catalogue(client, profile="dcat-us")
"""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from chainnode.errors import Rejected
from chainnode.sdk.client import Client, Id
from chainnode.sdk.transport import read_answer
from contracts.assets.dcat.catalogue import ENTRIES_MAX
from contracts.assets.dcat.vocabulary import CURSOR, PREFIX, Profile

_PAGE: Final = 100
_LISTS: Final = ("dataset", "dcat:dataset", "dcat:service")
_ACCEPT: Final = "application/json"


async def export_catalogue(
    client: Client, asset_ids: Iterable[Id] | None = None, *, profile: Profile = "dcat-3", ended: bool = False
) -> dict[str, Any]:
    """A catalogue that ``import_catalogue`` reads back without loss.

    Args:
        client: where to ask.
        asset_ids: which assets, whatever their status; None for the whole register.
        profile: DCAT 3 in JSON-LD, or DCAT-US 1.1.
        ended: of the whole register, also what was cancelled, revoked or marked as expired.

    Raises:
        NotFound: ``asset-not-found``.
        Rejected: ``catalogue-too-large``: more than 50,000 entries.
    """
    if asset_ids is not None:
        return await _chosen(client, asset_ids, profile)
    query: dict[str, str | int] = {"profile": profile, "limit": _PAGE, "ended": "true" if ended else "false"}
    found: dict[str, Any] = {}
    while True:
        page = read_answer(await client.request("GET", "/v1/catalogue", query=query, accept=_ACCEPT), dict[str, Any])
        after = page.pop(f"{PREFIX}:{CURSOR}", None)
        _join(found, page)
        if after is None:
            return found
        query["after"] = after


async def _chosen(client: Client, asset_ids: Iterable[Id], profile: Profile) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for asset_id in asset_ids:
        text = asset_id.hex() if isinstance(asset_id, bytes) else quote(asset_id, safe="")
        answer = await client.request("GET", f"/v1/assets/{text}/dcat", query={"profile": profile}, accept=_ACCEPT)
        _join(found, read_answer(answer, dict[str, Any]))
    return found


def _join(found: dict[str, Any], page: dict[str, Any]) -> None:
    """Add a page's entries to the catalogue that the first page began."""
    for name, value in page.items():
        if name in _LISTS:
            found.setdefault(name, []).extend(value)
        else:
            found.setdefault(name, value)
    if sum(len(found.get(name, ())) for name in _LISTS) > ENTRIES_MAX:
        raise Rejected("catalogue-too-large", f"more than {ENTRIES_MAX} assets are registered", allowed=ENTRIES_MAX)
