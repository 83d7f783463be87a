"""Keys of the ledger's records, and the seal on each value.

    m | name                            marker, genesis, tip, history frontier, height the tree is pruned to,
                                    height of the snapshot the ledger began from, lowest height filled in since
    h | height                          header
    b | height                          body
    c | height                          certificate
    d | height                          ids of the block's transactions, 32 bytes each
    r | height | chunk                  receipts: chunk 0 the block's own where it has events, then 16 to a record
    H | block hash                      height
    t | tx id                           height, index
    s | state key                       state value
    n | node key                        state-tree node
    u | height                          what the height changed in the state tree
    x | height | chunk                  stored state-tree nodes that this height, whose nodes are stored, does not use
    y | level | index                   node of the history tree
    l | height                          seal of the block, where there is one (``types.seal``)
    i | fact | height                   where in the block its events are of which this is true (``index_fact``)

Heights are 8 bytes, chunks and indexes 4, big-endian, so byte order is ledger order.

Values end in four bytes of CRC-32 over their key and themselves. LevelDB's checksums cover
its blocks; the seal covers the way from us to them and a value found under another's key. Kind ``i`` has none: there
are several for each transaction, and what they lead to shows whether they are right, as an event names its facts.
"""

from bisect import bisect_right
from functools import lru_cache
from hashlib import sha256
from typing import Final
from zlib import crc32

from chainnode.codec.canonical import encode
from chainnode.errors import StoreCorrupt

FORMAT: Final = b"chainnode-ledger/3"
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
CHANGES: Final = b"u"
STALE: Final = b"x"
HISTORY: Final = b"y"
SEALS: Final = b"l"
INDEX: Final = b"i"

BLOCK_INDEX: Final = -1
"""Stands for the block itself where events name the index of their transaction: its events come first."""
BLOCK_CHUNK: Final = 0
RECEIPTS_PER_RECORD: Final = 16
"""One lookup reads about 5 KiB, ten times that with many operations in each; 1,000 transactions write 63 records."""
STALE_PER_RECORD: Final = 1_024
SEAL_BYTES: Final = 4
FACT_HEAD_BYTES: Final = 8
FACT_DIGEST_BYTES: Final = 20
FACT_VALUE_BYTES_MAX: Final = 32
"""Ids and digests stand in a fact as they are: hashing them would cost more than the bytes it saves."""
PLACE_BYTES: Final = 8


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


@lru_cache(maxsize=1_024)
def fact_head(name: str, attribute: str) -> bytes:
    """What the facts of all values of an event's attribute begin with; the program knows some hundred."""
    return sha256(encode((name, attribute))).digest()[:FACT_HEAD_BYTES]


def fact_of(head: bytes, value: str | int | bytes | None) -> bytes:
    """The fact that an attribute has ``value``: short bytes as they are, anything else by its hash.

    The byte after the head says which, and how long, so that no fact begins with another.
    """
    if type(value) is bytes and len(value) <= FACT_VALUE_BYTES_MAX:
        return head + _LENGTHS[len(value)] + value
    return head + b"\x00" + sha256(encode(value)).digest()[:FACT_DIGEST_BYTES]


_LENGTHS: Final = tuple(bytes((length + 1,)) for length in range(FACT_VALUE_BYTES_MAX + 1))


def index_fact(name: str, attribute: str, value: str | int | bytes | None) -> bytes:
    """What makes an event findable by one of its attributes; by its name alone with ``""`` and None.

    Two attributes or values of one fact are not to be expected: whoever acts on a hit reads the event
    it points to, and one without the fact is damage.
    """
    return fact_of(fact_head(name, attribute), value)


def index_key(fact: bytes, height: int) -> bytes:
    """Where the places of all events of a block of which ``fact`` is true are: 8 bytes for each, ascending."""
    return INDEX + fact + height.to_bytes(8, "big")


def event_place(index: int, event: int) -> bytes:
    """Where an event is in its block: byte order is ledger order.

    ``index`` is the transaction's in its block, or ``BLOCK_INDEX`` (so places count from it), ``event`` the
    event's in its receipt.
    """
    return (index - BLOCK_INDEX << 32 | event).to_bytes(PLACE_BYTES, "big")


def read_event_places(data: bytes, after: bytes, limit: int) -> list[tuple[int, int]]:
    """The first ``limit`` places in ``data`` that follow place ``after``, each as ``(index, event)``.

    Raises:
        StoreCorrupt: ``data-corrupt``: not a whole number of places.
    """
    if not data or len(data) % PLACE_BYTES:
        raise StoreCorrupt("data-corrupt", "an index record holds a part of a place", found=len(data))
    starts = range(0, len(data), PLACE_BYTES)
    first = bisect_right(starts, after, key=lambda at: data[at : at + PLACE_BYTES])
    numbers = [int.from_bytes(data[at : at + PLACE_BYTES], "big") for at in starts[first : first + limit]]
    return [((number >> 32) + BLOCK_INDEX, number & 0xFFFF_FFFF) for number in numbers]


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
