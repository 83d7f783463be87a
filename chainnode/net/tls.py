"""TLS contexts of a node: TLS 1.3 only, both sides show a certificate of the consortium's authority.

No host names are checked: a node is who its Ed25519 key says, and the handshake
after TLS binds that key to both certificates of the session. Session tickets are
off, so a certificate that was withdrawn cannot return by resumption. Only the
configured authority is trusted, never the system's store.

Source: RFC 8446; facts measured with OpenSSL 3 in chainnode/net/README.md.
"""

import ssl
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chainnode.crypto.tls import (
    Validity,
    certificate_from_pem,
    certificate_to_der,
    fingerprint,
    key_from_pem,
    node_key_of,
    validity_of,
)
from chainnode.errors import ConfigError

ALPN: Final = "chainnode/1"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where a node's TLS material lies, all PEM."""

    certificate: Path
    """The node's certificate."""
    key: Path
    """Its private key: unencrypted PKCS#8, readable by its owner only."""
    authority: Path
    """The consortium's authority; while it changes, the old and the new one."""


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """One loaded certificate with the contexts that show it; replaced as a whole when the files change."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    fingerprint: bytes
    """SHA-256 of our own certificate."""
    validity: Validity


def load_material(files: TlsFiles, node_key: bytes) -> TlsMaterial:
    """Read the files and build both contexts.

    Raises:
        ConfigError: ``tls-file`` (a file cannot be read), ``tls-key-permissions`` (others may read the
            key), ``tls-key``, ``tls-certificate``, or ``tls-node-key`` (issued for another node key).
    """
    certificate = certificate_from_pem(_read(files.certificate))
    key_from_pem(_read(files.key))
    certificate_from_pem(_read(files.authority))
    mode = stat.S_IMODE(files.key.stat().st_mode)
    if mode & 0o077:
        raise ConfigError("tls-key-permissions", f"others may read {files.key}: chmod 600 it", found=oct(mode))
    der = certificate_to_der(certificate)
    if node_key_of(der) != node_key:
        raise ConfigError(
            "tls-node-key", f"{files.certificate} was not issued for this node's key", expected=node_key.hex()
        )
    return TlsMaterial(
        server=_context(ssl.PROTOCOL_TLS_SERVER, files),
        client=_context(ssl.PROTOCOL_TLS_CLIENT, files),
        fingerprint=fingerprint(der),
        validity=validity_of(certificate),
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError("tls-file", f"cannot read {path}: {error.strerror}") from error


def _context(side: int, files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(side)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if side == ssl.PROTOCOL_TLS_SERVER:
        context.num_tickets = 0
    context.set_alpn_protocols([ALPN])
    try:
        context.load_cert_chain(files.certificate, files.key)
        context.load_verify_locations(files.authority)
    except ssl.SSLError as error:
        raise ConfigError("tls-certificate", f"the certificate does not belong to the key: {error}") from error
    return context
