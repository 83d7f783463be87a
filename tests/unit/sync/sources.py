"""Peers as a fetcher sees them: each answers as it likes, or refuses."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from chainnode.errors import RequestFailed

Answer = Callable[[int, bytes], bytes]
LateAnswer = Callable[[int, bytes], Awaitable[bytes]]


class Sources:
    """A network of scripted peers, by name."""

    def __init__(self, **peers: Answer | LateAnswer) -> None:
        self.peers: dict[bytes, Answer | LateAnswer] = {name.encode(): answer for name, answer in peers.items()}
        self.asked: list[tuple[bytes, int, bytes]] = []
        self.reported: list[tuple[bytes, str]] = []
        self.slow: list[tuple[bytes, str]] = []
        self.first: list[Sequence[int]] = []

    async def request(self, node_key: bytes, kind: int, payload: bytes, timeout_ms: int) -> bytes:
        assert timeout_ms > 0
        self.asked.append((node_key, kind, payload))
        answer = self.peers[node_key](kind, payload)
        if isinstance(answer, bytes):
            return answer
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                return await answer
        except TimeoutError as error:
            raise RequestFailed("request-timeout", "no answer in time") from error

    def sources(self, first: Sequence[int]) -> list[bytes]:
        self.first.append(first)
        return list(self.peers)

    def report(self, node_key: bytes, code: str) -> None:
        self.reported.append((node_key, code))

    def note_slow(self, node_key: bytes, code: str) -> None:
        self.slow.append((node_key, code))


def silent(kind: int, payload: bytes) -> bytes:
    """A peer that does not answer in time."""
    raise RequestFailed("request-timeout", "no answer in time")
