"""JSON as RFC 8259 has it: UTF-8, no NaN, no key twice, no bottomless nesting.

Fractions stay text: nothing that is registered is a float.
"""

import json
from typing import Any, Final

from chainnode.errors import Rejected
from chainnode.limits import MIB

DOCUMENT_BYTES_MAX: Final = 64 * MIB
DEPTH_MAX: Final = 48
"""DCAT nests about eight levels; geometries a few more."""


def parse_document(data: bytes) -> Any:
    """The value that ``data`` (at most 64 MiB) denotes.

    Raises:
        Rejected: ``catalogue-too-large``, ``catalogue-not-json``, ``catalogue-duplicate-key`` or
            ``catalogue-too-deep``.
    """
    if len(data) > DOCUMENT_BYTES_MAX:
        raise Rejected("catalogue-too-large", f"the document has {len(data)} bytes", allowed=DOCUMENT_BYTES_MAX)
    try:
        text = data.decode("utf-8-sig")
        found = json.loads(text, object_pairs_hook=_unique, parse_float=str, parse_constant=_no_constant)
    except RecursionError as error:
        raise Rejected("catalogue-too-deep", "the document nests too deep to be read") from error
    except ValueError as error:
        raise Rejected("catalogue-not-json", f"the document is not JSON: {error}"[:256]) from error
    _check_depth(found)
    return found


def render_document(document: Any) -> bytes:
    """JSON of a value that a caller built, so that it passes the same gate as bytes do.

    Raises:
        Rejected: ``catalogue-not-json`` or ``catalogue-too-deep``.
    """
    try:
        return json.dumps(document, allow_nan=False).encode("ascii")
    except RecursionError as error:
        raise Rejected("catalogue-too-deep", "the document nests too deep to be written") from error
    except (TypeError, ValueError) as error:
        raise Rejected("catalogue-not-json", f"the document is not JSON: {error}"[:256]) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        last = {name: index for index, (name, _) in enumerate(pairs)}
        twice = next(name for index, (name, _) in enumerate(pairs) if last[name] != index)
        raise Rejected("catalogue-duplicate-key", f"the key {twice[:64]!a} stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(DEPTH_MAX):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        if not below:
            return
        level = below
    raise Rejected("catalogue-too-deep", f"the document nests deeper than {DEPTH_MAX} levels")
