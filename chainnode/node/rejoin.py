"""A validator that lost its votes, or cannot trust what it remembers of them, comes back without voting twice.

It abstains until it has learned where the others stand. Whatever its key signed before was at a height whose parent a
quorum had committed; any q validators but itself include an honest one of those, whose tip is at most one lower. So
once q others have said where they stand, and this node's own chain, block by certified block, has reached all of it,
nothing was signed above tip + 2, and the key may speak from tip + 3 on. A peer that claims a tip nobody can prove
never counts: the validator that lost its state is one of the f faulty, so q others are honest.

Source: consensus/SPEC.md, Rejoin.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from chainnode.chain.certificate import open_certificate
from chainnode.chain.epochs import validators_at
from chainnode.chain.ledger import Ledger
from chainnode.types.validator_set import voting_set

UNREMEMBERED_HEIGHTS: Final = 2
"""Above what is known to be decided, how far an own forgotten vote may reach."""
LOOK_BACK_HEIGHTS: Final = 64
"""Certificates searched for an own signature at a start."""
NOTHING_ABOVE: Final = 2**53
"""Silent at every height."""


class Rejoin:
    """Counts who has been caught up with."""

    def __init__(self, own_node_key: bytes) -> None:
        """``own_node_key`` does not count: this node learns from others."""
        self._own_node_key = own_node_key
        self._reached: set[bytes] = set()

    def speak_above(
        self, tip_height: int, quorum: int, members: Sequence[bytes], heard: Mapping[bytes, int]
    ) -> int | None:
        """The height up to which to stay silent, once enough is known; None until then.

        Args:
            tip_height: own certified tip.
            quorum: q of the present set.
            members: node keys of the present set.
            heard: what connected peers said of their tips since this node started.
        """
        others = [key for key in members if key != self._own_node_key]
        for key in others:
            if key in heard and heard[key] <= tip_height:
                self._reached.add(key)
        # With two validators the other one is all there is to learn from; alone there is nobody.
        needed = max(1, min(quorum, len(others)))
        if sum(key in self._reached for key in others) < needed:
            return None
        return tip_height + UNREMEMBERED_HEIGHTS


def forgotten_height(ledger: Ledger, consensus_key: bytes, signed_height: int) -> int | None:
    """A height whose certificate holds a signature of this key that its sign-state knows nothing of.

    Then the sign-state is older than the key's votes: it was lost or restored, and the next vote may be the second.
    """
    state, store = ledger.surroundings.state, ledger.store
    tip = ledger.tip.height
    for height in range(tip, max(signed_height, tip - LOOK_BACK_HEIGHTS, 0), -1):
        certificate = store.certificate(height)
        index = voting_set(validators_at(state, height)).index_of(consensus_key)
        if certificate and index is not None and index in open_certificate(certificate).signer_indexes():
            return height
    return None
