"""Text as the ledger accepts it.

Bounds count characters. Control characters are refused: they hide content from the
person who reads a record. Nothing here asks the interpreter's Unicode tables
(``str.isprintable``, normalisation): they differ between Python versions, and two
validators would disagree.
"""

import re
from typing import Annotated, Final

import msgspec

LINE_PATTERN: Final = r"\A[^\x00-\x1f\x7f]*\Z"
TEXT_PATTERN: Final = r"\A[^\x00-\x08\x0b-\x1f\x7f]*\Z"
_SCHEMES: Final = "https?|ftps?|sftp|s3|ipfs|ipns|urn|did|mailto|tel|magnet|oci|git"
URI_PATTERN: Final = rf"\A(?:(?:{_SCHEMES}):[^\x00-\x20\x7f<>\"\\^`{{|}}]+)?\Z"
"""A URI of a scheme that a reader may follow without running anything; empty when there is none."""

URI_CHARS_MAX: Final = 1_024

OneLine = Annotated[str, msgspec.Meta(pattern=LINE_PATTERN)]
"""One line; whoever uses it adds the bound."""
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=LINE_PATTERN)]
"""One line that must say something."""
Line = Annotated[str, msgspec.Meta(max_length=256, pattern=LINE_PATTERN)]
ShortName = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=LINE_PATTERN)]
ShortLine = Annotated[str, msgspec.Meta(max_length=64, pattern=LINE_PATTERN)]
LongText = Annotated[str, msgspec.Meta(max_length=8_192, pattern=TEXT_PATTERN)]
"""Paragraphs: tabs and line feeds are allowed."""
ShortText = Annotated[str, msgspec.Meta(max_length=1_024, pattern=TEXT_PATTERN)]
Uri = Annotated[str, msgspec.Meta(max_length=URI_CHARS_MAX, pattern=URI_PATTERN)]
Time = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""Milliseconds since 1970-01-01 UTC; 0 where a time may be absent means absent."""
Hash32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]

_uri = re.compile(URI_PATTERN)


def is_uri(text: str) -> bool:
    """Whether ``text`` is a URI that records may hold (not empty)."""
    return bool(text) and len(text) <= URI_CHARS_MAX and _uri.match(text) is not None
