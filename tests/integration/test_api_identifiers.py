"""DID resolution as others' resolvers and clients ask for it, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from chainnode.api.identifiers import STATUSES
from contracts.identity.operations import DeactivateIdentity, UpdateIdentity
from contracts.identity.record import Service
from tests.support.api_node import ApiNode, api_node

RESULT = "application/did-resolution"
KEY = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path) as found:
        yield found


async def resolve(api: ApiNode, did: str, accept: str = RESULT, query: str = "") -> tuple[int, Any, str]:
    headers = {"Accept": accept} if accept else {}
    status, body, response = await api.get(f"/1.0/identifiers/{quote(did, safe=':')}{query}", headers=headers)
    is_json = not response.headers["Content-Type"].startswith("text/")
    document = msgspec.json.decode(body) if is_json and isinstance(body, bytes) else body
    return status, document, response.headers["Content-Type"]


async def test_accept_header_chooses_between_document_and_result(api: ApiNode) -> None:
    """Source: DID Resolution 1.0, HTTPS binding."""
    did = api.wallet().did
    for accept in (RESULT, "", "*/*", "text/html, */*;q=0.1"):
        status, document, media_type = await resolve(api, did, accept)
        assert (status, media_type, document["didDocument"]["id"]) == (200, RESULT, did)
        assert document["didDocumentMetadata"]["versionId"] == "1"
    status, document, media_type = await resolve(api, did, "application/did")
    assert (status, media_type, document["id"]) == (200, "application/did", did)
    status, document, media_type = await resolve(api, did, "application/did-url-dereferencing")
    assert (media_type, document["content"]["id"]) == ("application/did-url-dereferencing", did)


async def test_clients_of_the_time_before_are_answered_in_their_words(api: ApiNode) -> None:
    did = api.wallet().did
    for accept in ("application/did+json", "application/did+ld+json", "application/ld+json"):
        status, document, media_type = await resolve(api, did, accept)
        assert (status, media_type, document["id"]) == (200, accept, did)
        status, document, _ = await resolve(api, "did:cnode:c:x", accept)
        assert (status, document["didResolutionMetadata"]["error"]) == (400, "invalidDid")
    old = 'application/ld+json;profile="https://w3id.org/did-resolution"'
    status, document, media_type = await resolve(api, did, old)
    assert (status, media_type, document["didDocument"]["id"]) == (200, old, did)


async def test_each_error_of_the_standard_has_its_status(api: ApiNode) -> None:
    did = api.wallet().did
    unknown = did[:-4] + ("aaaa" if not did.endswith("aaaa") else "bbbb")
    asked = {
        "INVALID_DID": await resolve(api, "did:cnode:c:short"),
        "INVALID_DID_URL": await resolve(api, f"{did}?versionId=1&versionId=2"),
        "INVALID_OPTIONS": await resolve(api, did, query="?versionId=1&versionTime=2026-01-01T00:00:00Z"),
        "NOT_FOUND": await resolve(api, unknown),
        "REPRESENTATION_NOT_SUPPORTED": await resolve(api, did, "text/html"),
        "METHOD_NOT_SUPPORTED": await resolve(api, "did:web:example.org"),
        "FEATURE_NOT_SUPPORTED": await resolve(api, KEY, query="?versionId=1"),
    }
    assert set(asked) == set(STATUSES)
    for problem, (status, document, media_type) in asked.items():
        error = document["didResolutionMetadata"]["error"]
        assert error["type"] == f"https://www.w3.org/ns/did#{problem}"
        assert (status, media_type, document["didDocument"]) == (STATUSES[problem], RESULT, None)  # type: ignore[index]
    assert (await resolve(api, "did:x:" + "y" * 2_000))[0] == 400


async def test_versions_are_found_by_number_and_time_and_an_ended_identity_is_gone(api: ApiNode) -> None:
    wallet = api.wallet()
    services = (Service("api", "Api", "https://api.example/"),)
    assert (await wallet.submit(api.client, [UpdateIdentity(services=services)])).applied
    _, first, _ = await resolve(api, wallet.did, query="?versionId=1")
    _, second, _ = await resolve(api, wallet.did)
    assert first["didDocumentMetadata"]["nextVersionId"] == second["didDocumentMetadata"]["versionId"] == "2"
    updated = first["didDocumentMetadata"]["updated"]
    _, at_first, _ = await resolve(api, wallet.did, query=f"?versionTime={updated}")
    assert at_first["didDocumentMetadata"]["created"] == updated
    status, body, media_type = await resolve(api, f"{wallet.did}?service=api", "application/did")
    assert (status, body, media_type) == (200, b"https://api.example/\r\n", "text/uri-list")
    _, document, media_type = await resolve(api, wallet.did, query="?service=api")
    assert (media_type, document["content"]) == ("application/did-url-dereferencing", "https://api.example/")
    assert (await wallet.submit(api.client, [DeactivateIdentity()])).applied
    status, document, _ = await resolve(api, wallet.did)
    assert (status, document["didDocument"].keys() & {"verificationMethod"}) == (410, set())
    assert document["didDocumentMetadata"]["deactivated"] is True


async def test_fragment_and_foreign_key_are_dereferenced(api: ApiNode) -> None:
    did = api.wallet().did
    status, document, media_type = await resolve(api, f"{did}#key-1")
    assert (status, media_type) == (200, "application/did-url-dereferencing")
    assert document["content"]["type"] == "Multikey"
    status, document, _ = await resolve(api, KEY)
    assert (status, document["didDocument"]["id"], document["didDocumentMetadata"]) == (200, KEY, {})


async def test_history_is_read_page_by_page(api: ApiNode) -> None:
    wallet = api.wallet()
    for _ in range(3):
        assert (await wallet.submit(api.client, [UpdateIdentity()])).applied
    page = await api.client.identity_versions(wallet.did, limit=3)
    assert [item["metadata"]["versionId"] for item in page["items"]] == ["1", "2", "3"]
    rest = await api.client.identity_versions(wallet.did, after=page["next"])
    assert ([item["metadata"]["versionId"] for item in rest["items"]], rest["next"]) == (["4"], None)
    found = await api.client.resolve(wallet.did, version_id=2)
    assert found["didDocumentMetadata"]["nextVersionId"] == "3"
    status, _, _ = await api.get("/v1/identities/did:cnode:c:" + "a" * 32 + "/versions")
    assert status == 404
