"""Opaque cursors: where a list goes on.

A cursor is a position (a state key, a place in the event log) with a tag that binds it to its question and its chain.
The tag is no secret: any node of the chain continues what another began, and a forged position gains nothing that
asking does not. It keeps a cursor of one list from being read as a position in another.
"""

import base64
import binascii
from typing import Final

from chainnode.crypto.hashing import tagged_hash
from chainnode.errors import Rejected

_TAG_BYTES: Final = 8
CURSOR_CHARS_MAX: Final = 1_024
_tag = tagged_hash("api-cursor")


def write_cursor(position: bytes, genesis_hash: bytes, question: str) -> str:
    """The cursor of ``position`` in the list that ``question`` names."""
    tagged = _bound(position, genesis_hash, question) + position
    return base64.urlsafe_b64encode(tagged).decode("ascii").rstrip("=")


def read_cursor(text: str, genesis_hash: bytes, question: str) -> bytes:
    """The position in ``text``.

    Raises:
        Rejected: ``cursor-invalid``.
    """
    try:
        if len(text) > CURSOR_CHARS_MAX:
            raise ValueError("too long")
        tagged = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Rejected("cursor-invalid", "the cursor is damaged") from error
    position = tagged[_TAG_BYTES:]
    if not position or tagged[:_TAG_BYTES] != _bound(position, genesis_hash, question):
        raise Rejected("cursor-invalid", "the cursor belongs to another list")
    return position


def _bound(position: bytes, genesis_hash: bytes, question: str) -> bytes:
    asked = question.encode("utf-8", "surrogatepass")
    return _tag(genesis_hash + len(asked).to_bytes(4, "big") + asked + position)[:_TAG_BYTES]
