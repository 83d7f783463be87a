"""A packet of another chain arrives: once, in time, proved, and answered."""

import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import ZERO_HASH
from contracts.kernel.operation import encode_operation
from contracts.relay import calling
from contracts.relay.operations import ReceivePacket, RegisterCounterparty
from contracts.relay.packet import (
    ERROR_ACKNOWLEDGEMENT,
    PAYLOAD_BYTES_MAX,
    RECEIPT,
    acknowledgement_commitment,
    packet_commitment,
)
from contracts.relay.path import acknowledgement_key, commitment_path, receipt_key
from contracts.relay.port import Port
from contracts.relay.record import read_acknowledgement
from tests.unit.contracts.relay import attested
from tests.unit.contracts.relay.connected import CLIENT_ID, THEIRS, Heard, listening
from tests.unit.contracts.relay.remote import (
    ARRIVING,
    HELLO,
    NOW_MS,
    ROOM_S,
    Remote,
    connected,
    following,
    must,
)
from tests.unit.contracts.world import World


def shown(timeout_s: int = ROOM_S) -> tuple[World, Remote, int]:
    """A consortium that knows the header under which the packet is proved."""
    remote = Remote(4)
    height = remote.sending(msgspec.structs.replace(ARRIVING, timeout_s=timeout_s))
    world = connected(remote)
    must(world, "stranger", remote.shown(0, height))
    return world, remote, height


def test_packet_is_received_answered_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """receiving: receipt, acknowledgement and its hash, and an event with the answer."""
    heard = listening(monkeypatch)
    world, remote, height = shown()
    receipt = must(world, "stranger", remote.delivery(height))
    assert heard.told == ["receive 1"]
    answer = b"\x01hello"
    assert world.overlay.get(receipt_key(CLIENT_ID, 1)) == RECEIPT
    assert world.overlay.get(acknowledgement_key(CLIENT_ID, 1)) == acknowledgement_commitment([answer])
    record = read_acknowledgement(world.overlay, CLIENT_ID, 1)
    assert record is not None
    assert (record.acknowledgement, record.code, record.source_client) == (answer, "ok", THEIRS)
    told = receipt.events[-1]
    assert told.name == "relay.packet_received"
    assert (told.attributes["acknowledgement"], told.attributes["code"]) == (answer, "ok")


def test_packet_is_received_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reliability X5: replayed packet; the port hears of it once, in one transaction or two."""
    heard = listening(monkeypatch)
    world, remote, height = shown()
    operation = remote.delivery(height)
    assert world.submit("stranger", operation, operation).code == "relay-packet-received"
    assert world.overlay.get(receipt_key(CLIENT_ID, 1)) is None
    must(world, "stranger", operation)
    assert world.submit("member", operation).code == "relay-packet-received"
    assert heard.told == ["receive 1", "receive 1"]


@pytest.mark.parametrize(("before_ms", "code"), [(1, "ok"), (0, "relay-packet-late"), (-1, "relay-packet-late")])
def test_packet_is_received_before_its_timeout_to_the_millisecond(before_ms: int, code: str) -> None:
    """Issue, bad input: 'time-out race at the exact second'."""
    world, remote, height = shown()
    world.time_ms = ROOM_S * 1_000 - before_ms
    assert world.submit("stranger", remote.delivery(height)).code == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sequence": 2}, "relay-proof-mismatch"),
        ({"timeout_s": ROOM_S + 1}, "relay-proof-mismatch"),
        ({"payloads": (msgspec.structs.replace(HELLO, value=b"hullo"),)}, "relay-proof-mismatch"),
        ({"payloads": (msgspec.structs.replace(HELLO, source_port="echp"),)}, "relay-proof-mismatch"),
        ({"payloads": (msgspec.structs.replace(HELLO, version="echo-2"),)}, "relay-proof-mismatch"),
        ({"source_client": "chainnode-8"}, "relay-packet-route"),
        ({"destination_client": "chainnode-2"}, "relay-client-unknown"),
    ],
)
def test_every_field_of_a_packet_is_bound(changes: dict[str, object], code: str) -> None:
    """Reliability X8, X9: what is not in the hash is in the key or on the route."""
    world, remote, height = shown()
    packet = msgspec.structs.replace(ARRIVING, **changes)
    operation = msgspec.structs.replace(remote.delivery(height), packet=packet)
    assert world.submit("stranger", operation).code == code


def test_proof_under_another_height_is_refused() -> None:
    """Issue, bad input: proof for another height, known or not."""
    world, remote, height = shown()
    remote.extend(changes={b"a/b": b"1"})
    later = remote.extend()
    must(world, "stranger", remote.shown(height, later))
    operation = remote.delivery(height)
    for other, code in ((0, "relay-proof-mismatch"), (later, "relay-proof-mismatch"), (99, "relay-height-unknown")):
        assert world.submit("stranger", msgspec.structs.replace(operation, proof_height=other)).code == code
    must(world, "stranger", msgspec.structs.replace(remote.delivery(later)))


def test_proof_below_another_prefix_is_refused() -> None:
    """Issue, bad input: 'swapped prefix'."""
    remote = Remote(4)
    height = remote.sending()
    world = following(remote)
    must(world, "governor", RegisterCounterparty(CLIENT_ID, THEIRS, b"relay/packetz/"))
    assert world.submit("stranger", remote.shown(0, height), remote.delivery(height)).code == "relay-proof-mismatch"


def test_receipt_is_no_commitment_and_absence_no_presence() -> None:
    """Reliability X8: existence used as absence, and the reverse."""
    remote = Remote(4)
    height = remote.answering()
    world = connected(remote)
    must(world, "stranger", remote.shown(0, height))
    packet = msgspec.structs.replace(ARRIVING)
    operation = ReceivePacket(packet, height, remote.proof(height, receipt_key(THEIRS, 1)))
    assert world.submit("stranger", operation).code == "relay-proof-mismatch"
    absent = ReceivePacket(packet, height, remote.proof(height, b"relay/packets/other"))
    assert world.submit("stranger", absent).code == "relay-proof-malformed"


def test_extra_or_oversized_fields_never_reach_the_ledger() -> None:
    """Issue, bad input: 'extra unhashed fields', 'oversized payload'."""
    world, remote, height = shown()
    good = remote.delivery(height)
    raw = ["relay.receive_packet", [1, ROOM_S, THEIRS, CLIENT_ID, [["echo"] * 4 + [b"hello"]], b"more"], height, b"x"]
    assert world.submit("stranger", encode(raw)).code == "operation-not-canonical"
    two = msgspec.structs.replace(ARRIVING, payloads=(HELLO, HELLO))
    big = msgspec.structs.replace(
        ARRIVING, payloads=(msgspec.structs.replace(HELLO, value=bytes(PAYLOAD_BYTES_MAX + 1)),)
    )
    for packet in (two, big):
        data = encode_operation(msgspec.structs.replace(good, packet=packet))
        assert world.submit("stranger", data).code == "operation-malformed"


def test_port_that_refuses_leaves_the_error_answer_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue: 'a failed application answers with an error acknowledgement and changes nothing else'."""
    from contracts.kernel.outcome import OperationFailed

    heard = Heard()

    def refuse(_arrival: object, where: object, state: object) -> bytes:
        state.put(b"left/over", b"1")  # type: ignore[attr-defined]
        raise OperationFailed("asset-unknown", "no such asset")

    port = Port("echo", "echo-1", refuse, heard.acknowledge, heard.time_out)
    monkeypatch.setattr(calling, "PORTS", {"echo": port})
    world, remote, height = shown()
    receipt = must(world, "stranger", remote.delivery(height))
    assert world.overlay.get(b"left/over") is None
    assert [event.name for event in receipt.events] == ["relay.packet_received"]
    assert receipt.events[0].attributes["code"] == "asset-unknown"
    assert world.overlay.get(acknowledgement_key(CLIENT_ID, 1)) == acknowledgement_commitment([ERROR_ACKNOWLEDGEMENT])
    assert world.submit("stranger", remote.delivery(height)).code == "relay-packet-received"


def test_packet_of_a_foreign_chain_is_received_on_its_attestors_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue: 'm-of-n keys of a foreign institution vouch for (height, path, value)'."""
    heard = listening(monkeypatch)
    world = attested.followed()
    packet = msgspec.structs.replace(ARRIVING, source_client=attested.THEIRS, destination_client=attested.CLIENT_ID)
    path = commitment_path(attested.THEIRS, 1)
    must(world, "stranger", attested.shown(11, NOW_MS - 1_000))
    for proof, code in (
        (attested.packet_word(10, {path: packet_commitment(packet)}), "relay-proof-mismatch"),
        (attested.packet_word(11, {path: ZERO_HASH}), "relay-proof-mismatch"),
        (attested.packet_word(11, {b"relay/packets/" + path: packet_commitment(packet)}), "relay-proof-mismatch"),
        (attested.packet_word(11, {path: packet_commitment(packet)}, attested.KEYS[:1]), "relay-attestors-few"),
        (attested.state_word(11, NOW_MS - 1_000), "relay-attestation-malformed"),
        (attested.packet_word(11, {path: packet_commitment(packet)}), "ok"),
    ):
        assert world.submit("stranger", ReceivePacket(packet, 11, proof)).code == code
    assert heard.told == ["receive 1"]
