"""BLS12-381 by arkworks, compiled: the library that nodes use.

The points of public keys are remembered: a validator list has the same ones for an epoch, and reading a hundred of
them costs more than the pairing that they are needed for. The library multiplies secrets in variable time: a node
signs the hashes of decided blocks only, away from what answers strangers.

Source: as ``chainnode.crypto.bls``.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

KEYS_REMEMBERED_MAX: Final = 1_024
"""Ten lists of a hundred validators; some 300 bytes each."""
_BASE: Final = G1Point()
_NO_KEY: Final = G1Point.identity()
_NO_SIGNATURE: Final = G2Point.identity()


@lru_cache(maxsize=KEYS_REMEMBERED_MAX)
def _key(data: bytes) -> G1Point | None:
    """A key's point; None for what is no point of the right subgroup, and for the identity."""
    try:
        point = G1Point.from_compressed_bytes(data)
    except ValueError:
        return None
    return None if point == _NO_KEY else point


def _signature(data: bytes) -> G2Point | None:
    try:
        point = G2Point.from_compressed_bytes(data)
    except ValueError:
        return None
    return None if point == _NO_SIGNATURE else point


class Arkworks:
    """See ``chainnode.crypto.bls.Backend``."""

    name: Final = "arkworks"

    def public_key(self, secret: int) -> bytes:
        """The compressed point ``secret * G1``."""
        return (_BASE * _scalar(secret)).to_compressed_bytes()

    def sign(self, secret: int, message: bytes, tag: bytes) -> bytes:
        """The compressed point ``secret * hash(message)``."""
        return (G2Point.hash_to_curve(message, tag) * _scalar(secret)).to_compressed_bytes()

    def aggregate(self, signatures: Sequence[bytes]) -> bytes | None:
        """The compressed sum; None if one is no signature."""
        total = _NO_SIGNATURE
        for data in signatures:
            point = _signature(data)
            if point is None:
                return None
            total += point
        return total.to_compressed_bytes()

    def verify(self, public_keys: Sequence[bytes], message: bytes, signature: bytes, tag: bytes) -> bool:
        """One pairing equation over the sum of the keys."""
        point = _signature(signature)
        if point is None:
            return False
        total = _NO_KEY
        for data in public_keys:
            key = _key(data)
            if key is None:
                return False
            total += key
        if total == _NO_KEY:
            return False
        return GT.pairing_check([total, -_BASE], [G2Point.hash_to_curve(message, tag), point])


def _scalar(secret: int) -> Scalar:
    return Scalar.from_be_bytes(secret.to_bytes(32, "big"))


BACKEND: Final = Arkworks()
