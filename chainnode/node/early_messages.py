"""Messages that this replica can use later, kept until then, as if their links had been slower.

The core takes the messages of its height and of the next one (SPEC F0), and no proposal while it syncs (R9). A
validator that stands still for a few blocks, as for a sync that takes long, finds what the others have said meanwhile
in its links all at once. Were the rest of it dropped, nobody would repeat it before the next period (R8): the others
would wait for a leader that is a block behind and does not know it, until their patience ends and its turns are gone
(R12).

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


class EarlyMessage(NamedTuple):
    """One message as it came."""

    height: int
    peer: Peer
    payload: bytes


class EarlyMessages:
    """Bounded for each validator by its node key, so that one that says a lot loses what it says itself."""

    def __init__(self) -> None:
        self._kept: dict[tuple[bytes, bytes], EarlyMessage] = {}
        """By node key and payload: what is repeated (R8) is kept once."""
        self._lowest = 0
        self._bytes_of: Counter[bytes] = Counter()
        self._messages_of: Counter[bytes] = Counter()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, message: EarlyMessage, *, present: int, validators: int) -> bool:
        """Keep one message; False where it is too early for ``present``, or one of ``validators`` has no room left."""
        key = message.peer.node_key
        if (key, message.payload) in self._kept:
            return True
        if (
            not message.peer.role.is_validator
            or message.height > present + EARLY_HEIGHTS_MAX
            or self._messages_of[key] >= EARLY_MESSAGES_OF_PEER_MAX
            or self._bytes_of[key] + len(message.payload) > EARLY_BYTES_MAX // validators
        ):
            return False
        self._lowest = min(self._lowest, message.height) if self._kept else message.height
        self._kept[key, message.payload] = message
        self._bytes_of[key] += len(message.payload)
        self._messages_of[key] += 1
        return True

    def due(self, present: int) -> list[EarlyMessage]:
        """Take what is for the ``present`` height, the next, or one that has passed; the lowest first."""
        if not self._kept or self._lowest > present + 1:
            return []
        taken = [early for early in self._kept.values() if early.height <= present + 1]
        self._remove(taken)
        return sorted(taken, key=lambda early: early.height)

    def forget(self, node_key: bytes) -> None:
        """Let go of what a peer said."""
        self._remove([early for early in self._kept.values() if early.peer.node_key == node_key])

    def _remove(self, gone: list[EarlyMessage]) -> None:
        for early in gone:
            key = early.peer.node_key
            del self._kept[key, early.payload]
            self._bytes_of[key] -= len(early.payload)
            self._messages_of[key] -= 1
            if not self._messages_of[key]:
                del self._bytes_of[key], self._messages_of[key]
        self._lowest = min((early.height for early in self._kept.values()), default=0)
