import pytest

from contracts.identity.did_key import key_document
from contracts.identity.multikey import multikey

ED25519 = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
X25519 = "did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F"
P256 = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"


@pytest.mark.parametrize("did", [ED25519, P256])
def test_signing_key_is_a_document_that_signs(did: str) -> None:
    """Source: did:key Method, examples of section 2 and test vectors."""
    document = key_document(did)
    text = did.removeprefix("did:key:")
    name = f"{did}#{text}"
    assert document is not None
    assert document["verificationMethod"] == [
        {"id": name, "type": "Multikey", "controller": did, "publicKeyMultibase": text}
    ]
    for relationship in ("authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation"):
        assert document[relationship] == [name]
    assert "keyAgreement" not in document


def test_agreement_key_only_agrees() -> None:
    document = key_document(X25519)
    assert document is not None
    assert set(document) == {"@context", "id", "verificationMethod", "keyAgreement"}


@pytest.mark.parametrize(
    "did",
    [
        "did:key:",
        "did:key:z",
        ED25519[:-1],
        ED25519.replace("did:key:z", "did:key:u"),
        "did:key:" + multikey("p256", b"\x02" + b"\xff" * 32),
        "did:key:" + multikey("p256", b"\x04" + bytes(32)),
        "did:key:" + multikey("p256", b"\x02" + (5).to_bytes(32, "big").replace(b"\x05", b"\x01")),
        ED25519 + "0",
        "did:web:example.org",
    ],
)
def test_what_is_no_key_has_no_document(did: str) -> None:
    assert key_document(did) is None
