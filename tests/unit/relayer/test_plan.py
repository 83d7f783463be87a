"""Of a packet under way exactly one thing is due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.relayer.chain import Tip
from chainnode.relayer.plan import awaits_block, due_at_receiver, due_at_sender
from contracts.relay.record import AcknowledgementRecord, PacketRecord

TIMEOUT_S = 1_000


def packet(sent_height: int = 5) -> PacketRecord:
    return PacketRecord(
        client_id="chainnode-1",
        sequence=1,
        destination_client="chainnode-2",
        timeout_s=TIMEOUT_S,
        source_port="registry",
        destination_port="registry",
        version="registry-1",
        encoding="application/msgpack",
        value=b"v",
        sender="did:cnode:a:1",
        sent_height=sent_height,
        sent_ms=1,
    )


def answer(height: int) -> AcknowledgementRecord:
    return AcknowledgementRecord("chainnode-2", 1, "chainnode-1", b"\1", "ok", height, 1)


@pytest.mark.parametrize(
    ("answered", "sender_height", "receiver_ms", "due"),
    [
        (False, 5, 1, "wait"),  # no header commits to the block that sent it
        (False, 6, 1, "receive"),
        (False, 6, 999_999, "receive"),
        (False, 6, 1_000_000, "wait"),  # at the time-out the receiver refuses
        (True, 6, 1, "wait"),
    ],
)
def test_receiver_gets_what_is_proved_in_time(answered: bool, sender_height: int, receiver_ms: int, due: str) -> None:
    """A header commits to the state before its block."""
    assert due_at_receiver(packet(), answered, Tip(sender_height, 1, 0), Tip(9, receiver_ms, 0)) == due


@pytest.mark.parametrize(
    ("answered_at", "receiver", "due"),
    [
        (None, Tip(9, 999_999, 0), "wait"),
        (None, Tip(9, 1_000_000, 0), "time-out"),
        (9, Tip(9, 1, 0), "wait"),
        (8, Tip(9, 1, 0), "acknowledge"),
        (8, Tip(9, 2_000_000, 0), "acknowledge"),  # received in time, however late the answer travels
    ],
)
def test_sender_gets_the_answer_or_the_proof_of_none(answered_at: int | None, receiver: Tip, due: str) -> None:
    """A header at or after the time-out shows the state that no later block adds a receipt to."""
    assert due_at_sender(packet(), None if answered_at is None else answer(answered_at), receiver) == due


@given(
    st.none() | st.integers(1, 20),
    st.integers(1, 20),
    st.integers(0, 2_000_000),
    st.integers(1, 20),
    st.integers(1, 20),
)
def test_never_both_delivered_and_timed_out(
    answered_at: int | None, receiver_height: int, receiver_ms: int, sender_height: int, sent_height: int
) -> None:
    """The same view of the receiver never calls for both."""
    found = None if answered_at is None else answer(answered_at)
    receiver = Tip(receiver_height, receiver_ms, 0)
    there = due_at_receiver(packet(sent_height), found is not None, Tip(sender_height, 1, 0), receiver)
    back = due_at_sender(packet(sent_height), found, receiver)
    assert not (there == "receive" and back in ("time-out", "acknowledge"))


def test_silent_receiver_is_given_cause_only_where_a_block_of_it_is_missing() -> None:
    """An update of its own client makes a chain that says nothing make a block."""
    assert awaits_block(packet(), None, Tip(9, 999_999, 0), 1_000_000)
    assert not awaits_block(packet(), None, Tip(9, 999_999, 0), 999_999)
    assert not awaits_block(packet(), None, Tip(9, 1_000_000, 0), 2_000_000)
    assert awaits_block(packet(), answer(9), Tip(9, 1, 0), 1)
    assert not awaits_block(packet(), answer(8), Tip(9, 1, 0), 1)
