"""Request bodies of a submission, read strictly and in one pass.

MessagePack: one envelope, or an array of ``bin`` envelopes; the bytes of each reach admission untouched. JSON:

    {"envelope": "<base64>"}
    {"payload": "<base64>", "signatures": [{"scheme": "ed25519", "public_key": "<hex>", "signature": "<base64>"}]}
    {"transactions": [<any of the two>, ...]}

JSON is bounded in size and depth before it is parsed, and refused where readers differ: duplicate keys, NaN, Infinity,
invalid UTF-8. All three forms of one transaction make the same bytes, hence the same transaction.
"""

import base64
import binascii
import json
import re
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SCHEME_ED25519
from chainnode.errors import Rejected
from chainnode.limits import BULK_TRANSACTIONS_MAX, MIB, SIGNATURES_MAX
from chainnode.types.transaction import Envelope, Signature

JSON_BYTES_MAX: Final = 2 * MIB
"""JSON costs ten times the work of MessagePack; whoever submits in bulk uses that."""
JSON_DEPTH_MAX: Final = 8

_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, also one that never ends: were it no match, every later quote would scan to the end again, for hours."""
_NOT_BRACKETS: Final = bytes(value for value in range(256) if value not in b"[]{}")
_decode_list = msgspec.msgpack.Decoder(list[bytes]).decode


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scheme: Literal["ed25519"]
    public_key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    signature: str


class _Transaction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    envelope: str | None = None
    payload: str | None = None
    signatures: Annotated[tuple[_Signature, ...], msgspec.Meta(min_length=1, max_length=SIGNATURES_MAX)] | None = None


class Submitted(NamedTuple):
    """What a request carries."""

    envelopes: list[bytes]
    bulk: bool
    """It was a list: the answer is one, too."""


def read_msgpack(body: bytes) -> Submitted:
    """The envelopes in a MessagePack body.

    Raises:
        Rejected: ``body-empty`` or ``too-many-transactions``. Whether an envelope is one is admission's question.
    """
    count = _claimed_items(body)
    if count > BULK_TRANSACTIONS_MAX:
        # Counted before anything is built: 8 MiB could hold four million empty envelopes.
        raise _too_many(count)
    try:
        envelopes = _decode_list(body)
    except (msgspec.DecodeError, RecursionError):
        return Submitted([_present(body)], bulk=False)
    return Submitted(_counted(envelopes), bulk=True)


def read_json(body: bytes) -> Submitted:
    """The envelopes in a JSON body.

    Raises:
        Rejected: ``body-empty``, ``body-too-large``, ``body-too-deep``, ``body-duplicate-key``, ``body-malformed`` or
            ``too-many-transactions``.
    """
    document = parse_json(_present(body))
    if isinstance(document, dict) and set(document) == {"transactions"}:
        items = document["transactions"]
        if not isinstance(items, list):
            raise Rejected("body-malformed", "transactions is a list")
        return Submitted([_envelope(item, f"transactions[{at}]") for at, item in enumerate(_counted(items))], bulk=True)
    return Submitted([_envelope(document, "the body")], bulk=False)


def parse_json(body: bytes) -> Any:
    """Strictly parsed JSON of at most 2 MiB and 8 levels.

    Raises:
        Rejected: ``body-too-large``, ``body-too-deep``, ``body-duplicate-key`` or ``body-malformed``.
    """
    if len(body) > JSON_BYTES_MAX:
        raise Rejected("body-too-large", f"a JSON body has at most {JSON_BYTES_MAX} bytes", found=len(body))
    if _is_deep(body):
        raise Rejected("body-too-deep", f"the body nests deeper than {JSON_DEPTH_MAX} levels")
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise Rejected("body-malformed", f"not JSON: {error}") from error


def _is_deep(body: bytes) -> bool:
    """Whether brackets nest beyond the bound: outside strings, innermost pairs are removed level by level.

    Runs at the speed of C however hostile the body is; a parser would recurse first and count later.
    """
    brackets = _STRING.sub(b"", body).translate(None, _NOT_BRACKETS)
    for _ in range(JSON_DEPTH_MAX):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    # Brackets that are left and pair up are deeper; those that do not are for the parser to name.
    return b"[]" in brackets or b"{}" in brackets or len(brackets) > JSON_DEPTH_MAX


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Rejected("body-duplicate-key", "an object names one member twice")
    return found


def _constant(text: str) -> None:
    raise Rejected("body-malformed", f"{text} is not JSON")


def _envelope(item: Any, where: str) -> bytes:
    try:
        found = msgspec.convert(item, _Transaction)
    except msgspec.ValidationError as error:
        raise Rejected("body-malformed", f"{where}: {error}") from error
    if found.envelope is not None and found.payload is None and found.signatures is None:
        return _base64(found.envelope, f"{where}.envelope")
    if found.envelope is None and found.payload is not None and found.signatures is not None:
        signatures = tuple(
            Signature(SCHEME_ED25519, bytes.fromhex(one.public_key), _base64(one.signature, f"{where}.signatures"))
            for one in found.signatures
        )
        return encode(Envelope(_base64(found.payload, f"{where}.payload"), signatures))
    raise Rejected("body-malformed", f"{where} has either an envelope, or a payload and its signatures")


def _base64(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Rejected("body-malformed", f"{where} is not base64: {error}") from error


def _present(body: bytes) -> bytes:
    if not body:
        raise Rejected("body-empty", "the body is empty")
    return body


def _counted(items: list[Any]) -> list[Any]:
    if not items:
        raise Rejected("body-empty", "the list is empty")
    if len(items) > BULK_TRANSACTIONS_MAX:
        raise _too_many(len(items))
    return items


def _too_many(found: int) -> Rejected:
    message = f"one request carries at most {BULK_TRANSACTIONS_MAX} transactions"
    return Rejected("too-many-transactions", message, found=found)


def _claimed_items(body: bytes) -> int:
    """How many items the head of a MessagePack list of ``bin`` claims; 0 where the body is no such list."""
    head = {0xDC: 3, 0xDD: 5}.get(body[0] if body else 0, 0)
    if not head or body[head : head + 1] not in (b"\xc4", b"\xc5", b"\xc6"):
        return 0
    return int.from_bytes(body[1:head], "big")
