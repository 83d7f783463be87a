"""``EarlyMessages``: what is kept, for how long, and how much of it at most."""

import msgspec
import pytest

from chainnode.node.early_messages import (
    EARLY_BYTES_MAX,
    EARLY_HEIGHTS_MAX,
    EARLY_MESSAGES_OF_PEER_MAX,
    EarlyMessage,
    EarlyMessages,
)
from consensus.inputs import BlockApplied, SyncFinished
from consensus.state import Phase
from tests.unit.node.gate import Gate
from tests.unit.node.votes import pre_prepare, prepare, signed
from tests.unit.node.wire import KEYS, peer

HASH = b"\x01" * 32

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


def test_messages_of_later_heights_reach_the_core_when_their_height_comes() -> None:
    """F0: a validator that stood still finds the votes of several heights at once; nobody would repeat them soon."""
    gate = Gate()
    votes = {height: signed(prepare(gate.chain, HASH, sender=1, height=height)) for height in (2, 3, 4, 5)}
    for message in (votes[5], votes[4], votes[2]):
        gate.receive(message)
    gate.gate.take_early()
    assert gate.taken() == [votes[2]]
    assert not gate.gate.filtered

    gate.gate.forget(KEYS[1])
    gate.apply(2)
    assert gate.taken() == [votes[4]]
    gate.apply(3)
    assert gate.taken() == [votes[5]]
    gate.receive(signed(prepare(gate.chain, HASH, sender=3, height=6)), 3)
    gate.replica.step(BlockApplied(7, bytes(32), False), 0)
    gate.apply(8)
    assert gate.taken() == []
    assert gate.gate.filtered == {"old_height": 1}


def test_peer_is_punished_once_for_all_it_said_early() -> None:
    """As on a link: after the first false message nothing more of it is read."""
    gate = Gate()
    for height in (4, 4, 5):
        for view in range(3):
            good = signed(prepare(gate.chain, HASH, sender=2, view=view, height=height))
            gate.receive(msgspec.structs.replace(good, signature=bytes(64)), 2)
    gate.receive(signed(prepare(gate.chain, HASH, sender=2, view=9, height=4)), 2)
    other = signed(prepare(gate.chain, HASH, sender=1, height=4))
    gate.receive(other)

    gate.apply(2)
    gate.apply(3)
    assert gate.taken() == [other]
    assert gate.wire.penalised == [(KEYS[2], "message-signature")]


def test_proposal_that_comes_during_a_sync_is_judged_after_it() -> None:
    """R9: while syncing no proposal is taken; the first height after it must not wait for a repetition."""
    gate = Gate()
    candidate = gate.chain.build(5, proposer=gate.replica.leader)
    now, later = (
        signed(msgspec.structs.replace(pre_prepare(gate.chain, candidate, sender=leader), height=height))
        for height, leader in ((2, gate.replica.leader), (3, (gate.replica.leader + 1) % 4))
    )
    gate.sync(9)
    gate.receive(now, now.sender)
    gate.receive(later, later.sender)
    gate.gate.take_early()
    assert gate.taken() == []
    assert gate.replica.phase is Phase.SYNCING

    gate.replica.step(SyncFinished(), 0)
    gate.gate.take_early()
    assert gate.taken() == [now, later]


def test_proposal_of_a_later_view_waits_for_its_height() -> None:
    """F0: of the next height the core keeps proposals of view 0 only; this one would be gone."""
    gate = Gate()
    candidate = gate.chain.build(5)
    proposal = msgspec.structs.replace(pre_prepare(gate.chain, candidate, sender=1), height=4, view=2)
    gate.receive(signed(proposal))
    gate.apply(2)
    assert (gate.taken(), len(gate.gate._early)) == ([], 1)
    gate.apply(3)
    assert len(gate.gate._early) == 0
    assert sum(gate.gate.filtered.values()) == 1, "without a justification it is refused, at its own height"
