import pytest

from contracts.identity.did_url import DidUrl, dereference, dereferencing_result, split_did_url
from contracts.identity.operations import UpdateIdentity
from contracts.identity.record import Service
from tests.unit.contracts.world import World, did_of

DID = did_of("member")


def world() -> World:
    found = World()
    services = (Service("api", "Api", "https://api.example/"),)
    assert found.submit("member", UpdateIdentity(services=services)).code == "ok"
    return found


def test_url_falls_apart_into_its_parts() -> None:
    """Source: DID Core 1.1, section 3.2."""
    assert split_did_url("did:x:y/a/b?versionId=1&service=f%20s#k?1") == DidUrl(
        "did:x:y", "/a/b", (("versionId", "1"), ("service", "f s")), "k?1"
    )
    assert split_did_url("did:x:y") == DidUrl("did:x:y", "", (), None)
    assert split_did_url("did:x:y#").fragment == ""


def test_fragment_names_a_key_or_a_service() -> None:
    state = world().overlay
    key = dereference(state, split_did_url(f"{DID}#key-1"))
    assert key.content["publicKeyMultibase"].startswith("z6Mk")
    service = dereference(state, split_did_url(f"{DID}#api"))
    assert service.content["serviceEndpoint"] == "https://api.example/"
    result = dereferencing_result(key)
    assert result["dereferencingMetadata"] == {"contentType": "application/did"}
    assert result["contentMetadata"]["versionId"] == "2"


def test_service_stands_for_its_endpoint_and_versions_can_be_named() -> None:
    state = world().overlay
    found = dereference(state, split_did_url(f"{DID}?service=api"))
    assert (found.content, found.content_type) == ("https://api.example/", "text/uri-list")
    assert dereference(state, split_did_url(f"{DID}?service=api&versionId=1")).problem["type"].endswith("NOT_FOUND")
    whole = dereference(state, split_did_url(f"{DID}?versionId=1"))
    assert whole.resolution.metadata["versionId"] == "1"


def test_key_of_a_did_key_is_found() -> None:
    text = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    found = dereference(World().overlay, split_did_url(f"did:key:{text}#{text}"))
    assert found.content["publicKeyMultibase"] == text


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"{DID}#nothing", "NOT_FOUND"),
        (f"{DID}#", "NOT_FOUND"),
        (f"{DID}?service=nothing", "NOT_FOUND"),
        (f"{did_of('nobody')}#key-1", "NOT_FOUND"),
        (f"{DID}/path", "FEATURE_NOT_SUPPORTED"),
        (f"{DID}?relativeRef=x", "FEATURE_NOT_SUPPORTED"),
        (f"{DID}?service=api#key-1", "FEATURE_NOT_SUPPORTED"),
        (f"{DID}?versionId=1&versionId=2", "INVALID_DID_URL"),
        ("#key-1", "INVALID_DID"),
    ],
)
def test_what_names_nothing_has_the_error_of_the_standard(url: str, problem: str) -> None:
    found = dereference(world().overlay, split_did_url(url))
    assert found.problem["type"] == f"https://www.w3.org/ns/did#{problem}"
    assert (found.content, found.resolution.problem) == (None, problem)
