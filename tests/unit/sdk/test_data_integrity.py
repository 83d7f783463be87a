import json
from typing import Any

import pytest

from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import Rejected
from chainnode.sdk.data_integrity import assertion_key, proof_holds, secure, signed_digest
from contracts.identity.did_key import key_document
from contracts.identity.multikey import base58btc_bytes, multikey, read_multikey
from tests.support.shared import shared

KEY = SigningKey(b"k" * 32)
METHOD = "did:example:issuer#key-1"
CREATED = "2026-11-22T08:00:00Z"
DOCUMENT: dict[str, Any] = {"@context": ["https://a.example/", "https://b.example/"], "claim": 1}


def test_every_value_of_the_published_trace_is_reproduced() -> None:
    """Source: W3C vc-di-eddsa, TestVectors/eddsa-jcs-2022: hashes, signature and secured document."""
    folder = shared("vectors", "vc-di-eddsa", "eddsa-jcs-2022")
    pair = json.loads(shared("vectors", "vc-di-eddsa", "keyPair.json").read_text("utf-8"))
    signed = json.loads((folder / "signedJCS.json").read_text("utf-8"))
    proof = signed["proof"]
    digest = signed_digest(signed, proof)
    assert digest.hex() == (folder / "combinedHashJCS.txt").read_text().strip()
    assert digest[:32].hex() == (folder / "proofHashJCS.txt").read_text().strip()
    assert digest[32:].hex() == (folder / "docHashJCS.txt").read_text().strip()
    private = base58btc_bytes(pair["privateKeyMultibase"][1:])
    assert private is not None
    key = SigningKey(private[2:])
    unsigned = {name: value for name, value in signed.items() if name != "proof"}
    made = secure(unsigned, key, method=proof["verificationMethod"], created=proof["created"])
    assert made == signed
    assert proof["proofValue"] == (folder / "sigBTC58JCS.txt").read_text().strip()
    document = key_document(proof["verificationMethod"].partition("#")[0])
    assert document is not None
    public_key = assertion_key(document, proof["verificationMethod"])
    assert public_key is not None
    assert ("ed25519", public_key) == read_multikey(pair["publicKeyMultibase"])
    assert proof_holds(signed, proof, public_key)


def secured() -> dict[str, Any]:
    return secure(DOCUMENT, KEY, method=METHOD, created=CREATED)


def holds(document: dict[str, Any]) -> bool:
    return proof_holds(document, document["proof"], KEY.public_key)


def test_any_change_of_document_or_proof_breaks_the_signature() -> None:
    assert holds(secured())
    for name, value in (("claim", 2), ("more", True), ("@context", ["https://a.example/"])):
        assert not holds({**secured(), name: value})
    parts: list[tuple[str, Any]] = [
        ("created", "2026-11-22T08:00:01Z"),
        ("verificationMethod", "did:example:other#key-1"),
        ("proofPurpose", "authentication"),
        ("cryptosuite", "eddsa-rdfc-2022"),
        ("type", "Ed25519Signature2020"),
        ("proofValue", "z111"),
        ("proofValue", "u" + "A" * 86),
        ("proofValue", None),
        ("more", 1),
    ]
    for part, other in parts:
        changed = secured()
        changed["proof"] = {**changed["proof"], part: other}
        assert not holds(changed)
    assert not proof_holds(secured(), secured()["proof"], SigningKey(b"o" * 32).public_key)


def test_context_may_be_added_after_those_that_were_signed_and_not_before() -> None:
    """Source: Data Integrity EdDSA Cryptosuites 1.0, 3.3.2: the document's context starts with the proof's."""
    contexts = DOCUMENT["@context"]
    assert holds({**secured(), "@context": [*contexts, "https://c.example/"]})
    assert not holds({**secured(), "@context": ["https://c.example/", *contexts]})


def test_secured_document_is_not_signed_again() -> None:
    with pytest.raises(Rejected) as caught:
        secure(secured(), KEY, method=METHOD, created=CREATED)
    assert caught.value.code == "credential-secured"


def test_only_keys_listed_for_assertions_are_found() -> None:
    method = {"id": METHOD, "publicKeyMultibase": multikey("ed25519", KEY.public_key)}
    document = {"verificationMethod": [method], "authentication": [METHOD]}
    assert assertion_key(document, METHOD) is None
    assert assertion_key({**document, "assertionMethod": [METHOD]}, METHOD) == KEY.public_key
    other = {"id": METHOD, "publicKeyMultibase": multikey("p256", b"\x02" * 33)}
    assert assertion_key({"verificationMethod": [other], "assertionMethod": [METHOD]}, METHOD) is None
    assert assertion_key({"assertionMethod": [METHOD]}, METHOD) is None
