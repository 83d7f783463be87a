"""Keys whose signatures are keyed hashes: as unforgeable inside one process as Ed25519, at a fiftieth of the cost.

The public halves are real Ed25519 keys, since genesis and identities check their form. ``verify`` knows every secret,
which no behaviour of a hostile replica is handed.
"""

from functools import cache
from hashlib import blake2b, sha256

from chainnode.crypto.ed25519 import SIGNATURE_BYTES, SigningKey
from chainnode.mempool.verifier import RECORD_BYTES
from chainnode.types.transaction import SIGNATURE_DOMAIN

_SECRETS: dict[bytes, bytes] = {}
"""Secret by public key, of every key ever made here."""


class SimulatedKey(SigningKey):
    """A signing key by name."""

    __slots__ = ("_hashed",)

    def __init__(self, name: str) -> None:
        super().__init__(sha256(name.encode()).digest())
        self._hashed = self.seed
        _SECRETS[self.public_key] = self.seed

    def sign(self, message: bytes) -> bytes:
        """64 bytes that only this key gives for ``message``."""
        return blake2b(message, key=self._hashed, digest_size=SIGNATURE_BYTES).digest()


@cache
def key_of(name: str) -> SimulatedKey:
    """The key that belongs to ``name``."""
    return SimulatedKey(name)


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """As ``chainnode.crypto.ed25519.verify``."""
    secret = _SECRETS.get(public_key)
    if secret is None:
        return False
    return blake2b(message, key=secret, digest_size=SIGNATURE_BYTES).digest() == signature


def check_records(records: bytes) -> bytes:
    """As ``chainnode.mempool.verifier.check_records``."""
    return bytes(
        verify(records[at : at + 32], SIGNATURE_DOMAIN + records[at + 96 : at + 128], records[at + 32 : at + 96])
        for at in range(0, len(records), RECORD_BYTES)
    )
