"""Status lists: one bit for each credential, so many together that asking for one tells nobody which.

    values = StatusList(131_072)
    values.set(94_567)
    credential = status_list_credential(values, purpose="revocation", issuer=..., uri=...)

A list is unpacked within a bound, whatever its sender wrote: a kilobyte of gzip can stand for a gigabyte.

Source: Bitstring Status List 1.0, sections 2 and 3; index 0 is the left-most bit.
"""

import base64
import binascii
import gzip
import re
import zlib
from hashlib import sha256
from typing import Any, Final, Self

from chainnode.errors import Rejected
from contracts.identity.credential import STATUS_BITS_MAX, STATUS_BITS_MIN, StatusPurpose

CREDENTIALS_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
LIST_CREDENTIAL: Final = "BitstringStatusListCredential"
LIST_SUBJECT: Final = "BitstringStatusList"
ENTRY: Final = "BitstringStatusListEntry"
ENCODED_CHARS_MAX: Final = 2 * STATUS_BITS_MAX // 8
"""Text of random bits of the largest length in base64url is 4/3 of them."""
_ENCODED: Final = re.compile(r"u[A-Za-z0-9_-]+")


class StatusList:
    """The bits of one list."""

    def __init__(self, length: int = STATUS_BITS_MIN) -> None:
        """A list of ``length`` bits, none of them set.

        Raises:
            Rejected: ``status-list-length``: fewer than 131,072, more than 2^23, or no whole number of bytes.
        """
        if not STATUS_BITS_MIN <= length <= STATUS_BITS_MAX or length % 8:
            raise Rejected(
                "status-list-length",
                f"a status list has {STATUS_BITS_MIN} to {STATUS_BITS_MAX} bits, in whole bytes",
                found=length,
            )
        self._bits = bytearray(length // 8)

    def __len__(self) -> int:
        """How many bits there are."""
        return len(self._bits) * 8

    def get(self, index: int) -> bool:
        """Whether the bit at ``index`` is set.

        Raises:
            Rejected: ``status-list-index``.
        """
        self._check(index)
        return bool(self._bits[index >> 3] & (0x80 >> (index & 7)))

    def set(self, index: int, value: bool = True) -> None:
        """Set the bit at ``index``, or clear it.

        Raises:
            Rejected: ``status-list-index``.
        """
        self._check(index)
        mask = 0x80 >> (index & 7)
        if value:
            self._bits[index >> 3] |= mask
        else:
            self._bits[index >> 3] &= ~mask

    def count(self) -> int:
        """How many bits are set."""
        return int.from_bytes(self._bits, "big").bit_count()

    def encode(self) -> str:
        """The ``encodedList``: multibase base64url of the gzip of the bits."""
        packed = gzip.compress(bytes(self._bits), mtime=0)
        return "u" + base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")

    @classmethod
    def decode(cls, encoded: str) -> Self:
        """The list that ``encoded`` stands for.

        Raises:
            Rejected: ``status-list-encoding`` or ``status-list-length``.
        """
        bits = _unpack(compressed_bytes(encoded))
        found = cls(len(bits) * 8)
        found._bits[:] = bits
        return found

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self):
            raise Rejected("status-list-index", f"the list has the indexes 0 to {len(self) - 1}", found=index)


def compressed_bytes(encoded: str) -> bytes:
    """The compressed list inside an ``encodedList``; its SHA-256 is what the ledger holds.

    Raises:
        Rejected: ``status-list-encoding``.
    """
    if len(encoded) > ENCODED_CHARS_MAX or _ENCODED.fullmatch(encoded) is None:
        raise Rejected("status-list-encoding", "an encoded list is 'u' and base64url without padding")
    text = encoded[1:]
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise Rejected("status-list-encoding", "an encoded list is 'u' and base64url without padding") from error


def list_digest(encoded: str) -> bytes:
    """What ``identity.anchor_status_list`` puts on the ledger for this ``encodedList``."""
    return sha256(compressed_bytes(encoded)).digest()


def _unpack(packed: bytes) -> bytes:
    most = STATUS_BITS_MAX // 8
    unpacker = zlib.decompressobj(wbits=31)
    try:
        bits = unpacker.decompress(packed, most + 1)
    except zlib.error as error:
        raise Rejected("status-list-encoding", "the list is not compressed by gzip") from error
    if len(bits) > most:
        raise Rejected("status-list-length", f"the list unpacks to more than {most} bytes", allowed=most)
    if not unpacker.eof or unpacker.unused_data:
        raise Rejected("status-list-encoding", "the compressed list is cut short, or something follows it")
    return bits


def status_list_credential(values: StatusList, *, purpose: StatusPurpose, issuer: str, uri: str) -> dict[str, Any]:
    """The credential that publishes ``values`` under ``uri``; to be signed."""
    return {
        "@context": [CREDENTIALS_CONTEXT],
        "id": uri,
        "type": ["VerifiableCredential", LIST_CREDENTIAL],
        "issuer": issuer,
        "credentialSubject": {
            "id": f"{uri}#list",
            "type": LIST_SUBJECT,
            "statusPurpose": purpose,
            "encodedList": values.encode(),
        },
    }


def status_entry(uri: str, index: int, purpose: StatusPurpose) -> dict[str, str]:
    """The ``credentialStatus`` of the credential with ``index`` in the list under ``uri``."""
    return {
        "id": f"{uri}#{index}",
        "type": ENTRY,
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": uri,
    }
