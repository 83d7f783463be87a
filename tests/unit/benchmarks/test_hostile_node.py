"""The behaviours of a hostile validator do what they are named for."""

import asyncio

import pytest

from benchmarks.hostile_node import (
    JUST_LATE_GROWTH,
    JUST_LATE_SECONDS,
    LATE_SECONDS,
    OTHER_HASH,
    BentLinks,
    JustLate,
)
from chainnode.node.links import Membership
from chainnode.types.validator_set import ValidatorList
from consensus.messages import NOTHING_PREPARED, Commit, PrePrepare, ViewChange, encode_message
from consensus.signing import with_signature

PLACE = ("chain", 0, bytes(32))


class Links(BentLinks):
    """Keeps what would leave."""

    def __init__(self) -> None:
        super().__init__(Membership(ValidatorList(0, ()), ()))
        self.uttered: list[bytes] = []

    def utter(self, to: int, payload: bytes) -> None:
        del to
        self.uttered.append(payload)


def proposal(height: int) -> bytes:
    return encode_message(with_signature(PrePrepare(*PLACE, height, 0, 0, OTHER_HASH, b"x"), bytes(64)))


def view_change(height: int) -> bytes:
    return encode_message(with_signature(ViewChange(*PLACE, height, 1, 0, NOTHING_PREPARED, b""), bytes(64)))


async def test_just_late_votes_in_time_and_proposes_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.hostile_node.JUST_LATE_SECONDS", 0.01)
    links = Links()
    behaviour = JustLate(links)
    vote = encode_message(with_signature(Commit(*PLACE, 5, 0, 0, OTHER_HASH), bytes(64)))
    assert behaviour.bend(1, vote) == [vote]
    assert behaviour.bend(1, proposal(5)) == []
    assert links.uttered == []
    await asyncio.sleep(0.05)
    assert links.uttered == [proposal(5)]


async def test_just_late_grows_later_until_it_loses_a_turn() -> None:
    """One step for each height, however many validators its proposal goes to; three back for a turn that was lost."""
    behaviour = JustLate(Links())
    for height in (4, 8, 12):
        for to in range(3):
            behaviour.bend(to, proposal(height))
    grown = JUST_LATE_SECONDS * JUST_LATE_GROWTH**3
    assert behaviour.delay_seconds == pytest.approx(grown)
    behaviour.bend(1, view_change(12))
    behaviour.bend(1, proposal(16))
    assert behaviour.delay_seconds == pytest.approx(JUST_LATE_SECONDS)
    for height in range(20, 400, 4):
        behaviour.bend(1, proposal(height))
    assert behaviour.delay_seconds == LATE_SECONDS
