"""Hostile servers of snapshots (B17): chunks with other content, manifests of other states, and silence."""

import msgspec

from chainnode.codec.canonical import encode
from chainnode.store.snapshot import Manifest, chunk_of, chunk_root, manifest_hash, open_chunk, open_manifest
from chainnode.sync.snapshot_offer import decode_offer
from chainnode.sync.wire import GET_CHUNK, GET_HEADERS, GET_SNAPSHOT, decode_chunk_wanted, decode_headers
from tests.simulation.whole.hostile.port import Behaviour, HostilePort


def with_other_content(manifest: Manifest, index: int, data: bytes) -> tuple[Manifest, bytes] | None:
    """One value of one chunk changed, and the manifest that would go with it; None for an empty chunk."""
    chunk = manifest.chunks[index]
    pairs = list(open_chunk(chunk, data))
    if not pairs:
        return None
    key, value = pairs[0]
    pairs[0] = (key, bytes((value[0] ^ 1,)) + value[1:] if value else b"\0")
    changed, other = chunk_of(chunk.bits, chunk.prefix, pairs)
    chunks = (*manifest.chunks[:index], changed, *manifest.chunks[index + 1 :])
    return msgspec.structs.replace(manifest, chunks=chunks, state_root=chunk_root(chunks)), other


class FalseSnapshots(Behaviour):
    """Offers a state that nobody certified, consistent in itself, or serves a true one falsely."""

    def __init__(self, port: HostilePort, name: str) -> None:
        super().__init__(port, name)
        self._chunks: dict[tuple[bytes, int], bytes] = {}
        """What is served under a manifest of our own making."""

    def on_request(self, origin: int, kind: int, payload: bytes, honest: bytes | None) -> bytes | None:
        if kind == GET_CHUNK:
            return self._chunk(payload, honest)
        if kind not in {GET_SNAPSHOT, GET_HEADERS} or not honest:
            return honest
        way = self.random.randrange(4)
        if way == 0:
            return honest
        self.fired()
        if way == 1:
            return None
        if kind == GET_SNAPSHOT:
            return self._offer(honest) if way == 2 else honest[:-1] + bytes((honest[-1] ^ 1,))
        headers = decode_headers(honest)
        return encode(tuple(reversed(headers)) if way == 2 else headers[:-1])

    def _offer(self, honest: bytes) -> bytes:
        offer = decode_offer(honest)
        manifest = open_manifest(offer.manifest)
        shelf = self.port.node._snapshots.shelf
        hash_ = manifest_hash(offer.manifest)
        chunks = [shelf.chunk(hash_, index) or b"" for index in range(len(manifest.chunks))]
        index = self.random.randrange(len(chunks))
        changed = with_other_content(manifest, index, chunks[index])
        if changed is None:
            return honest
        data = encode(changed[0])
        chunks[index] = changed[1]
        self._chunks = {(manifest_hash(data), at): chunk for at, chunk in enumerate(chunks)}
        return encode(msgspec.structs.replace(offer, manifest=data))

    def _chunk(self, payload: bytes, honest: bytes | None) -> bytes | None:
        wanted = decode_chunk_wanted(payload)
        own = self._chunks.get((wanted.manifest_hash, wanted.index))
        if own is not None or not honest:
            return own or honest
        self.fired()
        shelf = self.port.node._snapshots.shelf
        way = self.random.randrange(4)
        if way == 0:
            return None
        if way == 1:
            return shelf.chunk(wanted.manifest_hash, 0)
        if way == 2:
            return honest[: len(honest) // 2]
        return _other_chunk(honest)


def _other_chunk(honest: bytes) -> bytes:
    """The chunk with one value changed: right in form, keys and number."""
    pairs = msgspec.msgpack.decode(honest)
    if pairs:
        key, value = pairs[0]
        pairs[0] = [key, bytes((value[0] ^ 1,)) + value[1:] if value else b"\0"]
    return encode(pairs)


SNAPSHOTS = {"false_snapshots": FalseSnapshots}
