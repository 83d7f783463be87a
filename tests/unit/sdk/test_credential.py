from hashlib import sha256
from typing import Any

import pytest

from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import Rejected
from chainnode.sdk.canonical_json import canonical_bytes
from chainnode.sdk.credential import (
    build_credential,
    credential_digest,
    digest_sri,
    read_schema_id,
    schema_reference,
    time_of_text,
)
from chainnode.sdk.data_integrity import secure
from tests.unit.contracts.world import did_of

DID = did_of("member")


def test_credential_has_the_members_of_the_data_model_and_nothing_empty() -> None:
    """Source: VC Data Model 2.0, section 4."""
    document = build_credential(
        {"id": DID, "kind": "supplier"},
        types=["DataMerchantCredential"],
        issuer=did_of("exchange"),
        valid_from="2026-01-01T00:00:00Z",
        status=[{"id": "x"}],
    )
    assert document["@context"] == ["https://www.w3.org/ns/credentials/v2"]
    assert document["type"] == ["VerifiableCredential", "DataMerchantCredential"]
    assert document["credentialStatus"] == {"id": "x"}
    assert "validUntil" not in document
    assert "id" not in document


@pytest.mark.parametrize(
    "fields",
    [
        {"types": []},
        {"types": ["no type"]},
        {"valid_from": "2026-01-01"},
        {"valid_from": "2026-01-01T00:00:00"},
        {"valid_until": "2026-02-30T00:00:00Z"},
        {"valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z"},
        {"subject": {}},
    ],
)
def test_credential_of_no_fit_form_is_not_built(fields: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as caught:
        build_credential(fields.pop("subject", {"id": DID}), **{"types": ["A"], "issuer": DID, **fields})
    assert caught.value.code == "credential-form"


def test_digest_covers_the_signature_so_that_nobody_guesses_it() -> None:
    document = build_credential({"id": DID}, types=["A"], issuer=DID)
    with pytest.raises(Rejected) as caught:
        credential_digest(document)
    assert caught.value.code == "credential-unsecured"
    secured = secure(document, SigningKey(b"k" * 32), method=f"{DID}#key-1", created="2026-11-22T08:00:00Z")
    assert credential_digest(secured) == sha256(canonical_bytes(secured)).digest()
    assert credential_digest(secured) != sha256(canonical_bytes(document)).digest()


def test_schema_of_the_ledger_is_named_by_author_name_and_version() -> None:
    reference = schema_reference(DID, "merchant", 3, bytes(32))
    assert read_schema_id(reference["id"]) == (DID, "merchant", 3)
    assert reference["digestSRI"] == digest_sri(bytes(32)) == "sha256-" + "A" * 43 + "="
    for text in (DID, f"{DID}/schemas/merchant/0", f"{DID}/schemas/a/b/1", "https://x.y/schemas/a/1"):
        assert read_schema_id(text) is None


def test_times_of_any_zone_are_the_same_moment() -> None:
    assert time_of_text("1970-01-01T08:00:00.250+08:00") == 250
    assert time_of_text("1970-01-01T00:00:01Z") == 1_000
    for text in ("", "1970-01-01", "1970-01-01T00:00:00", "0000-01-01T00:00:00Z", "1970-01-01t00:00:00Z"):
        with pytest.raises(Rejected):
            time_of_text(text)
