"""Messages of heights that this replica has not come to, kept until it does, as if their links had been slower.

The core takes the messages of its height and of the next one (SPEC F0). A validator that stands still for a few blocks,
as for a sync that takes long, finds what the others have said meanwhile in its links all at once. Were the rest of it
dropped, nobody would repeat it before the next period (R8): the others would wait for a leader that is a block behind
and does not know it, until their patience ends and its turns are gone (R12).

What is kept has passed no check but the filter's. It is given back to the gate in order of height, there to be judged
as if it came then.
"""

from collections import Counter
from typing import Final, NamedTuple

from chainnode.limits import MIB
from chainnode.net.peer import Peer

EARLY_HEIGHTS_MAX: Final = 16
"""Above the present height; who is further behind is quicker to catch up than to vote its way through."""
EARLY_BYTES_MAX: Final = 16 * MIB
"""Of the messages of all validators, divided by their number: four proposals of 10,000 transactions and the votes for
them among 31, one of 2,000 among 100."""
EARLY_MESSAGES_OF_PEER_MAX: Final = 4 * EARLY_HEIGHTS_MAX
"""One of each type a height is what a correct validator says in the usual view."""


class _Early(NamedTuple):
    height: int
    peer: Peer
    payload: bytes


class EarlyMessages:
    """Bounded for each validator, so that one that says a lot loses what it says itself."""

    def __init__(self) -> None:
        self._kept: list[_Early] = []
        self._bytes_of: Counter[bytes] = Counter()
        self._messages_of: Counter[bytes] = Counter()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, peer: Peer, height: int, payload: bytes, *, present: int, validators: int) -> bool:
        """Keep one message; False where it is too early for ``present``, or one of ``validators`` has no room left."""
        key = peer.node_key
        if (
            not peer.role.is_validator
            or height > present + EARLY_HEIGHTS_MAX
            or self._messages_of[key] >= EARLY_MESSAGES_OF_PEER_MAX
            or self._bytes_of[key] + len(payload) > EARLY_BYTES_MAX // validators
        ):
            return False
        self._kept.append(_Early(height, peer, payload))
        self._bytes_of[key] += len(payload)
        self._messages_of[key] += 1
        return True

    def due(self, present: int) -> list[tuple[Peer, bytes]]:
        """Take what is for the ``present`` height or the next, the lowest first; what is for a lower one is let go."""
        if not self._kept:
            return []
        kept = self._kept
        self._retain([early for early in kept if early.height > present + 1])
        taken = sorted((early for early in kept if present <= early.height <= present + 1), key=lambda one: one.height)
        return [(early.peer, early.payload) for early in taken]

    def forget(self, node_key: bytes) -> None:
        """A peer is gone, and what it said early with it."""
        if self._messages_of[node_key]:
            self._retain([early for early in self._kept if early.peer.node_key != node_key])

    def _retain(self, kept: list[_Early]) -> None:
        self._kept = kept
        self._bytes_of.clear()
        self._messages_of.clear()
        for early in kept:
            self._bytes_of[early.peer.node_key] += len(early.payload)
            self._messages_of[early.peer.node_key] += 1
