"""What waits to be written to one link: four bounded queues, served by strict priority.

Sans-IO: the link asks for the next batch when its socket takes more. A message
whose first piece went out is finished before the next of its channel begins, and
is never dropped, because the peer could not tell where it broke off.
"""

from collections import deque
from typing import Final

from chainnode import limits
from chainnode.net.channel import BOUNDS, CHANNELS, Channel
from chainnode.net.counter import NetworkCounters

Frames = tuple[bytes, ...]
_ORDER: Final = tuple(Channel)


class SendQueue:
    """Messages of one link that are not yet handed to the socket."""

    __slots__ = ("_begun", "_bytes", "_counters", "_waiting")

    def __init__(self, counters: NetworkCounters) -> None:
        self._waiting: list[deque[tuple[Frames, int]]] = [deque() for _ in BOUNDS]
        self._begun: list[deque[bytes]] = [deque() for _ in BOUNDS]
        self._bytes = [0] * CHANNELS
        self._counters = counters

    def __bool__(self) -> bool:
        return any(self._bytes)

    def bytes_waiting(self, channel: Channel) -> int:
        """Bytes of the channel that are not yet handed out."""
        return self._bytes[channel]

    def depths(self) -> tuple[int, ...]:
        """Messages that wait, per channel."""
        return tuple(map(len, self._waiting))

    def push(self, channel: Channel, frames: Frames) -> bool:
        """Queue one message; False if the channel is full and refuses what is new.

        A channel that forgets its oldest messages always accepts.
        """
        size = sum(map(len, frames))
        waiting = self._waiting[channel]
        bound = BOUNDS[channel]
        while self._bytes[channel] + size > bound.queue_bytes_max or len(waiting) >= limits.QUEUE_MESSAGES_MAX:
            self._counters.dropped_out[channel] += 1
            if not bound.drop_oldest or not waiting:
                return False
            self._bytes[channel] -= waiting.popleft()[1]
        waiting.append((frames, size))
        self._bytes[channel] += size
        self._counters.messages_out[channel] += 1
        self._counters.bytes_out[channel] += size
        return True

    def take(self, bytes_max: int) -> list[bytes]:
        """The next frames to write, most urgent first: at least one if any waits, else up to ``bytes_max`` bytes."""
        batch: list[bytes] = []
        room = bytes_max
        for channel in _ORDER:
            if not self._bytes[channel]:
                continue
            begun, waiting = self._begun[channel], self._waiting[channel]
            while begun or waiting:
                if not begun:
                    begun.extend(waiting.popleft()[0])
                size = len(begun[0])
                if batch and size > room:
                    return batch
                batch.append(begun.popleft())
                self._bytes[channel] -= size
                room -= size
        return batch

    def clear(self) -> None:
        """Forget everything: the link is gone."""
        for channel in _ORDER:
            self._waiting[channel].clear()
            self._begun[channel].clear()
            self._bytes[channel] = 0
