"""A small chain of correct, empty-handed blocks for tests of the store: right hashes and links, free content."""

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import ZERO_HASH
from chainnode.store.block_commit import BlockCommit
from chainnode.store.layout import event_place, index_fact
from chainnode.types.block import BLOCK_VERSION, Body, Header, StoredBlock, block_hash
from chainnode.types.genesis import EMPTY_TREE_ROOT, GENESIS_VERSION, SUITE_ED25519_SHA256, Genesis, genesis_header
from chainnode.types.receipt import OK, Event, Receipt
from chainnode.types.validator_set import Validator, ValidatorList


def genesis_bytes(chain_id: str = "test-store") -> bytes:
    """A genesis document of one validator."""
    validator = Validator("v0", "did:cnode:test-store:v0", bytes(31) + b"\x01", bytes(31) + b"\x02")
    return encode(
        Genesis(GENESIS_VERSION, chain_id, 1_000, SUITE_ED25519_SHA256, ValidatorList(0, (validator,)), (), ())
    )


def first_commit(genesis: bytes) -> BlockCommit:
    """The genesis block."""
    header = genesis_header(genesis)
    stored = StoredBlock(header, encode(Body((genesis,), b"", ())), b"")
    return BlockCommit(0, block_hash(header), stored, (), (), {b"k/genesis": b"1"}, {}, (), ZERO_HASH, EMPTY_TREE_ROOT)


def tx_id(height: int, index: int) -> bytes:
    """The id of a transaction of ``next_commit``."""
    return (height * 100_000 + index).to_bytes(32, "little")


def next_commit(before: BlockCommit, transactions: int = 3) -> BlockCommit:
    """A block on top of ``before``: each transaction emits one event and writes one state key of its own."""
    height = before.height + 1
    header = encode(
        Header(
            BLOCK_VERSION, "test-store", 0, height, before.block_hash, 1_000 + height, 0, ZERO_HASH, transactions, 0,
            EMPTY_TREE_ROOT, before.state_root, before.results_root, ZERO_HASH, ZERO_HASH, ZERO_HASH, ZERO_HASH,
        )
    )  # fmt: skip
    ids = [tx_id(height, index) for index in range(transactions)]
    body = encode(Body(tuple(b"envelope %d %d" % (height, index) for index in range(transactions)), b"", ()))
    events = [Event("thing.made", {"height": height, "index": index}) for index in range(transactions)]
    state: dict[bytes, bytes | None] = {
        b"k/%06d/%06d" % (height, index): b"made at %d" % height for index in range(transactions)
    }
    if height > 1:
        state[b"k/%06d/%06d" % (height - 1, 0)] = None
    places = [event_place(index, 0) for index in range(transactions)]
    entries = {index_fact("thing.made", "index", index): place for index, place in enumerate(places)}
    if places:
        entries[index_fact("thing.made", "", None)] = b"".join(places)
    return BlockCommit(
        height=height,
        block_hash=block_hash(header),
        stored=StoredBlock(header, body, b"certificate %d" % height),
        receipts=[
            encode(Receipt(ids[index], height, index, OK, -1, "", (events[index],))) for index in range(transactions)
        ],
        tx_ids=ids,
        state_changes=state,
        tree_writes={b"node %d" % height: b"page %d" % height},
        tree_stale=[b"node %d" % (height - 1)] if height > 1 else [],
        tree_version=height,
        state_root=height.to_bytes(32, "big"),
        results_root=height.to_bytes(32, "little"),
        history_nodes=[(0, height - 1, before.block_hash)],
        history_frontier=b"frontier %d" % height,
        index_entries=entries,
    )


def chain(blocks: int, transactions: int = 3, chain_id: str = "test-store") -> list[BlockCommit]:
    """The genesis block and ``blocks`` more."""
    commits = [first_commit(genesis_bytes(chain_id))]
    while len(commits) <= blocks:
        commits.append(next_commit(commits[-1], transactions))
    return commits
