"""Journal records and the order of signing."""

import pytest

from consensus import limits
from consensus.journal import (
    NOTHING_SIGNED,
    BlockPrepared,
    JournalRecord,
    MalformedRecord,
    MessageSigned,
    PersistBlock,
    ProposalAccepted,
    SignPosition,
    SignState,
    decode_record,
    decode_sign_state,
    encode_record,
    encode_sign_state,
    sign_position,
)
from consensus.signing import signed_digest
from tests.unit.consensus.rig import HEIGHT, A, B, certificate, commit, justification, pre_prepare, prepare, view_change

RECORDS: list[JournalRecord] = [
    PersistBlock(HEIGHT, A, b"body"),
    ProposalAccepted(pre_prepare(view=1, reason=justification(prepared=certificate()))),
    BlockPrepared(certificate()),
    MessageSigned(prepare(1)),
    MessageSigned(view_change(1, prepared=certificate())),
    MessageSigned(pre_prepare()),
    MessageSigned(commit(2)),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_survives_and_names_its_height(record):
    """Journal: what was written is read; the height says when it may go."""
    assert decode_record(encode_record(record)) == record
    assert record.height == HEIGHT


@pytest.mark.parametrize("data", [b"", b"\xc0", encode_record(RECORDS[0])[:-1], b"\0" * (limits.RECORD_BYTES_MAX + 1)])
def test_damaged_record_is_refused(data):
    """Journal: damage refuses to start."""
    with pytest.raises(MalformedRecord):
        decode_record(data)


def test_messages_are_signed_in_one_order():
    """Sign-state: epoch, height, view, then VIEW_CHANGE 0 < PRE_PREPARE 1 < PREPARE 2 < COMMIT 3."""
    ordered = [
        pre_prepare(),
        prepare(0),
        commit(0),
        view_change(0, 1),
        pre_prepare(view=1),
        prepare(0, view=1),
        commit(0, view=1),
        view_change(0, 2),
        prepare(0, height=HEIGHT + 1),
        prepare(0, epoch=1, height=1),
    ]
    positions = [sign_position(message) for message in ordered]

    assert positions == sorted(set(positions))
    assert positions[3] == SignPosition(0, HEIGHT, 1, 0)


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        (commit(0), "sign"),
        (view_change(0, 1), "sign"),
        (prepare(0, height=HEIGHT + 1), "sign"),
        (prepare(0), "reuse"),
        (prepare(0, B), "refuse"),
        (pre_prepare(), "refuse"),
        (commit(0, height=HEIGHT - 1), "refuse"),
    ],
)
def test_sign_state_only_grows(message, verdict):
    """Sign-state: higher: sign; the same payload: the stored signature; anything else: refuse (S27, S28)."""
    state = SignState(sign_position(prepare(0)), signed_digest(prepare(0)), b"s" * 64)

    assert state.decide(sign_position(message), signed_digest(message)) == verdict


def test_key_that_never_signed_may_sign_anything():
    """Sign-state: the lowest position of all."""
    assert NOTHING_SIGNED.decide(SignPosition(0, 0, 0, 0), A) == "sign"


def test_sign_state_survives_and_stays_small():
    """Sign-state: two slots of one small cell."""
    state = SignState(SignPosition(2**53 - 1, 2**53 - 1, 2**31 - 1, 3), A, b"s" * 64)
    data = encode_sign_state(state)

    assert decode_sign_state(data) == state
    assert len(data) < 160
    with pytest.raises(MalformedRecord):
        decode_sign_state(data[:-1])
