"""Keys of the ledger's records, and the seal on each value.

    m | name                            marker, genesis, tip, history frontier, height the tree is pruned to,
                                    height of the snapshot the ledger began from, lowest height filled in since
    h | height                          header
    b | height                          body
    c | height                          certificate
    d | height                          ids of the block's transactions, 32 bytes each
    r | height | chunk                  receipts: chunk 0 the block's own where it has events, then 64 to a record
    H | block hash                      height
    t | tx id                           height, index
    s | state key                       state value
    n | node key                        state-tree node
    x | height | chunk                  state-tree nodes that this height replaced
    y | level | index                   node of the history tree
    i | entry                           an event, by name and attribute (``index_entry``)

Heights are 8 bytes, chunks and indexes 4, big-endian, so byte order is ledger order.

Every value ends in four bytes of CRC-32 over its key and itself. LevelDB's checksums cover
its blocks; the seal covers the way from us to them and a value found under another's key.
"""

from hashlib import sha256
from typing import Final
from zlib import crc32

from chainnode.codec.canonical import encode
from chainnode.errors import StoreCorrupt

FORMAT: Final = b"chainnode-ledger/1"
"""Written last at creation. A program that does not know the marker leaves the data alone."""

FORMAT_KEY: Final = b"mformat"
GENESIS_KEY: Final = b"mgenesis"
TIP_KEY: Final = b"mtip"
FRONTIER_KEY: Final = b"mfrontier"
PRUNED_KEY: Final = b"mpruned"
BASE_KEY: Final = b"mbase"
FLOOR_KEY: Final = b"mfloor"

HEADER: Final = b"h"
BODY: Final = b"b"
CERTIFICATE: Final = b"c"
TX_IDS: Final = b"d"
RECEIPTS: Final = b"r"
BLOCK_HASH: Final = b"H"
TRANSACTION: Final = b"t"
STATE: Final = b"s"
TREE: Final = b"n"
STALE: Final = b"x"
HISTORY: Final = b"y"
INDEX: Final = b"i"

BLOCK_INDEX: Final = -1
"""Stands for the block itself where events name the index of their transaction: its events come first."""
BLOCK_CHUNK: Final = 0
RECEIPTS_PER_RECORD: Final = 64
"""One lookup reads about 20 KiB; a block of 1,000 transactions writes 16 records instead of 1,000."""
STALE_PER_RECORD: Final = 1_024
SEAL_BYTES: Final = 4
INDEX_DIGEST_BYTES: Final = 20


def height_key(prefix: bytes, height: int) -> bytes:
    """``prefix | height``."""
    return prefix + height.to_bytes(8, "big")


def chunk_key(prefix: bytes, height: int, chunk: int) -> bytes:
    """``prefix | height | chunk``."""
    return prefix + height.to_bytes(8, "big") + chunk.to_bytes(4, "big")


def history_key(level: int, index: int) -> bytes:
    """``y | level (1 byte) | index``."""
    return HISTORY + bytes((level,)) + index.to_bytes(8, "big")


def position_bytes(height: int, index: int) -> bytes:
    """Where a transaction is: 8 bytes of height, 4 of index in the block."""
    return height.to_bytes(8, "big") + index.to_bytes(4, "big")


def read_position(data: bytes) -> tuple[int, int]:
    """The inverse of ``position_bytes``."""
    return int.from_bytes(data[:8], "big"), int.from_bytes(data[8:12], "big")


def index_prefix(name: str, attribute: str, value: str | int | bytes | None) -> bytes:
    """What all entries of one indexed fact begin with: 20 bytes of SHA-256 over the canonical triple.

    Fixed size whatever the value; two facts of one prefix are not to be expected, yet
    whoever acts on a hit reads the event it points to and compares.
    """
    return sha256(encode((name, attribute, value))).digest()[:INDEX_DIGEST_BYTES]


def index_entry(
    name: str, attribute: str, value: str | int | bytes | None, *, height: int, index: int, event: int
) -> bytes:
    """The entry (36 bytes) that makes an event findable by one of its attributes.

    ``index`` is the transaction's in its block, or ``BLOCK_INDEX`` (so entries count from it), ``event`` the
    event's in its receipt. An entry with attribute ``""`` and value None makes the event findable by its name alone.
    """
    return index_prefix(name, attribute, value) + event_bytes(height, index, event)


def event_bytes(height: int, index: int, event: int) -> bytes:
    """Where an event is, as index entries end: byte order is ledger order."""
    return position_bytes(height, index - BLOCK_INDEX) + event.to_bytes(4, "big")


def read_event_place(data: bytes) -> tuple[int, int, int]:
    """The inverse of ``event_bytes``."""
    height, number = read_position(data)
    return height, number + BLOCK_INDEX, int.from_bytes(data[12:16], "big")


def receipt_chunk(index: int) -> tuple[int, int]:
    """Chunk that holds the receipt of transaction ``index``, and its place there."""
    chunk, offset = divmod(index, RECEIPTS_PER_RECORD)
    return BLOCK_CHUNK + 1 + chunk, offset


def seal(key: bytes, value: bytes) -> bytes:
    """``value`` with its checksum, as stored under ``key``."""
    return value + crc32(value, crc32(key)).to_bytes(4, "big")


def unseal(key: bytes, stored: bytes) -> bytes:
    """The value that was sealed under ``key``.

    Raises:
        StoreCorrupt: ``data-corrupt``: other bytes, or another key's.
    """
    value = stored[:-SEAL_BYTES]
    if len(stored) < SEAL_BYTES or crc32(value, crc32(key)).to_bytes(4, "big") != stored[-SEAL_BYTES:]:
        raise StoreCorrupt("data-corrupt", "a stored value fails its checksum", key=key[:64].hex())
    return value
