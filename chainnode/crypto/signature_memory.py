"""Signatures that were found valid, so that each is checked once.

The signature of a vote comes again: in the certificate that the next block carries, in every VIEW_CHANGE that names a
lock, in DECIDED. Only valid ones are remembered, and only for exactly the key and bytes they were valid for.
"""

from collections import OrderedDict
from typing import Final

from chainnode.crypto.ed25519 import verify

SIGNATURES_KEPT_MAX: Final = 8_192
"""The latest: forty heights of a hundred validators; each takes about 500 bytes."""


class SignatureMemory:
    """Checks Ed25519 signatures like ``ed25519.verify``, but each valid one only once while it is remembered."""

    __slots__ = ("_valid",)

    def __init__(self) -> None:
        self._valid: OrderedDict[bytes, tuple[bytes, bytes]] = OrderedDict()
        """Public key and message by signature, oldest first."""

    def knows(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether this costs nothing: exactly this was found valid lately."""
        return self._valid.get(signature) == (public_key, message)

    def remember(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        """Take this for valid from now on: it was checked, or made here."""
        self._valid[signature] = (public_key, message)
        if len(self._valid) > SIGNATURES_KEPT_MAX:
            self._valid.popitem(last=False)

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is valid, as ``ed25519.verify``."""
        if self.knows(public_key, message, signature):
            return True
        if not verify(public_key, message, signature):
            return False
        self.remember(public_key, message, signature)
        return True
