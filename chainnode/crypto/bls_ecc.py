"""BLS12-381 in plain Python by py-ecc: where arkworks has no wheel, and the second opinion of the tests.

Some hundred times slower: half a second for a check. A node with it still checks what it must; it seals late.

Source: as ``chainnode.crypto.bls``.
"""

import sys
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

# py-ecc raises the interpreter's limit to a hundred thousand as it is imported, where nested input of a stranger would
# exhaust the C stack; nothing of it that is used here needs more than the usual.
_RECURSION_LIMIT: Final = sys.getrecursionlimit()

from py_ecc.bls.g2_primitives import (  # noqa: E402
    G1_to_pubkey,
    G2_to_signature,
    pubkey_to_G1,
    signature_to_G2,
    subgroup_check,
)
from py_ecc.bls.hash_to_curve import hash_to_G2  # noqa: E402
from py_ecc.fields import optimized_bls12_381_FQ12 as FQ12  # noqa: E402
from py_ecc.optimized_bls12_381 import (  # noqa: E402
    G1,
    Z1,
    Z2,
    add,
    final_exponentiate,
    is_inf,
    multiply,
    neg,
    pairing,
)

sys.setrecursionlimit(_RECURSION_LIMIT)

Point = Any
"""py-ecc's points are tuples of its field elements; their exact types say nothing more here."""


def _key(data: bytes) -> Point | None:
    try:
        point = pubkey_to_G1(data)  # type: ignore[arg-type]
    except (ValueError, AssertionError):
        return None
    return None if is_inf(point) or not subgroup_check(point) else point


def _signature(data: bytes) -> Point | None:
    try:
        point = signature_to_G2(data)  # type: ignore[arg-type]
    except (ValueError, AssertionError):
        return None
    return None if is_inf(point) or not subgroup_check(point) else point


class PyEcc:
    """See ``chainnode.crypto.bls.Backend``."""

    name: Final = "py-ecc"

    def public_key(self, secret: int) -> bytes:
        """The compressed point ``secret * G1``."""
        return bytes(G1_to_pubkey(multiply(G1, secret)))

    def sign(self, secret: int, message: bytes, tag: bytes) -> bytes:
        """The compressed point ``secret * hash(message)``."""
        return bytes(G2_to_signature(multiply(_hash(message, tag), secret)))

    def aggregate(self, signatures: Sequence[bytes]) -> bytes | None:
        """The compressed sum; None if one is no signature."""
        total: Point = Z2
        for data in signatures:
            point = _signature(data)
            if point is None:
                return None
            total = add(total, point)
        return bytes(G2_to_signature(total))

    def verify(self, public_keys: Sequence[bytes], message: bytes, signature: bytes, tag: bytes) -> bool:
        """One pairing equation over the sum of the keys."""
        point = _signature(signature)
        if point is None:
            return False
        total: Point = Z1
        for data in public_keys:
            key = _key(data)
            if key is None:
                return False
            total = add(total, key)
        if is_inf(total):
            return False
        product = pairing(_hash(message, tag), total, final_exponentiate=False) * pairing(
            point, neg(G1), final_exponentiate=False
        )
        return bool(final_exponentiate(product) == FQ12.one())


def _hash(message: bytes, tag: bytes) -> Point:
    return hash_to_G2(message, tag, sha256)  # type: ignore[arg-type]


BACKEND: Final = PyEcc()
