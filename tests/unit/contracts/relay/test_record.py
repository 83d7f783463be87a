"""What is kept, and how it is counted."""

from chainnode.codec.canonical import encode
from contracts.kernel.lifecycle import Lifecycle
from contracts.relay.packet import ERROR_ACKNOWLEDGEMENT
from contracts.relay.record import (
    CLIENT,
    CLIENT_COUNT_KEY,
    NO_TRAFFIC,
    AcknowledgementRecord,
    Traffic,
    acknowledgement_record_key,
    count_open,
    quota_key,
    read_acknowledgement,
    read_client,
    read_client_count,
    read_packet,
    read_quota,
    read_traffic,
)
from tests.unit.contracts.relay.connected import CLIENT_ID, DAY_MS, THEIRS, chain, client
from tests.unit.contracts.world import TIME_MS


def test_nothing_is_found_on_an_empty_chain() -> None:
    """record: readers answer None or nought."""
    state = chain()
    assert read_client(state, "chainnode-2") is None
    assert read_packet(state, CLIENT_ID, 1) is None
    assert read_acknowledgement(state, CLIENT_ID, 1) is None
    assert (read_client_count(state), read_traffic(state, CLIENT_ID), read_quota(state, CLIENT_ID, "a")) == (
        0,
        NO_TRAFFIC,
        0,
    )


def test_packets_under_way_are_counted_for_client_and_sender() -> None:
    """record: a quota of nought takes no place in the state."""
    state = chain()
    count_open(CLIENT_ID, "a", 1, Traffic(1, 0), state)
    count_open(CLIENT_ID, "b", 1, read_traffic(state, CLIENT_ID), state)
    count_open(CLIENT_ID, "a", -1, read_traffic(state, CLIENT_ID), state)
    assert read_traffic(state, CLIENT_ID) == Traffic(1, 1)
    assert (read_quota(state, CLIENT_ID, "a"), read_quota(state, CLIENT_ID, "b")) == (0, 1)
    assert state.get(quota_key(CLIENT_ID, "a")) is None


def test_records_read_back() -> None:
    """record: stored as canonical MessagePack."""
    state = chain()
    answer = AcknowledgementRecord(CLIENT_ID, 4, THEIRS, ERROR_ACKNOWLEDGEMENT, "asset-unknown", 9, 10)
    state.put(acknowledgement_record_key(CLIENT_ID, 4), encode(answer))
    state.put(CLIENT_COUNT_KEY, encode(3))
    assert read_acknowledgement(state, CLIENT_ID, 4) == answer
    assert read_client_count(state) == 3
    assert read_client(state, CLIENT_ID) == client()


def test_client_expires_a_trusting_period_after_its_newest_header() -> None:
    """record: 'first block time at which the client has expired'."""
    assert client().expires_ms() == TIME_MS + DAY_MS


def test_frozen_client_knows_one_way_out() -> None:
    """Issue, bad input: 'a frozen client refuses all'."""
    assert isinstance(CLIENT, Lifecycle)
    assert CLIENT.actions("FROZEN") == ("recover",)
