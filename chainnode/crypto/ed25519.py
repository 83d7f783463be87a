"""Ed25519 by libsodium, the only signature rule of suite ``ed25519-sha256``.

Libraries disagree on edge-case signatures (small-order keys, non-canonical S or
R), and a chain whose members disagree on one signature forks. So there is one
library, no fallback, and the verdicts are frozen by vectors in
``tests/vectors/test_ed25519.py``: libsodium rejects small-order public keys and
small-order R, non-canonical S and non-canonical public keys, and uses the
cofactorless equation.

Source: RFC 8032; Wycheproof ed25519; "Taming the many EdDSAs" (speccheck).
"""

from typing import Final

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import CryptoError

from chainnode.errors import Misuse

SCHEME_ED25519: Final = 1
"""Scheme number of this rule inside envelopes and certificates."""
PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
SEED_BYTES: Final = 32


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) over ``message`` is valid under ``public_key`` (32 bytes).

    Wrong lengths are an invalid signature, not an error: the bytes come from strangers.
    """
    if len(signature) != SIGNATURE_BYTES or len(public_key) != PUBLIC_KEY_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, public_key)
    except CryptoError:
        return False
    return True


class SigningKey:
    """A private key. Its ``repr`` shows only the public half."""

    __slots__ = ("_secret", "public_key", "seed")

    def __init__(self, seed: bytes) -> None:
        """Derive the key pair from 32 bytes of entropy (RFC 8032, section 5.1.5).

        Raises:
            Misuse: ``seed`` is not 32 bytes long.
        """
        if len(seed) != SEED_BYTES:
            raise Misuse("seed-length", f"an Ed25519 seed has {SEED_BYTES} bytes", found=len(seed))
        self.seed = seed
        self.public_key, self._secret = crypto_sign_seed_keypair(seed)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of ``message``; deterministic (RFC 8032)."""
        return crypto_sign(message, self._secret)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"SigningKey(public_key={self.public_key.hex()})"
