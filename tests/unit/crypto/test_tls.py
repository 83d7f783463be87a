"""chainnode/crypto/tls.py."""

from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from chainnode.crypto import tls
from chainnode.errors import ConfigError, Misuse

ENTROPY = bytes(range(16))
VALIDITY = tls.Validity(1_700_000_000_000, 1_800_000_000_000)
NODE_KEY = bytes(range(32))


def key(number: int) -> tls.TlsKey:
    return tls.derive_key(number.to_bytes(tls.KEY_ENTROPY_BYTES, "big"))


@pytest.fixture(scope="module")
def authority() -> tls.Authority:
    return tls.make_authority(key(1), "consortium", VALIDITY, ENTROPY)


def issue(authority: tls.Authority, node_key: bytes = NODE_KEY) -> x509.Certificate:
    return tls.issue_certificate(
        authority, key(2).public_key(), name="node", node_key=node_key, validity=VALIDITY, entropy=ENTROPY
    )


def test_key_is_a_function_of_its_entropy() -> None:
    assert key(5).private_numbers() == key(5).private_numbers()
    assert key(5).private_numbers() != key(6).private_numbers()


@pytest.mark.parametrize("entropy", [bytes(47), bytes(49)])
def test_key_refuses_other_entropy(entropy: bytes) -> None:
    with pytest.raises(Misuse) as caught:
        tls.derive_key(entropy)
    assert caught.value.code == "key-entropy"


def test_issued_certificate_is_signed_by_the_authority_and_names_the_node_key(authority: tls.Authority) -> None:
    certificate = issue(authority)
    certificate.verify_directly_issued_by(authority.certificate)
    assert tls.node_key_of(tls.certificate_to_der(certificate)) == NODE_KEY
    assert tls.validity_of(certificate) == VALIDITY


def test_certificate_of_another_authority_does_not_verify(authority: tls.Authority) -> None:
    other = tls.make_authority(key(3), "consortium", VALIDITY, ENTROPY)
    with pytest.raises(InvalidSignature):
        issue(other).verify_directly_issued_by(authority.certificate)


def test_authority_signs_no_further_authorities(authority: tls.Authority) -> None:
    """It may sign node certificates and nothing below them."""
    constraints = authority.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)
    assert not issue(authority).extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_pem_round_trips(authority: tls.Authority) -> None:
    certificate = issue(authority)
    assert tls.certificate_from_pem(tls.certificate_to_pem(certificate)) == certificate
    assert tls.key_from_pem(tls.key_to_pem(key(2))).private_numbers() == key(2).private_numbers()


def test_fingerprint_is_that_of_openssl(authority: tls.Authority) -> None:
    """SHA-256 of the DER certificate."""
    der = tls.certificate_to_der(authority.certificate)
    assert tls.fingerprint(der) == sha256(der).digest()


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"not pem",
        key(2).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
        ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
    ],
    ids=["empty", "garbage", "encrypted", "ed25519"],
)
def test_key_from_pem_says_what_is_wrong(pem: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        tls.key_from_pem(pem)
    assert caught.value.code == "tls-key"


def test_certificate_from_pem_says_what_is_wrong() -> None:
    with pytest.raises(ConfigError) as caught:
        tls.certificate_from_pem(b"-----BEGIN NOTHING-----")
    assert caught.value.code == "tls-certificate"


def test_node_key_of_certificate_without_one_is_none(authority: tls.Authority) -> None:
    assert tls.node_key_of(tls.certificate_to_der(authority.certificate)) is None
    assert tls.node_key_of(b"garbage") is None


def test_issue_refuses_a_node_key_of_another_length(authority: tls.Authority) -> None:
    with pytest.raises(Misuse) as caught:
        issue(authority, bytes(31))
    assert caught.value.code == "node-key"


def test_serial_number_takes_exactly_its_entropy() -> None:
    with pytest.raises(Misuse) as caught:
        tls.make_authority(key(1), "consortium", VALIDITY, bytes(15))
    assert caught.value.code == "serial-entropy"
