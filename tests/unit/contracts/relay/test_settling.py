"""A packet of this chain is settled: its answer came back, or it was not received in time."""

import msgspec
import pytest

from chainnode.crypto.hashing import ZERO_HASH
from contracts.kernel.context import Context
from contracts.relay import calling
from contracts.relay.operations import AcknowledgePacket, TimeOutPacket
from contracts.relay.packet import ERROR_ACKNOWLEDGEMENT, acknowledgement_commitment
from contracts.relay.path import acknowledgement_path, commitment_key, receipt_key, receipt_path
from contracts.relay.port import Departure, Port
from contracts.relay.record import read_packet, read_quota, read_traffic
from contracts.relay.sending import send
from tests.support.small_chain import TIME_MS
from tests.unit.contracts.relay import attested
from tests.unit.contracts.relay.connected import CLIENT_ID, ECHO, THEIRS, Heard, listening
from tests.unit.contracts.relay.remote import (
    NOW_MS,
    ROOM_S,
    Remote,
    connected,
    context_of,
    departing,
    must,
)
from tests.unit.contracts.world import World, did_of


def underway(answer: bytes | None = b"fine", timeout_s: int = ROOM_S) -> tuple[World, Remote, int]:
    """A packet was sent, and perhaps answered; this chain knows the header that tells."""
    remote = Remote(4)
    world = connected(remote)
    departing(world, timeout_s=timeout_s)
    height = remote.holding({b"a/b": b"1"}) if answer is None else remote.answering(1, answer)
    must(world, "stranger", remote.shown(0, height))
    return world, remote, height


def assert_settled(world: World, settled: bool = True) -> None:
    packet = read_packet(world.overlay, CLIENT_ID, 1)
    commitment = world.overlay.get(commitment_key(CLIENT_ID, 1))
    assert (packet is None, commitment is None) == (settled, settled)
    assert read_traffic(world.overlay, CLIENT_ID).under_way == (0 if settled else 1)
    assert read_quota(world.overlay, CLIENT_ID, did_of("member")) == (0 if settled else 1)


@pytest.mark.parametrize(("answer", "told"), [(b"fine", "b'fine'"), (ERROR_ACKNOWLEDGEMENT, "None")])
def test_answer_reaches_the_port_that_sent(monkeypatch: pytest.MonkeyPatch, answer: bytes, told: str) -> None:
    """port: 'None where it is the error acknowledgement'."""
    heard = listening(monkeypatch)
    world, remote, height = underway(answer)
    receipt = must(world, "stranger", remote.answer(height, answer=answer))
    assert heard.told == [f"acknowledge 1 {told}"]
    assert_settled(world)
    attributes = receipt.events[-1].attributes
    assert (attributes["success"], attributes["code"]) == (answer == b"fine", "ok")


def test_answer_counts_once_and_only_as_it_was_given() -> None:
    """Reliability X5; issue: acknowledgement for a packet never sent, replayed acknowledgement."""
    world, remote, height = underway()
    good = remote.answer(height)
    for operation, code in (
        (msgspec.structs.replace(good, acknowledgement=b"fi"), "relay-proof-mismatch"),
        (msgspec.structs.replace(good, sequence=2), "relay-packet-unknown"),
        (msgspec.structs.replace(good, proof_height=0), "relay-proof-mismatch"),
        (msgspec.structs.replace(good, client_id="chainnode-2"), "relay-client-unknown"),
    ):
        assert world.submit("stranger", operation).code == code
    assert_settled(world, settled=False)
    must(world, "stranger", good)
    assert world.submit("stranger", good).code == "relay-packet-unknown"


AT_4_S = TIME_MS // 1_000 + 4
"""The other chain's header at height 4 is of this second exactly."""


@pytest.mark.parametrize(("height", "code"), [(3, "relay-timeout-early"), (4, "ok"), (5, "ok")])
def test_time_out_needs_a_header_at_or_after_it(monkeypatch: pytest.MonkeyPatch, height: int, code: str) -> None:
    """Issue, bad input: 'time-out race at the exact second'; see also the property test over both chains."""
    heard = listening(monkeypatch)
    remote = Remote(4)
    for _ in range(5):
        remote.extend(changes={b"a/b": b"%d" % len(remote.headers)})
    world = connected(remote)
    world.time_ms = TIME_MS + 1_000
    departing(world, timeout_s=AT_4_S)
    must(world, "stranger", remote.shown(0, height))
    assert world.submit("stranger", remote.silence(height)).code == code
    assert heard.told == (["time-out 1"] if code == "ok" else [])
    assert_settled(world, settled=code == "ok")


def test_received_packet_does_not_time_out() -> None:
    """Reliability X6: exactly one of received and timed out."""
    remote = Remote(4)
    world = connected(remote)
    world.time_ms = TIME_MS + 1_000
    departing(world, timeout_s=TIME_MS // 1_000 + 2)
    remote.answering()
    height = remote.extend()
    must(world, "stranger", remote.shown(0, height))
    assert world.submit("stranger", remote.silence(height)).code == "relay-proof-mismatch"
    elsewhere = TimeOutPacket(CLIENT_ID, 1, height, remote.proof(height, receipt_key(THEIRS, 9)))
    assert world.submit("stranger", elsewhere).code == "relay-proof-mismatch"
    assert world.submit("stranger", msgspec.structs.replace(elsewhere, proof=b"\xc0")).code == "relay-proof-malformed"
    assert_settled(world, settled=False)
    must(world, "stranger", remote.answer(height))


def test_packet_is_settled_before_its_port_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reliability X7: 'delete commitment before callback'; a port may send again."""
    heard, found = Heard(), []

    def again(departure: Departure, where: Context, state: object) -> None:
        found.append(read_packet(state, CLIENT_ID, departure.packet.sequence))  # type: ignore[arg-type]
        send(CLIENT_ID, ECHO, b"again", ROOM_S, where, state, payer=departure.sender)  # type: ignore[arg-type]

    monkeypatch.setattr(calling, "PORTS", {"echo": Port("echo", "echo-1", heard.receive, heard.acknowledge, again)})
    remote = Remote(4)
    remote.extend()
    remote.extend()
    world = connected(remote)
    world.time_ms = TIME_MS + 500
    departing(world, timeout_s=TIME_MS // 1_000 + 1)
    must(world, "stranger", remote.shown(0, 2), remote.silence(2))
    assert found == [None]
    assert read_traffic(world.overlay, CLIENT_ID).sent == 2
    assert read_quota(world.overlay, CLIENT_ID, did_of("member")) == 1


def test_port_that_refuses_cannot_hold_its_packet(monkeypatch: pytest.MonkeyPatch) -> None:
    """port: 'the packet is settled all the same, and the event says the code'."""
    monkeypatch.setattr(calling, "PORTS", {})
    world, remote, height = underway()
    receipt = must(world, "stranger", remote.answer(height))
    assert receipt.events[-1].attributes["code"] == "relay-port-unknown"
    assert_settled(world)


def test_attestors_vouch_for_answer_and_silence() -> None:
    """Issue: the attestation client; its word about block ``height`` includes that block."""
    world = attested.followed()
    for _ in range(2):
        send(attested.CLIENT_ID, ECHO, b"x", ROOM_S, context_of(world), world.overlay)
    world.time_ms = ROOM_S * 1_000
    must(world, "stranger", attested.shown(11, ROOM_S * 1_000), attested.shown(12, ROOM_S * 1_000 + 1))
    answer = {acknowledgement_path(attested.THEIRS, 1): acknowledgement_commitment([b"fine"])}
    said = AcknowledgePacket(attested.CLIENT_ID, 1, b"fine", 11, attested.packet_word(11, answer))
    assert world.submit("stranger", msgspec.structs.replace(said, acknowledgement=b"fi")).code == "relay-proof-mismatch"
    must(world, "stranger", said)
    path = receipt_path(attested.THEIRS, 2)
    for proof, code in (
        (attested.packet_word(12, {path: b"1" * 32}), "relay-proof-mismatch"),
        (attested.packet_word(12, {receipt_path(attested.THEIRS, 3): ZERO_HASH}), "relay-proof-mismatch"),
        (attested.packet_word(12, {path: ZERO_HASH}), "ok"),
    ):
        assert world.submit("stranger", TimeOutPacket(attested.CLIENT_ID, 2, 12, proof)).code == code


def test_time_out_is_too_early_under_an_attested_time_before_it() -> None:
    """settling: ``relay-timeout-early`` for both kinds of client."""
    world = attested.followed()
    send(attested.CLIENT_ID, ECHO, b"x", ROOM_S, context_of(world), world.overlay)
    must(world, "stranger", attested.shown(11, NOW_MS - 1))
    proof = attested.packet_word(11, {receipt_path(attested.THEIRS, 1): ZERO_HASH})
    assert world.submit("stranger", TimeOutPacket(attested.CLIENT_ID, 1, 11, proof)).code == "relay-timeout-early"
