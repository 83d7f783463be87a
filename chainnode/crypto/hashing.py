"""SHA-256 with a domain tag in front of every input.

``H(what, data) = SHA-256("chainnode/<what>/v1" || 0x00 || data)``: two kinds of
objects can never share a digest, so a hash of one cannot stand for the other.
The Merkle trees are the exception: they follow RFC 6962 and ICS-23 byte for byte,
so that other verifiers accept our proofs.

Source: ledger format, "Hashing and signing" in chainnode/types/README.md.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
ZERO_HASH: Final = bytes(HASH_BYTES)


def domain(what: str) -> bytes:
    """The tag bytes put in front of hashed or signed data of kind ``what``."""
    return b"chainnode/" + what.encode("ascii") + b"/v1\x00"


def tagged_hash(what: str) -> Callable[[bytes], bytes]:
    """A hash function for one kind of object.

    Bind it once at module level: the tag is absorbed there, not per call.
    """
    absorbed = sha256(domain(what))

    def digest(data: bytes) -> bytes:
        state = absorbed.copy()
        state.update(data)
        return state.digest()

    return digest
