"""Digests of content, salted so that they give nothing away.

A bare hash of guessable data (an identity number, a price, a yes or no) can be found by
trying. So the usual digest is ``HMAC-SHA256(key = salt, message = content)`` with 32 random
bytes of salt, kept with the content and shown together with it to whoever verifies.
``salted`` in the record says which of the two a reader must compute.

Files too large for memory: feed ``hmac.new(salt, digestmod="sha256")`` in pieces.

Source: RFC 2104; RFC 6234.
"""

import hmac
from hashlib import new
from typing import Final, Literal

from chainnode.errors import Misuse

Algorithm = Literal["sha256", "sha384", "sha512", "sha3-256", "sha3-512", "sm3", "blake2b-512"]
DIGEST_BYTES: Final[dict[str, int]] = {
    "sha256": 32,
    "sha384": 48,
    "sha512": 64,
    "sha3-256": 32,
    "sha3-512": 64,
    "sm3": 32,
    "blake2b-512": 64,
}
"""Digest sizes; the chain checks the size only, so it need not compute every algorithm itself."""
SALT_BYTES: Final = 32


def plain_digest(content: bytes) -> bytes:
    """SHA-256 of ``content``: for what is public or cannot be guessed."""
    return new("sha256", content).digest()


def salted_digest(salt: bytes, content: bytes) -> bytes:
    """HMAC-SHA256 of ``content`` under ``salt``.

    Raises:
        Misuse: ``salt-length``: ``salt`` is not 32 bytes.
    """
    if len(salt) != SALT_BYTES:
        raise Misuse("salt-length", f"a salt has {SALT_BYTES} bytes", found=len(salt))
    return hmac.digest(salt, content, "sha256")
