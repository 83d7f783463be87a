"""JSON as it is signed: read strictly, written in the one canonical form.

Two readers that understand one text differently are two credentials under one signature. So what is ambiguous is
refused when it is read: a name that stands twice, NaN, bytes that are not UTF-8, halves of surrogate pairs, and
integers that a reader with IEEE doubles would round.

Source: RFC 8785 (JCS), on I-JSON (RFC 7493).
"""

import json
from typing import Any, Final

import rfc8785

from chainnode.errors import Rejected
from chainnode.limits import MIB

DOCUMENT_BYTES_MAX: Final = 4 * MIB
"""A status list of the largest length in base64url takes 1.4 MiB."""
DEPTH_MAX: Final = 64
INTEGER_MAX: Final = 2**53 - 1


def parse_json(data: bytes, *, bytes_max: int = DOCUMENT_BYTES_MAX) -> Any:
    """The value that ``data`` denotes to every reader.

    Raises:
        Rejected: ``json-too-large``, ``json-malformed``, ``json-duplicate-key``, ``json-too-deep`` or
            ``json-ambiguous``.
    """
    if len(data) > bytes_max:
        raise Rejected("json-too-large", f"the document has {len(data)} bytes", allowed=bytes_max)
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as error:
        raise Rejected("json-too-deep", "the document nests too deep to be read") from error
    except ValueError as error:
        raise Rejected("json-malformed", f"the document is not JSON: {error}"[:256]) from error
    canonical_bytes(found)
    return found


def canonical_bytes(document: Any) -> bytes:
    """The canonical form of a JSON value.

    Raises:
        Rejected: ``json-too-deep``, or ``json-ambiguous``: a number or text that readers understand differently, or a
            value that JSON does not have.
    """
    _check(document, DEPTH_MAX)
    try:
        return rfc8785.dumps(document)
    except (rfc8785.CanonicalizationError, ValueError, TypeError, RecursionError) as error:
        raise Rejected("json-ambiguous", f"the document has no canonical form: {error}"[:256]) from error


def _check(value: Any, depth: int) -> None:
    if depth < 0:
        raise Rejected("json-too-deep", f"the document nests deeper than {DEPTH_MAX} levels")
    if isinstance(value, dict):
        for name, item in value.items():
            _check_text(name)
            _check(item, depth - 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item, depth - 1)
    elif isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > INTEGER_MAX:
        raise Rejected("json-ambiguous", f"{str(value)[:40]} is beyond the integers that every reader keeps exactly")


def _check_text(text: Any) -> None:
    if not isinstance(text, str):
        raise Rejected("json-ambiguous", f"a name in a JSON object is text, not {type(text).__name__}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Rejected("json-ambiguous", "half of a surrogate pair is no character") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Rejected("json-duplicate-key", f"the key {twice[:64]!a} stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
