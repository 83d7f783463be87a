"""A packet leaves: sequence, commitment, record, quota and event, or a refusal and nothing."""

from collections.abc import Callable

import pytest

from chainnode.codec.canonical import encode
from chainnode.state.overlay import Overlay
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from contracts.relay.outcome import PacketSent
from contracts.relay.packet import PAYLOAD_BYTES_MAX, packet_commitment
from contracts.relay.path import commitment_key
from contracts.relay.record import (
    OPEN_MAX,
    OPEN_PER_SENDER_MAX,
    Traffic,
    quota_key,
    read_packet,
    read_quota,
    read_traffic,
    traffic_key,
)
from contracts.relay.sending import PER_PROPOSAL_MAX, PER_TRANSACTION_MAX, SENDING_CODES, TIMEOUT_AHEAD_S_MAX
from tests.unit.contracts.relay.connected import CLIENT_ID, DAY_MS, ECHO, THEIRS, chain, context, sent
from tests.unit.contracts.world import TIME_MS, did_of


def test_packet_is_committed_recorded_and_told_when_it_is_sent() -> None:
    """sending: the event tells the whole packet, so a relayer needs nothing else."""
    state, where = chain(), context()
    packet = sent(state, where, b"hello")
    assert (packet.sequence, packet.source_client, packet.destination_client) == (1, CLIENT_ID, THEIRS)
    assert state.get(commitment_key(CLIENT_ID, 1)) == packet_commitment(packet)
    record = read_packet(state, CLIENT_ID, 1)
    assert record is not None
    assert record.packet() == packet
    told = where.events[0].attributes
    assert where.events[0].name == PacketSent.NAME
    assert told["value"] == b"hello"
    assert (told["source_port"], told["version"], told["encoding"]) == (ECHO.name, ECHO.version, ECHO.encoding)
    assert (read_traffic(state, CLIENT_ID), read_quota(state, CLIENT_ID, did_of("member"))) == (Traffic(1, 1), 1)


def test_sequences_count_on_and_another_payer_can_be_named() -> None:
    """sending: 'an answer that a port sends while a relayer's transaction runs is somebody else's'."""
    from contracts.relay.sending import send

    state, where = chain(), context()
    sent(state, where)
    packet = send(CLIENT_ID, ECHO, b"x", TIME_MS // 1_000 + 60, where, state, payer="did:x:y")
    assert packet.sequence == 2
    assert read_quota(state, CLIENT_ID, "did:x:y") == 1
    assert read_traffic(state, CLIENT_ID).under_way == 2


def _full(state: Overlay) -> None:
    state.put(traffic_key(CLIENT_ID), encode(Traffic(OPEN_MAX, OPEN_MAX)))


def _sender_full(state: Overlay) -> None:
    state.put(quota_key(CLIENT_ID, did_of("member")), encode(OPEN_PER_SENDER_MAX))


CASES: dict[str, Callable[[], tuple[Overlay, Context, dict[str, object]]]] = {
    "relay-client-unknown": lambda: (chain(), context(), {"client_id": "chainnode-2"}),
    "relay-client-frozen": lambda: (chain(status="FROZEN"), context(), {}),
    "relay-client-expired": lambda: (chain(), context(time_ms=TIME_MS + DAY_MS), {}),
    "relay-counterparty-unknown": lambda: (chain(counterparty_client=""), context(), {}),
    "relay-payload-size": lambda: (chain(), context(), {"value": bytes(PAYLOAD_BYTES_MAX + 1)}),
    "relay-timeout-passed": lambda: (chain(), context(), {"after_s": 0}),
    "relay-timeout-far": lambda: (chain(), context(), {"after_s": TIMEOUT_AHEAD_S_MAX + 1}),
    "relay-client-full": lambda: (_with(_full), context(), {}),
    "relay-sender-full": lambda: (_with(_sender_full), context(), {}),
    "relay-packets-many": lambda: (chain(), _talkative(), {}),
}


def _with(change: Callable[[Overlay], None]) -> Overlay:
    state = chain()
    change(state)
    return state


def _talkative() -> Context:
    where, state = context(), chain()
    for _ in range(PER_TRANSACTION_MAX):
        sent(state, where)
    return where


@pytest.mark.parametrize("code", sorted(CASES))
def test_packet_is_refused_with_its_own_code_and_nothing_is_written(code: str) -> None:
    """sending: 'nothing was written then'."""
    state, where, arguments = CASES[code]()
    before, events = state.changes(), len(where.events)
    with pytest.raises(OperationFailed) as refusal:
        sent(state, where, **arguments)  # type: ignore[arg-type]
    assert refusal.value.code == code
    assert (state.changes(), len(where.events)) == (before, events)


def test_every_refusal_of_sending_has_a_case() -> None:
    """sending: ``SENDING_CODES`` is what operations that send promise."""
    assert sorted(CASES) == sorted(SENDING_CODES)


@pytest.mark.parametrize("last", [1, TIMEOUT_AHEAD_S_MAX])
def test_timeout_is_accepted_at_both_ends(last: int) -> None:
    """sending: after now, and at most a week ahead."""
    assert sent(chain(), context(), after_s=last).timeout_s == TIME_MS // 1_000 + 1 + last


def test_timeout_is_refused_that_the_other_chain_has_reached() -> None:
    """sending: 'a packet whose time is over on either chain cannot arrive'."""
    with pytest.raises(OperationFailed, match="time-out"):
        sent(chain(latest_ms=TIME_MS + 90_000), context(), after_s=60)


def test_proposal_sends_less_than_a_transaction() -> None:
    """sending: a block's receipt holds the events of several proposals."""
    state, where = chain(), context(proposal=3)
    for _ in range(PER_PROPOSAL_MAX):
        sent(state, where)
    with pytest.raises(OperationFailed) as refusal:
        sent(state, where)
    assert refusal.value.code == "relay-packets-many"
