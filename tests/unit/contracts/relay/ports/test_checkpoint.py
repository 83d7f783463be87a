"""Two chains keep each other's headers, so neither can rewrite its past alone."""

import pytest

from chainnode.codec.canonical import encode
from chainnode.types.block import block_hash, decode_header
from contracts.relay.packet import ERROR_ACKNOWLEDGEMENT
from contracts.relay.ports import checkpoint
from contracts.relay.ports.message import CheckpointMessage, Countersignature
from contracts.relay.ports.operations import SendCheckpoint
from contracts.relay.ports.record_evidence import CheckpointRecord, read_anchor, read_checkpoint
from tests.unit.contracts.relay.connected import CLIENT_ID
from tests.unit.contracts.relay.pair import FIRST, pair
from tests.unit.contracts.relay.ports.desk import NOW_MS, PROOF_HEIGHT, Desk
from tests.unit.contracts.relay.ports.samples import ASK
from tests.unit.contracts.world import World


def sent(world: World, sequence: int = 1) -> CheckpointRecord:
    found = read_checkpoint(world.overlay, CLIENT_ID, sequence)
    assert found is not None
    return found


def test_each_chain_keeps_a_header_of_the_other() -> None:
    """Issue: A and B countersign each other's evidence checkpoints, so neither can rewrite its past alone."""
    chains = pair()
    first, second = chains.first, chains.second
    first.must("governor", SendCheckpoint(CLIENT_ID, first.soon()))
    assert chains.carry(first) == ["ok"]
    record = sent(first)
    assert record.status == "COUNTERSIGNED"
    anchor = read_anchor(second.overlay, CLIENT_ID, record.height)
    assert anchor is not None
    ours, theirs = first.blocks.headers[record.height], second.blocks.headers[record.their_height]
    assert anchor.block_hash == record.block_hash == block_hash(ours)
    assert anchor.history_root == record.history_root == decode_header(ours).history_root
    assert anchor.chain_id == FIRST
    assert record.their_block_hash == block_hash(theirs)
    assert record.their_history_root == decode_header(theirs).history_root
    assert record.sent_height < record.height
    assert record.recorded_height < record.their_height


def test_checkpoint_lapses_by_proof_of_absence() -> None:
    """The other chain was not reached."""
    chains = pair()
    chains.first.must("governor", SendCheckpoint(CLIENT_ID, chains.first.soon(30)))
    (packet,) = chains.first.packets()
    assert chains.time_out(chains.first, packet).code == "ok"
    assert sent(chains.first).status == "LAPSED"


def test_refused_checkpoint_says_so() -> None:
    """The other chain answered with an error."""
    desk = Desk()
    desk.must("governor", ASK)
    assert desk.settle(ERROR_ACKNOWLEDGEMENT) == "ok"
    assert sent(desk).status == "REFUSED"


@pytest.mark.parametrize(
    "answer",
    [
        b"\x01",
        encode(Countersignature(1, bytes(32), bytes(32), 5, NOW_MS)),
        encode(Countersignature(2, bytes(32), bytes(32), PROOF_HEIGHT, NOW_MS)),
    ],
)
def test_countersignature_that_cannot_be_true_is_none(answer: bytes) -> None:
    """A header from before the packet, a block after the newest one, other bytes."""
    desk = Desk()
    desk.must("governor", ASK)
    assert desk.settle(answer) == "relay-answer-malformed"
    assert sent(desk).status == "SENT"


def test_same_header_is_kept_once() -> None:
    """Two packets under one header are answered alike."""
    desk = Desk()
    assert desk.hear(checkpoint.PORT, CheckpointMessage(5, NOW_MS)) == "ok"
    first = desk.answer
    desk.height += 1
    assert desk.hear(checkpoint.PORT, CheckpointMessage(6, NOW_MS)) == "ok"
    assert desk.answer == first


def test_other_header_of_a_height_that_is_kept_is_refused() -> None:
    """After a recovery the client may follow a chain with another past: the anchor tells."""
    desk = Desk()
    assert desk.hear(checkpoint.PORT, CheckpointMessage(5, NOW_MS)) == "ok"
    desk.header(b"x" * 32)
    assert desk.hear(checkpoint.PORT, CheckpointMessage(5, NOW_MS)) == "relay-anchor-differs"


def test_attestors_have_no_headers_to_keep() -> None:
    """Their client knows heights and times alone."""
    desk = Desk(kind="attestation")
    assert desk.submit("governor", ASK).code == "relay-client-kind"
    assert desk.hear(checkpoint.PORT, CheckpointMessage(5, NOW_MS)) == "relay-client-kind"


def test_message_from_after_its_header_is_a_lie() -> None:
    """By height or by time."""
    assert Desk().hear(checkpoint.PORT, CheckpointMessage(PROOF_HEIGHT + 1, NOW_MS)) == "relay-message-height"
    assert Desk().hear(checkpoint.PORT, CheckpointMessage(5, NOW_MS + 1)) == "relay-message-height"


def test_member_without_an_office_asks_for_nothing() -> None:
    """Each checkpoint costs both chains a record for ever."""
    assert Desk().submit("member", ASK).code == "role-missing"
    assert Desk().submit("governor", ASK).code == "ok"
