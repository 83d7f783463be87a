"""How state keys are written: ``namespace/part/part``.

Parts are text, bytes or numbers. Text is UTF-8 with ``%`` and ``/`` written as ``%25`` and
``%2F``; bytes are lower-case hex; numbers are 16 hex digits, so that they sort by
value. Two different lists of parts of the same types never make the same key, and
no key is a prefix of another up to a separator by accident: a range read over
``prefix(...)`` finds exactly the keys below it.
"""

import re
from binascii import hexlify
from functools import lru_cache
from typing import Final

from chainnode.errors import Misuse, Rejected
from chainnode.limits import STATE_KEY_BYTES_MAX

_NAMESPACE: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
NUMBER_MAX: Final = 2**64 - 1
Part = str | bytes | int


@lru_cache(256)
def _checked(namespace: str) -> str:
    """``namespace``, which is one; they are the program's own words, so the cache holds them all."""
    if _NAMESPACE.fullmatch(namespace) is None:
        raise Misuse("state-key", f"{namespace!r} cannot be a namespace")
    return namespace


def _text(part: Part) -> str:
    if isinstance(part, bytes):
        return part.hex()
    if isinstance(part, str):
        return part.replace("%", "%25").replace("/", "%2F") if "/" in part or "%" in part else part
    if not 0 <= part <= NUMBER_MAX:
        raise Misuse("state-key", "a number in a state key has 64 bits", found=part)
    return f"{part:016x}"


def key(namespace: str, *parts: Part) -> bytes:
    """The state key of ``parts`` inside ``namespace``, at most 512 bytes.

    Raises:
        Rejected: ``state-key``: too long, an empty part, or text that UTF-8 cannot express
            (a client chose the text).
        Misuse: ``state-key``: not a namespace, or a number outside 64 bits.
    """
    texts = [_checked(namespace), *map(_text, parts)]
    if "" in texts:
        raise Rejected("state-key", "a part of a state key is empty", namespace=namespace)
    try:
        found = "/".join(texts).encode()
    except UnicodeEncodeError as error:
        raise Rejected("state-key", "a state key holds text that is not Unicode", namespace=namespace) from error
    if len(found) > STATE_KEY_BYTES_MAX:
        raise Rejected("state-key", f"a state key has at most {STATE_KEY_BYTES_MAX} bytes", found=len(found))
    return found


def prefix(namespace: str, *parts: Part) -> bytes:
    """What every key below ``parts`` starts with.

    Raises:
        Rejected, Misuse: as ``key``.
    """
    return key(namespace, *parts) + b"/"


def key_below(start: bytes, identifier: bytes) -> bytes:
    """``key(..., identifier)``, the same bytes at a fifth of its cost, where ``start = prefix(...)`` is at hand.

    For identifiers that their types bound (1 to 64 bytes); of what is empty or longer, nothing was ever written.
    """
    return start + hexlify(identifier)
