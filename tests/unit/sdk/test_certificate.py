from typing import Any

import pytest

from chainnode.errors import Rejected
from chainnode.sdk.certificate import CODES, certificate_credential, differences
from chainnode.sdk.data_integrity import proof_holds, secure
from contracts.assets.record import LIFECYCLE, asset_key, description_hash
from contracts.kernel.registry import describe
from tests.unit.contracts.assets.register import ASSET
from tests.unit.contracts.assets.requests import PRESENT, asset_in
from tests.unit.contracts.world import CHAIN, did_of, key_of


def document(status: str) -> dict[str, Any]:
    """The record as the API shows it."""
    value = asset_in(status).overlay.get(asset_key(ASSET))
    assert value is not None
    return {**describe(asset_key(ASSET), value), "state_key": asset_key(ASSET).hex()}


def test_every_status_says_what_becomes_of_the_certificate() -> None:
    assert set(CODES) == set(LIFECYCLE.statuses())


def test_credential_names_number_holder_description_and_where_it_is_proved() -> None:
    """Certificate of registration as a credential: an unsigned VC from a certified record and its proof reference."""
    asset = document("CERTIFIED")
    found = certificate_credential(asset, CHAIN)
    assert found["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert found["type"] == ["VerifiableCredential", "DataAssetRegistrationCertificate"]
    assert (found["issuer"], found["credentialSubject"]["id"]) == (did_of("exchange"), did_of("alice"))
    assert found["id"] == f"{did_of('exchange')}/certificates/{asset['certificate']}"
    assert found["credentialSubject"]["asset"]["descriptionHash"] == description_hash(PRESENT).hex()
    assert (found["validFrom"], found["validUntil"]) == ("2026-11-22T00:00:01Z", "2027-11-22T00:00:01Z")
    assert bytes.fromhex(found["evidence"]["stateKey"]) == asset_key(ASSET)
    assert differences(found, asset, CHAIN) == ()
    assert differences({**found, "proof": {}}, asset, CHAIN) == ()


def test_registrar_signs_it_as_any_credential() -> None:
    """A W3C credential with a Data Integrity proof; the comparison looks past the proof."""
    asset = document("CERTIFIED")
    unsigned = certificate_credential(asset, CHAIN)
    key = key_of("exchange")
    secured = secure(unsigned, key, method=f"{did_of('exchange')}#key-1", created="2026-11-22T01:00:00Z")
    assert proof_holds(unsigned, secured["proof"], key.public_key)
    assert not proof_holds({**unsigned, "issuer": did_of("alice")}, secured["proof"], key.public_key)
    assert differences(secured, asset, CHAIN) == ()


def test_credential_that_the_register_has_overtaken_is_found() -> None:
    asset = document("CERTIFIED")
    found = certificate_credential(asset, CHAIN)
    assert differences(found, {**asset, "holder": did_of("bob")}, CHAIN) == ("credentialSubject.id",)
    assert differences(found, {**asset, "version": 2}, CHAIN) == ("credentialSubject.asset.version",)
    assert differences(found, asset, "other") == ("evidence.chain",)
    assert "credentialSubject.id" in differences({"credentialSubject": "?"}, asset, CHAIN)


@pytest.mark.parametrize("status", ["FROZEN", "CANCELLED", "REVOKED", "EXPIRED"])
def test_certificate_that_does_not_hold_is_not_issued_as_a_credential(status: str) -> None:
    with pytest.raises(Rejected) as found:
        certificate_credential(document(status), CHAIN)
    assert found.value.code == "certificate-not-issued"
