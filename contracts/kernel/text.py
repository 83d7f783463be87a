"""Text as the ledger accepts it.

Bounds count characters. Control characters, line separators and the marks that turn the
direction of writing are refused: they hide content from the person who reads a
record. Nothing here asks the interpreter's Unicode tables (``str.isprintable``,
normalisation): they differ between Python versions, and two validators would
disagree.
"""

import re
from typing import Annotated, Final

import msgspec

from chainnode.limits import DID_BYTES_MAX

_HIDING: Final = r"\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
UNFIT_IN_LINE: Final = rf"[\x00-\x1f{_HIDING}]"
UNFIT_IN_TEXT: Final = rf"[\x00-\x08\x0b-\x1f{_HIDING}]"
LINE_PATTERN: Final = rf"\A[^\x00-\x1f{_HIDING}]*\Z"
TEXT_PATTERN: Final = rf"\A[^\x00-\x08\x0b-\x1f{_HIDING}]*\Z"
_SCHEMES: Final = "https?|ftps?|sftp|s3|ipfs|ipns|urn|did|mailto|tel|magnet|oci|git"
_URI: Final = rf"(?:{_SCHEMES}):[^\x00-\x20{_HIDING}<>\"\\^`{{|}}]+"
URI_PATTERN: Final = rf"\A(?:{_URI})?\Z"
"""A URI of a scheme that a reader may follow without running anything; empty when there is none."""
DID_PATTERN: Final = r"\A(?:did:[a-z0-9]+:[A-Za-z0-9._:%-]+)?\Z"
"""A DID of any method; empty when there is none. Source: DID Core 1.1, section 3.1."""

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
Address = Annotated[str, msgspec.Meta(min_length=1, max_length=URI_CHARS_MAX, pattern=rf"\A{_URI}\Z")]
"""A URI that must be there."""
AnyDid = Annotated[str, msgspec.Meta(max_length=DID_BYTES_MAX, pattern=DID_PATTERN)]
Time = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""Milliseconds since 1970-01-01 UTC; 0 where a time may be absent means absent."""
Hash32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]

_uri = re.compile(URI_PATTERN)


def is_uri(text: str) -> bool:
    """Whether ``text`` is a URI that records may hold (not empty)."""
    return bool(text) and len(text) <= URI_CHARS_MAX and _uri.match(text) is not None
