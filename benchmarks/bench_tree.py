"""The authenticated state, from 10,000 to 1,000,000 keys.

Question: what does the authenticated state cost per changed key, and a proof, as the state grows?

Workload: a tree of hashed keys from one seed, grown in blocks; each measured block writes 1,000 keys, one in ten new,
the others spread evenly over all that exist, as registrations touch a register. Pages live in a dictionary, so that
this is the tree alone; the store has its own benchmark.
Unit: us for one changed key or one proof. Limit: as many SHA-256 calls as the tree is deep below its root (log2 of
the keys, one for each level, and two for key and value): what no such tree can do without.
A lie would be: writing the same few keys again (they spread), or a tree that postpones its hashing (each update answers
with its root, and the digest holds it).
"""

import math
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from benchmarks.harness import Case, Figure, Size, measure, single
from chainnode.proofs.sparse import verify_present
from chainnode.state.tree import StateTree

KEYS: Final = {"full": (10_000, 100_000, 1_000_000), "smoke": (2_000,)}
CHANGED: Final = {"full": 1_000, "smoke": 100}
BLOCK_KEYS: Final = 5_000
"""Written by one block while the tree grows."""
PROOFS: Final = 100


def run(size: Size) -> list[Figure]:
    found: list[Figure] = []
    pages: dict[bytes, bytes] = {}
    tree = StateTree(pages)
    keys, version = 0, 0
    for wanted in KEYS[size]:
        while keys < wanted:
            grown = min(BLOCK_KEYS, wanted - keys)
            changes: dict[bytes, bytes | None] = {_key(n): _value(n, version) for n in range(keys, keys + grown)}
            _store(tree, pages, version, changes)
            version += 1
            keys += grown
        found += _at(tree, pages, keys, version - 1, size)
        held = sum(len(key) + len(page) for key, page in pages.items())
        found.append(single(f"tree.bytes_per_key[{keys}]", "bytes", held / keys, "lower"))
    return found


def _key(number: int) -> bytes:
    return b"asset/%016x" % number


def _value(number: int, version: int) -> bytes:
    return b"%032d %032d" % (number, version)


def _store(tree: StateTree, pages: dict[bytes, bytes], version: int, changes: dict[bytes, bytes | None]) -> None:
    update = tree.update(version - 1 if version else None, version, changes)
    pages.update(update.writes)
    for stale in update.stale:
        pages.pop(stale, None)
    tree.adopt(update)


def _at(tree: StateTree, pages: dict[bytes, bytes], keys: int, version: int, size: Size) -> list[Figure]:
    count = CHANGED[size]
    step = keys // count
    old = [number * step for number in range(count - count // 10)]
    new = range(keys, keys + count // 10)
    changes: dict[bytes, bytes | None] = {_key(number): _value(number, -1) for number in [*old, *new]}
    one: dict[bytes, bytes | None] = {_key(keys // 2): _value(0, -1)}
    depth = math.ceil(math.log2(keys)) + 2
    raw = f"tree.raw_sha256[{keys}]"
    block = b"\1" + bytes(64)

    def hashes() -> bytes:
        found = b""
        for _ in range(count * depth):
            found = sha256(block).digest()
        return found

    def updated(written: dict[bytes, bytes | None]) -> Callable[[], bytes]:
        return lambda: tree.update(version, version + 1, written).root

    asked = range(0, keys, keys // PROOFS)
    wanted = [_key(number) for number in asked]
    cases = [
        Case(raw, hashes, count, note=f"{depth} hashes"),
        Case(f"tree.update[{keys} keys, {count} changed]", updated(changes), count, raw, note="per key"),
        Case(f"tree.update[{keys} keys, 1 changed]", updated(one), 1, raw, note="per key"),
        Case(f"tree.prove[{keys} keys]", lambda: _proofs(tree, version, wanted), PROOFS),
        Case(f"tree.verify[{keys} keys]", _verified(tree, version, asked), PROOFS, note="by its reader"),
    ]
    return measure(cases, size)


def _verified(tree: StateTree, version: int, numbers: range) -> Callable[[], bytes]:
    """The reader's side: each key with its value, against the root."""
    root = tree.root(version)
    jobs = [(_key(n), _value(n, n // BLOCK_KEYS), tree.prove(version, _key(n))) for n in numbers]

    def work() -> bytes:
        for key, value, proof in jobs:
            verify_present(root, key, value, proof)
        return root

    return work


def _proofs(tree: StateTree, version: int, keys: list[bytes]) -> bytes:
    return repr([tree.prove(version, key) for key in keys]).encode()
