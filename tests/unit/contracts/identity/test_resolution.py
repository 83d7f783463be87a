import json
from typing import Any

import pytest

from contracts.identity.operations import DeactivateIdentity, RotateIdentity, UpdateIdentity
from contracts.identity.record import Service, VerificationMethod, read_identity
from contracts.identity.resolution import did_document, resolution_result, resolve
from tests.unit.contracts.world import World, did_of, key_of


def test_document_has_the_members_of_did_core() -> None:
    """Source: DID Core 1.1, section 5."""
    world, did = World(), did_of("member")
    agreement = VerificationMethod("box", "x25519", key_of("box").public_key, ("agreement",))
    signing = VerificationMethod("k2", "ed25519", key_of("k2").public_key, ("authentication",))
    world.submit("member", UpdateIdentity((agreement,), (Service("api", "Api", "https://x.y/"),), ("https://x.y/",)))
    world.submit("member", RotateIdentity((signing,), controllers=(did_of("exchange"),), controller_threshold=1))
    record = read_identity(world.overlay, did)
    assert record is not None
    document = did_document(record)
    json.dumps(document)
    assert document["id"] == did
    assert document["@context"][0] == "https://www.w3.org/ns/did/v1.1"
    assert document["controller"] == [did, did_of("exchange")]
    assert document["alsoKnownAs"] == ["https://x.y/"]
    assert [method["type"] for method in document["verificationMethod"]] == ["Multikey", "Multikey"]
    assert document["verificationMethod"][0]["publicKeyMultibase"].startswith("z6Mk")
    assert document["authentication"] == [f"{did}#k2"]
    assert document["keyAgreement"] == [f"{did}#box"]
    assert "assertionMethod" not in document
    assert document["service"] == [{"id": f"{did}#api", "type": "Api", "serviceEndpoint": "https://x.y/"}]


def test_metadata_tells_versions() -> None:
    """Source: DID Resolution 1.0: created, updated, versionId, nextVersionId, nextUpdate, deactivated."""
    world, did = World(), did_of("member")
    world.submit("member", UpdateIdentity())
    first = resolve(world.overlay, did, version_id="1")
    assert first.metadata == {
        "created": "2026-11-22T00:00:00Z",
        "updated": "2026-11-22T00:00:00Z",
        "versionId": "1",
        "nextUpdate": "2026-11-22T00:00:01Z",
        "nextVersionId": "2",
    }
    result = resolution_result(resolve(world.overlay, did))
    assert result["didDocumentMetadata"]["updated"] == "2026-11-22T00:00:01Z"
    assert "nextVersionId" not in result["didDocumentMetadata"]
    assert result["didResolutionMetadata"] == {"contentType": "application/did"}


def test_version_is_found_by_the_time_that_its_metadata_shows() -> None:
    """The version in force at the end of that second."""
    world, did = World(), did_of("member")
    world.time_ms += 500
    world.submit("member", UpdateIdentity())
    for text, version in (
        ("2026-11-22T00:00:00Z", "1"),
        ("2026-11-22T00:00:01Z", "2"),
        ("2026-11-22T00:00:01.499Z", "1"),
        ("2026-11-22T00:00:01.500Z", "2"),
        ("2099-01-01T00:00:00Z", "2"),
    ):
        assert resolve(world.overlay, did, version_time=text).metadata["versionId"] == version
    assert resolve(world.overlay, did, version_time="2026-11-21T23:59:59Z").problem == "NOT_FOUND"


def test_deactivated_identity_shows_no_keys_but_its_history() -> None:
    world, did = World(), did_of("member")
    world.submit("member", DeactivateIdentity())
    result = resolution_result(resolve(world.overlay, did))
    assert set(result["didDocument"]) == {"@context", "id"}
    assert result["didDocumentMetadata"]["deactivated"] is True
    before = resolve(world.overlay, did, version_id="1")
    assert before.deactivated
    assert before.document is not None
    assert "verificationMethod" in before.document


@pytest.mark.parametrize(
    ("did", "options", "problem"),
    [
        (did_of("nobody"), {}, "NOT_FOUND"),
        ("did:cnode:other-1:" + "a" * 32, {}, "NOT_FOUND"),
        ("did:cnode:test-1:short", {}, "INVALID_DID"),
        ("did:web:x", {}, "METHOD_NOT_SUPPORTED"),
        ("did:key:z6MkNothing", {}, "INVALID_DID"),
        ("did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2", {"version_id": "1"}, "FEATURE_NOT_SUPPORTED"),
        ("", {}, "INVALID_DID"),
        ("did:", {}, "INVALID_DID"),
        ("did:x:", {}, "INVALID_DID"),
        ("did:X:y", {}, "INVALID_DID"),
        ("did:x:a/../b", {}, "INVALID_DID"),
        ("did:x:%zz", {}, "INVALID_DID"),
        ("did:x:\ud800", {}, "INVALID_DID"),
        (did_of("member"), {"version_id": "1", "version_time": "2026-11-22T00:00:00Z"}, "INVALID_OPTIONS"),
        (did_of("member"), {"version_time": "yesterday"}, "INVALID_OPTIONS"),
        (did_of("member"), {"version_time": "2026-02-30T00:00:00Z"}, "INVALID_OPTIONS"),
        (did_of("member"), {"version_id": "2"}, "NOT_FOUND"),
        (did_of("member"), {"version_id": "0"}, "NOT_FOUND"),
        (did_of("member"), {"version_id": "01"}, "NOT_FOUND"),
        (did_of("member"), {"version_id": "9" * 40}, "NOT_FOUND"),
    ],
)
def test_what_cannot_be_resolved_has_the_error_of_the_standard(did: str, options: Any, problem: str) -> None:
    """Source: DID Resolution 1.0, section 10."""
    found = resolve(World().overlay, did, **options)
    result = resolution_result(found)
    assert (found.problem, result["didDocument"]) == (problem, None)
    assert result["didResolutionMetadata"]["error"]["type"] == f"https://www.w3.org/ns/did#{problem}"
