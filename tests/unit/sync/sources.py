"""Peers as a fetcher sees them: each answers as it likes, or refuses."""

from collections.abc import Callable, Sequence

from chainnode.errors import RequestFailed

Answer = Callable[[int, bytes], bytes]


class Sources:
    """A network of scripted peers, by name."""

    def __init__(self, **peers: Answer) -> None:
        self.peers = {name.encode(): answer for name, answer in peers.items()}
        self.asked: list[tuple[bytes, int, bytes]] = []
        self.reported: list[tuple[bytes, str]] = []
        self.first: list[Sequence[int]] = []

    async def request(self, node_key: bytes, kind: int, payload: bytes, timeout_ms: int) -> bytes:
        assert timeout_ms > 0
        self.asked.append((node_key, kind, payload))
        return self.peers[node_key](kind, payload)

    def sources(self, first: Sequence[int]) -> list[bytes]:
        self.first.append(first)
        return list(self.peers)

    def report(self, node_key: bytes, code: str) -> None:
        self.reported.append((node_key, code))


def silent(kind: int, payload: bytes) -> bytes:
    """A peer that does not answer in time."""
    raise RequestFailed("timeout", "no answer in time")
