"""chainnode/net/tls.py."""

import ssl

import pytest

from chainnode.crypto import tls as certificates
from chainnode.errors import ConfigError
from chainnode.net.tls import load_material
from tests.support.network import Consortium, new_tls_key, signing_key

KEY = signing_key(1).public_key


@pytest.fixture
def consortium(tmp_path) -> Consortium:
    return Consortium(tmp_path)


def refusal(files, key: bytes = KEY) -> str:
    with pytest.raises(ConfigError) as caught:
        load_material(files, key)
    return caught.value.code


def test_contexts_speak_only_tls_1_3_and_want_a_certificate(consortium: Consortium) -> None:
    material = load_material(consortium.files("node", KEY), KEY)
    for context in (material.server, material.client):
        assert context.minimum_version is ssl.TLSVersion.TLSv1_3
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert len(context.get_ca_certs()) == 1
    assert material.server.num_tickets == 0


def test_material_knows_fingerprint_and_end_of_its_certificate(consortium: Consortium) -> None:
    files = consortium.files("node", KEY)
    certificate = certificates.certificate_from_pem(files.certificate.read_bytes())
    material = load_material(files, KEY)
    assert material.fingerprint == certificates.fingerprint(certificates.certificate_to_der(certificate))
    assert material.validity == certificates.validity_of(certificate)


def test_certificate_for_another_node_key_is_refused(consortium: Consortium) -> None:
    assert refusal(consortium.files("node", KEY), signing_key(2).public_key) == "tls-node-key"


def test_key_that_others_may_read_is_refused(consortium: Consortium) -> None:
    files = consortium.files("node", KEY)
    files.key.chmod(0o640)
    assert refusal(files) == "tls-key-permissions"


def test_missing_file_is_named(consortium: Consortium) -> None:
    files = consortium.files("node", KEY)
    files.authority.unlink()
    assert refusal(files) == "tls-file"


def test_key_of_another_certificate_is_refused(consortium: Consortium) -> None:
    files = consortium.files("node", KEY)
    files.key.write_bytes(certificates.key_to_pem(new_tls_key()))
    assert refusal(files) == "tls-certificate"


def test_file_that_is_no_certificate_is_refused(consortium: Consortium) -> None:
    files = consortium.files("node", KEY)
    files.authority.write_bytes(b"nothing")
    assert refusal(files) == "tls-certificate"
