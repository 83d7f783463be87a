import json

from contracts.identity.operations import DeactivateIdentity, RotateIdentity, UpdateIdentity
from contracts.identity.record import Service, VerificationMethod, read_identity, read_identity_version
from contracts.identity.resolution import did_document, document_metadata, resolution_error, resolution_result
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
    """Source: DID Resolution 1.0: created, updated, versionId, nextVersionId, deactivated."""
    world, did = World(), did_of("member")
    world.submit("member", UpdateIdentity())
    latest = read_identity(world.overlay, did)
    first = read_identity_version(world.overlay, did, 1)
    assert latest is not None
    assert first is not None
    assert document_metadata(first, latest) == {
        "created": "2026-11-22T00:00:00Z",
        "updated": "2026-11-22T00:00:00Z",
        "versionId": "1",
        "nextVersionId": "2",
    }
    result = resolution_result(latest, latest)
    assert result["didDocumentMetadata"]["updated"] == "2026-11-22T00:00:01Z"
    assert "nextVersionId" not in result["didDocumentMetadata"]
    assert result["didResolutionMetadata"] == {"contentType": "application/did"}


def test_deactivated_identity_shows_no_keys() -> None:
    world, did = World(), did_of("member")
    world.submit("member", DeactivateIdentity())
    latest = read_identity(world.overlay, did)
    assert latest is not None
    result = resolution_result(latest, latest)
    assert set(result["didDocument"]) == {"@context", "id"}
    assert result["didDocumentMetadata"]["deactivated"] is True


def test_missing_and_impossible_names_differ() -> None:
    for did, kind in ((did_of("nobody"), "NOT_FOUND"), ("did:web:x", "INVALID_DID")):
        result = resolution_error(did)
        assert result["didDocument"] is None
        assert result["didResolutionMetadata"]["error"]["type"] == f"https://www.w3.org/ns/did#{kind}"
