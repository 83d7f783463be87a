"""Whoever finds that a chain has two histories shows both halves."""

import msgspec
import pytest

from chainnode.crypto.hashing import ZERO_HASH
from contracts.kernel.outcome import OperationFailed
from contracts.relay.operations import AddPastHeader, SubmitMisbehaviour
from tests.unit.contracts.relay import attested
from tests.unit.contracts.relay.connected import CLIENT_ID
from tests.unit.contracts.relay.remote import (
    NOW_MS,
    Remote,
    client_of,
    connected,
    contradiction,
    departing,
    must,
)
from tests.unit.contracts.world import did_of


def test_fork_freezes_the_client_and_a_frozen_client_refuses_all() -> None:
    """Issue, bad input: 'a frozen client refuses all'."""
    remote = Remote(4)
    sent = remote.sending()
    world = connected(remote)
    departing(world)
    answered = remote.answering()
    must(world, "stranger", remote.shown(0, sent), remote.shown(0, answered))
    receipt = must(world, "member", contradiction(remote, 2))
    assert receipt.events[0].attributes == {"client_id": CLIENT_ID, "height": 2, "frozen_by": did_of("member")}
    remote.extend()
    for operation in (
        remote.shown(answered, answered + 1),
        remote.delivery(sent),
        remote.answer(answered),
        remote.silence(sent),
        contradiction(remote, 2),
        AddPastHeader(CLIENT_ID, answered, remote.headers[1], remote.path(answered, 1)),
    ):
        before = dict(world.content())
        assert world.submit("stranger", operation).code == "relay-client-frozen"
        assert world.content() == before
    with pytest.raises(OperationFailed) as refusal:
        departing(world)
    assert refusal.value.code == "relay-client-frozen"


def test_no_fork_is_no_reason() -> None:
    """misbehaviour: both halves verify and contradict each other, or nothing happens."""
    remote = Remote(4)
    remote.extend()
    remote.extend()
    world = connected(remote)
    good = contradiction(remote, 2)
    for operation, code in (
        (msgspec.structs.replace(good, second=good.first), "relay-misbehaviour-none"),
        (msgspec.structs.replace(good, trusted_height=1), "relay-height-unknown"),
        (msgspec.structs.replace(good, first=good.first[:-40] + bytes(40)), "relay-update-malformed"),
        (msgspec.structs.replace(good, subject="packets"), "relay-client-kind"),
    ):
        assert world.submit("stranger", operation).code == code
    assert client_of(world).status == "ACTIVE"


def test_attestors_who_contradict_themselves_freeze_their_client() -> None:
    """misbehaviour: heights and times, or two values for one path."""
    path = b"relay/packets/x"
    for subject, first, second in (
        ("states", attested.state_word(11, NOW_MS), attested.state_word(11, NOW_MS + 1)),
        ("packets", attested.packet_word(11, {path: b"1" * 32}), attested.packet_word(11, {path: ZERO_HASH})),
    ):
        world = attested.followed()
        same = SubmitMisbehaviour(attested.CLIENT_ID, 0, subject, first, first)  # type: ignore[arg-type]
        assert world.submit("stranger", same).code == "relay-misbehaviour-none"
        must(world, "stranger", msgspec.structs.replace(same, second=second))
        assert client_of(world, attested.CLIENT_ID).status == "FROZEN"
    headers = SubmitMisbehaviour(attested.CLIENT_ID, 0, "headers", first, second)
    assert attested.followed().submit("stranger", headers).code == "relay-client-kind"
