"""Certificates of a consortium: its authority, and one certificate per node.

Pure functions over ``cryptography`` objects and PEM bytes; no files, no clock. TLS
keys are ECDSA P-256, which every TLS 1.3 stack accepts for client certificates.
A node's certificate names the node's Ed25519 key in its subject alternative name
(``urn:chainnode:node:<64 hex digits>``): the consortium vouches for the pair, and a
certificate is of no use beside another node's key.

Source: RFC 5280; RFC 8446, section 4.4.2.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chainnode.crypto.ed25519 import PUBLIC_KEY_BYTES
from chainnode.errors import ConfigError, Misuse

SERIAL_BYTES: Final = 16
"""Entropy of a serial number; RFC 5280, section 4.1.2.2 allows 20 bytes, sign included."""
KEY_ENTROPY_BYTES: Final = 48
"""Entropy of a key: 128 bits more than its order has, so that the remainder has no bias worth a name."""
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
NODE_URN: Final = "urn:chainnode:node:"
TlsKey = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Authority:
    """The consortium's certificate authority."""

    certificate: x509.Certificate
    key: TlsKey


@dataclass(frozen=True, slots=True)
class Validity:
    """When a certificate holds, both ends included."""

    not_before_ms: int
    not_after_ms: int


def derive_key(entropy: bytes) -> TlsKey:
    """The P-256 key of ``KEY_ENTROPY_BYTES`` bytes of entropy; who has them has the key.

    Source: FIPS 186-5, appendix A.2.1 (extra random bits).

    Raises:
        Misuse: ``key-entropy``: fewer or more bytes.
    """
    if len(entropy) != KEY_ENTROPY_BYTES:
        raise Misuse("key-entropy", f"a TLS key takes {KEY_ENTROPY_BYTES} bytes of entropy", found=len(entropy))
    return ec.derive_private_key(int.from_bytes(entropy, "big") % (_P256_ORDER - 1) + 1, ec.SECP256R1())


def key_to_pem(key: TlsKey) -> bytes:
    """The private key as unencrypted PKCS#8; whoever writes it to a file makes the file 0600."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def key_from_pem(pem: bytes) -> TlsKey:
    """Read an unencrypted private key.

    Raises:
        ConfigError: ``tls-key``: not a PEM private key on P-256, or encrypted.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError("tls-key", f"not an unencrypted PEM private key: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ConfigError("tls-key", "a TLS key is an ECDSA key on P-256", found=type(key).__name__)
    return key


def certificate_to_pem(certificate: x509.Certificate) -> bytes:
    """The certificate as PEM."""
    return certificate.public_bytes(Encoding.PEM)


def certificate_to_der(certificate: x509.Certificate) -> bytes:
    """The certificate as DER, the bytes that ``fingerprint`` hashes."""
    return certificate.public_bytes(Encoding.DER)


def certificate_from_pem(pem: bytes) -> x509.Certificate:
    """Read the first certificate of a PEM text.

    Raises:
        ConfigError: ``tls-certificate``: there is none.
    """
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise ConfigError("tls-certificate", f"not a PEM certificate: {error}") from error


def make_authority(key: TlsKey, name: str, validity: Validity, entropy: bytes) -> Authority:
    """A self-signed authority that may sign node certificates and nothing below them.

    Raises:
        Misuse: ``serial-entropy``: fewer or more than ``SERIAL_BYTES`` bytes.
    """
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        _builder(subject, subject, key.public_key(), validity, entropy)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def issue_certificate(
    authority: Authority,
    public_key: ec.EllipticCurvePublicKey,
    *,
    name: str,
    node_key: bytes,
    validity: Validity,
    entropy: bytes,
) -> x509.Certificate:
    """A certificate for the node ``name`` whose Ed25519 key is ``node_key``; good as client and as server.

    Raises:
        Misuse: ``serial-entropy``, or ``node-key``: not 32 bytes.
    """
    if len(node_key) != PUBLIC_KEY_BYTES:
        raise Misuse("node-key", f"a node key has {PUBLIC_KEY_BYTES} bytes", found=len(node_key))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(NODE_URN + node_key.hex())])
    issuer_key = authority.key.public_key()
    builder = (
        _builder(subject, authority.certificate.subject, public_key, validity, entropy)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(usages, critical=False)
        .add_extension(names, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )
    return builder.sign(authority.key, hashes.SHA256())


def fingerprint(der: bytes) -> bytes:
    """SHA-256 of a DER certificate, as ``openssl x509 -fingerprint -sha256`` prints it."""
    return sha256(der).digest()


def validity_of(certificate: x509.Certificate) -> Validity:
    """When the certificate begins and ends to hold."""
    return Validity(_to_ms(certificate.not_valid_before_utc), _to_ms(certificate.not_valid_after_utc))


def node_key_of(der: bytes) -> bytes | None:
    """The Ed25519 node key that a DER certificate names; None if it names none, several, or cannot be read."""
    try:
        extensions = x509.load_der_x509_certificate(der).extensions
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, UnsupportedAlgorithm):
        return None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    keys = [uri.removeprefix(NODE_URN) for uri in uris if uri.startswith(NODE_URN)]
    if len(keys) != 1 or len(keys[0]) != 2 * PUBLIC_KEY_BYTES:
        return None
    try:
        return bytes.fromhex(keys[0])
    except ValueError:
        return None


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, validity: Validity, entropy: bytes
) -> x509.CertificateBuilder:
    if len(entropy) != SERIAL_BYTES:
        raise Misuse("serial-entropy", f"a serial number takes {SERIAL_BYTES} bytes of entropy", found=len(entropy))
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(int.from_bytes(b"\x01" + entropy, "big"))
        .not_valid_before(_from_ms(validity.not_before_ms))
        .not_valid_after(_from_ms(validity.not_after_ms))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _from_ms(time_ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time_ms // 1000)


def _to_ms(time: datetime) -> int:
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
