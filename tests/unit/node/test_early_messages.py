"""``EarlyMessages``: what is kept, for how long, and how much of it at most."""

import pytest

from chainnode.node.early_messages import (
    EARLY_BYTES_MAX,
    EARLY_HEIGHTS_MAX,
    EARLY_MESSAGES_OF_PEER_MAX,
    EarlyMessages,
)
from tests.unit.node.wire import KEYS, peer

OBSERVER = 4


def keep(early: EarlyMessages, sender: int, height: int, payload: bytes = b"m", validators: int = 4) -> bool:
    return early.keep(peer(sender), height, payload, present=2, validators=validators)


def test_messages_come_back_in_order_of_height_once_their_height_or_the_one_before_has_come() -> None:
    """SPEC F0: the core takes its height and the next; what is above stays, what is below is let go."""
    early = EarlyMessages()
    for sender, height, payload in ((1, 6, b"a"), (2, 5, b"b"), (1, 4, b"c"), (3, 5, b"d"), (1, 7, b"e")):
        assert keep(early, sender, height, payload)

    assert early.due(2) == []
    assert len(early) == 5
    assert early.due(5) == [(peer(2), b"b"), (peer(3), b"d"), (peer(1), b"a")]
    assert early.due(5) == []
    assert early.due(6) == [(peer(1), b"e")]
    assert len(early) == 0


def test_message_of_a_height_too_far_above_is_not_kept() -> None:
    """Who is further behind catches up."""
    early = EarlyMessages()

    assert keep(early, 1, 2 + EARLY_HEIGHTS_MAX)
    assert not keep(early, 1, 3 + EARLY_HEIGHTS_MAX)
    assert not keep(early, 1, 2**63)


def test_observer_says_nothing_that_is_kept() -> None:
    """The bound is for each validator; of observers there may be any number."""
    early = EarlyMessages()

    assert not keep(early, OBSERVER, 4)


@pytest.mark.parametrize(("validators", "size"), [(4, EARLY_BYTES_MAX // 4), (100, EARLY_BYTES_MAX // 100)])
def test_each_validator_has_its_part_of_the_bytes(validators: int, size: int) -> None:
    """A flood from one leaves the room of the others, and what was taken back makes room again."""
    early = EarlyMessages()

    assert keep(early, 1, 4, bytes(size - 1), validators)
    assert keep(early, 1, 4, b"m", validators)
    assert not keep(early, 1, 4, b"m", validators)
    assert keep(early, 2, 4, bytes(size), validators)
    early.due(4)
    assert keep(early, 1, 4, bytes(size), validators)


def test_each_validator_has_its_number_of_messages() -> None:
    """However small they are; a peer that is gone leaves nothing behind."""
    early = EarlyMessages()

    assert [keep(early, 1, 4) for _ in range(EARLY_MESSAGES_OF_PEER_MAX + 1)].count(True) == EARLY_MESSAGES_OF_PEER_MAX
    assert keep(early, 2, 4)
    early.forget(KEYS[1])
    assert len(early) == 1
    assert keep(early, 1, 4)
    early.forget(KEYS[3])
    assert len(early) == 2
