"""The state in chunks: each proves itself, together they are the state, on every node the same bytes."""

from array import array
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError, Rejected
from chainnode.proofs.history import HistoryFrontier
from chainnode.proofs.sparse import EMPTY
from chainnode.state.bulk import leaf_of
from chainnode.store.snapshot import (
    CHUNK_BITS_MAX,
    Manifest,
    chunk_of,
    chunk_root,
    key_prefix,
    open_chunk,
    open_manifest,
)
from chainnode.store.snapshot_export import MANIFEST_NAME, SnapshotExport, cut, remove_snapshots, stored_heights
from tests.support.joining import export
from tests.support.local_chain import CHAIN_ID, LocalChain
from tests.support.naive_tree import naive_root

PAIRS = st.dictionaries(st.binary(min_size=1, max_size=6), st.binary(min_size=1, max_size=6), max_size=60)


def _cut(pairs: dict[bytes, bytes], bytes_target: int) -> list[tuple[int, int]]:
    sizes = array("Q", bytes(8 << CHUNK_BITS_MAX))
    for key, value in pairs.items():
        sizes[key_prefix(key)] += len(key) + len(value)
    return cut(sizes, bytes_target)


@settings(max_examples=40, deadline=None)
@given(pairs=PAIRS, bytes_target=st.integers(1, 200))
def test_any_state_cut_anywhere_is_whole_again(pairs: dict[bytes, bytes], bytes_target: int) -> None:
    """Chunks cover the key space once, hold every pair once, and lead to the state root."""
    ordered = sorted(pairs.items(), key=lambda pair: leaf_of(*pair))
    chunks, found = [], []
    for bits, prefix in _cut(pairs, bytes_target):
        inside = [pair for pair in ordered if key_prefix(pair[0]) >> (CHUNK_BITS_MAX - bits) == prefix]
        chunk, data = chunk_of(bits, prefix, inside)
        assert open_chunk(chunk, data) == tuple(inside)
        assert chunk.size_bytes == len(data)
        chunks.append(chunk)
        found += inside
    assert found == ordered
    assert chunk_root(chunks) == naive_root(pairs)


@settings(max_examples=60, deadline=None)
@given(pairs=PAIRS.filter(lambda pairs: len(pairs) > 1), data=st.data())
def test_no_chunk_can_be_altered_unseen(pairs: dict[bytes, bytes], data: st.DataObject) -> None:
    """A pair changed, dropped, added or moved: refused with a code."""
    ordered = sorted(pairs.items(), key=lambda pair: leaf_of(*pair))
    chunk, _ = chunk_of(0, 0, ordered)
    at = data.draw(st.integers(0, len(ordered) - 1))
    key, value = ordered[at]
    other = data.draw(st.binary(min_size=1, max_size=6).filter(lambda found: found not in pairs))
    altered = {
        "value": [*ordered[:at], (key, value + b"x"), *ordered[at + 1 :]],
        "dropped": [*ordered[:at], *ordered[at + 1 :]],
        "added": sorted([*ordered, (other, b"x")], key=lambda pair: leaf_of(*pair)),
        "moved": ordered[::-1],
        "twice": [*ordered, ordered[-1]],
    }
    for change in altered.values():
        with pytest.raises(Rejected) as refused:
            open_chunk(chunk, encode(change))
        assert refused.value.code in {"chunk-root", "chunk-order"}


def test_key_of_another_chunk_is_refused() -> None:
    """A chunk holds what begins with its prefix and nothing else."""
    keys = [number.to_bytes(2, "big") for number in range(50)]
    ordered = sorted(((key, b"v") for key in keys), key=lambda pair: leaf_of(*pair))
    left = [pair for pair in ordered if key_prefix(pair[0]) < 1 << 15]
    chunk, _ = chunk_of(1, 0, left)
    with pytest.raises(Rejected) as refused:
        open_chunk(chunk, encode(ordered[: len(left) + 1]))
    assert refused.value.code == "chunk-prefix"


def test_bytes_that_are_no_chunk_are_refused() -> None:
    """DecodeError before anything is hashed."""
    chunk, data = chunk_of(0, 0, [(b"k", b"v")])
    for junk in (b"", data[:-1], data + b"\x00", b"\xff" * 9, encode([[b"k", b""]]), encode([[b"", b"v"]])):
        with pytest.raises(DecodeError):
            open_chunk(chunk, junk)


def test_manifest_of_chunks_nested_too_deep_is_refused() -> None:
    """Bounded work: no manifest makes the reader descend beyond CHUNK_BITS_MAX."""
    chunk, _ = chunk_of(0, 0, [(b"k", b"v")])
    deep = msgspec.structs.replace(chunk, bits=3, prefix=5)
    frontier = HistoryFrontier().append(bytes(32))[0].encode()
    for chunks in ((deep,), (chunk, chunk), (msgspec.structs.replace(chunk, pairs=0),)):
        with pytest.raises(Rejected) as refused:
            open_manifest(encode(Manifest(1, "c", 0, bytes(32), chunk.root, frontier, chunks)))
        assert refused.value.code == "snapshot-cover"


def test_empty_state_is_one_empty_chunk() -> None:
    """Nothing is a state too."""
    chunk, data = chunk_of(0, 0, [])
    assert chunk.root == EMPTY
    assert chunk_root([chunk]) == EMPTY
    assert open_chunk(chunk, data) == ()


def test_same_state_gives_the_same_snapshot_everywhere(tmp_path: Path) -> None:
    """Peers can share the work of serving only if their chunks are the same bytes."""
    paths = []
    for name in ("a", "b"):
        chain = LocalChain()
        chain.grow(4, 3)
        paths.append(export(chain, tmp_path / name))
    content = [{file.name: file.read_bytes() for file in path.iterdir()} for path in paths]
    assert content[0] == content[1]
    assert len(content[0]) > 4
    manifest = open_manifest(content[0][MANIFEST_NAME])
    assert manifest.height == 4
    assert manifest.chain_id == CHAIN_ID


def test_export_in_several_passes_gives_the_same_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state larger than memory is read several times."""
    chain = LocalChain()
    chain.grow(4, 3)
    once = export(chain, tmp_path / "once")
    monkeypatch.setattr("chainnode.store.snapshot_export.PASS_BYTES_MAX", 900)
    often = export(chain, tmp_path / "often")
    assert {f.name: f.read_bytes() for f in once.iterdir()} == {f.name: f.read_bytes() for f in often.iterdir()}


def test_export_shows_the_moment_it_began(tmp_path: Path) -> None:
    """A frozen view: blocks decided meanwhile do not reach it."""
    chain = LocalChain()
    chain.grow(3)
    root = chain.ledger.tip.state_root
    with chain.ledger.store.snapshot() as reader:
        made = SnapshotExport(reader, CHAIN_ID, tmp_path)
        steps = made.steps()
        next(steps)
        chain.grow(2)
        for _ in steps:
            pass
    assert open_manifest((made.path / MANIFEST_NAME).read_bytes()).state_root == root


def test_interrupted_export_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    """The directory appears when it is whole; the next one removes the remains."""
    chain = LocalChain()
    chain.grow(3)
    with chain.ledger.store.snapshot() as reader:
        steps = SnapshotExport(reader, CHAIN_ID, tmp_path).steps()
        next(steps)
        del steps
    assert stored_heights(tmp_path) == []
    assert list(tmp_path.glob("*.partial"))
    export(chain, tmp_path)
    assert stored_heights(tmp_path) == [3]
    assert not list(tmp_path.glob("*.partial"))


def test_only_the_newest_snapshots_are_kept(tmp_path: Path) -> None:
    """Bounded on disk."""
    chain = LocalChain()
    for _ in range(3):
        chain.grow(1)
        export(chain, tmp_path)
    (tmp_path / "0000000000000009.partial").mkdir()
    remove_snapshots(tmp_path, 2)
    assert stored_heights(tmp_path) == [2, 3]
    assert not list(tmp_path.glob("*.partial"))
    remove_snapshots(tmp_path / "absent", 2)
