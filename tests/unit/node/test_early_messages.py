"""``EarlyMessages``: what is kept, for how long, and how much of it at most."""

import pytest

from chainnode.node.early_messages import (
    EARLY_BYTES_MAX,
    EARLY_HEIGHTS_MAX,
    EARLY_MESSAGES_OF_PEER_MAX,
    EarlyMessage,
    EarlyMessages,
)
from tests.unit.node.wire import KEYS, peer

OBSERVER = 4


def keep(early: EarlyMessages, sender: int, height: int, payload: bytes = b"m", validators: int = 4) -> bool:
    return early.keep(EarlyMessage(height, peer(sender), payload), present=2, validators=validators)


def payloads(early: EarlyMessages, present: int) -> list[bytes]:
    return [message.payload for message in early.due(present)]


def test_messages_come_back_in_order_of_height_once_their_height_or_the_one_before_has_come() -> None:
    """SPEC F0: the core takes its height and the next; what is above stays, what is below is given out too."""
    early = EarlyMessages()
    for sender, height, payload in ((1, 6, b"a"), (2, 5, b"b"), (1, 4, b"c"), (3, 5, b"d"), (1, 7, b"e")):
        assert keep(early, sender, height, payload)

    assert payloads(early, 2) == []
    assert len(early) == 5
    assert payloads(early, 5) == [b"c", b"b", b"d", b"a"]
    assert payloads(early, 5) == []
    assert payloads(early, 6) == [b"e"]
    assert len(early) == 0


def test_message_of_a_height_too_far_above_is_not_kept() -> None:
    """Who is further behind catches up."""
    early = EarlyMessages()

    assert keep(early, 1, 2 + EARLY_HEIGHTS_MAX, b"near")
    assert not keep(early, 1, 3 + EARLY_HEIGHTS_MAX, b"far")
    assert not keep(early, 1, 2**63, b"nowhere")


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
    assert not keep(early, 1, 4, b"n", validators)
    assert keep(early, 2, 4, bytes(size), validators)
    early.due(4)
    assert keep(early, 1, 4, bytes(size), validators)


def test_each_validator_has_its_number_of_messages() -> None:
    """However small they are; a peer that is gone leaves nothing behind."""
    early = EarlyMessages()

    said = [b"%d" % number for number in range(EARLY_MESSAGES_OF_PEER_MAX + 1)]
    assert [keep(early, 1, 4, payload) for payload in said] == [True] * EARLY_MESSAGES_OF_PEER_MAX + [False]
    assert keep(early, 2, 4)
    early.forget(KEYS[1])
    assert payloads(early, 4) == [b"m"]
    assert keep(early, 1, 4)


def test_what_is_repeated_takes_one_place() -> None:
    """R8: who waits repeats the same bytes every period."""
    early = EarlyMessages()

    assert all(keep(early, sender, 4) for sender in (1, 2) for _ in range(2 * EARLY_MESSAGES_OF_PEER_MAX))
    assert len(early) == 2
