"""A port does its part, with an undo of its own."""

from collections.abc import Callable

import msgspec
import pytest

from chainnode.errors import Rejected
from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from contracts.relay import calling
from contracts.relay.outcome import ClientUpdated
from contracts.relay.packet import ERROR_ACKNOWLEDGEMENT, Packet, Payload
from contracts.relay.port import MSGPACK, Arrival, Departure, Port
from tests.unit.contracts.relay.connected import CLIENT_ID, OTHER, THEIRS, Heard, chain, context, listening

PAYLOAD = Payload("echo", "echo", "echo-1", MSGPACK, b"x")


def arrival(payload: Payload = PAYLOAD) -> Arrival:
    return Arrival(Packet(1, 100, THEIRS, CLIENT_ID, (payload,)), payload, CLIENT_ID, OTHER, 5, 99_000)


def departure() -> Departure:
    return Departure(Packet(1, 100, CLIENT_ID, THEIRS, (PAYLOAD,)), PAYLOAD, CLIENT_ID, OTHER, "did:x:y")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """A chain with one port."""
    return listening(monkeypatch)


def test_port_is_told_and_its_answer_returned(heard: Heard) -> None:
    """port: ``receive`` answers with the acknowledgement, the others are told of their packets."""
    state, where = chain(), context()
    assert calling.receive(arrival(), where, state) == (b"\x01x", "ok")
    assert calling.acknowledge(departure(), b"yes", where, state) == "ok"
    assert calling.acknowledge(departure(), ERROR_ACKNOWLEDGEMENT, where, state) == "ok"
    assert calling.time_out(departure(), where, state) == "ok"
    assert heard.told == ["receive 1", "acknowledge 1 b'yes'", "acknowledge 1 None", "time-out 1"]


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("destination_port", "relay-port-unknown"),
        ("version", "relay-version-unknown"),
        ("encoding", "relay-encoding-unknown"),
    ],
)
@pytest.mark.usefixtures("heard")
def test_packet_is_answered_with_the_error_when_nobody_speaks_its_language(field: str, code: str) -> None:
    """Issue, bad input: unknown port or version."""
    payload = msgspec.structs.replace(PAYLOAD, **{field: "other"})
    assert calling.receive(arrival(payload), context(), chain()) == (ERROR_ACKNOWLEDGEMENT, code)


def _talks_and_refuses(_arrival: Arrival, where: Context, state: State) -> bytes:
    state.put(b"a/b", b"1")
    state.delete(b"c/d")
    where.emit(ClientUpdated("x", 1, 1))
    raise OperationFailed("asset-unknown", "no such asset")


def _bad_key(_arrival: Arrival, _where: Context, state: State) -> bytes:
    state.put(b"a/b", b"1")
    raise Rejected("state-key", "too long")


@pytest.mark.parametrize(
    ("receive", "code"),
    [
        (_talks_and_refuses, "asset-unknown"),
        (_bad_key, "state-key"),
        (lambda *_: b"", "relay-acknowledgement-unfit"),
        (lambda *_: bytes(1025), "relay-acknowledgement-unfit"),
        (lambda *_: ERROR_ACKNOWLEDGEMENT, "relay-acknowledgement-unfit"),
    ],
)
def test_port_that_refuses_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, receive: Callable[[Arrival, Context, State], bytes], code: str
) -> None:
    """port: 'what it refuses is undone, its events too'."""
    silent = Heard()
    monkeypatch.setattr(
        calling, "PORTS", {"echo": Port("echo", "echo-1", receive, silent.acknowledge, silent.time_out)}
    )
    state, where = chain(), context()
    state.put(b"c/d", b"2")
    where.emit(ClientUpdated("before", 1, 1))
    before = state.changes()
    assert calling.receive(arrival(), where, state) == (ERROR_ACKNOWLEDGEMENT, code)
    assert state.changes() == before
    assert [event.attributes["client_id"] for event in where.events] == ["before"]


def test_port_that_agrees_writes_and_deletes(monkeypatch: pytest.MonkeyPatch) -> None:
    """calling: 'its writes go down only when it is done'."""

    def work(_arrival: Arrival, _where: Context, state: State) -> bytes:
        state.put(b"a/b", b"1")
        state.delete(b"c/d")
        return b"done"

    silent = Heard()
    monkeypatch.setattr(calling, "PORTS", {"echo": Port("echo", "echo-1", work, silent.acknowledge, silent.time_out)})
    state = chain()
    state.put(b"c/d", b"2")
    assert calling.receive(arrival(), context(), state) == (b"done", "ok")
    assert (state.get(b"a/b"), state.get(b"c/d")) == (b"1", None)


def test_bug_of_a_port_is_not_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """port: 'a port that raises anything else stops every node'."""

    def work(*_: object) -> bytes:
        raise KeyError("bug")

    silent = Heard()
    monkeypatch.setattr(calling, "PORTS", {"echo": Port("echo", "echo-1", work, silent.acknowledge, silent.time_out)})
    with pytest.raises(KeyError):
        calling.receive(arrival(), context(), chain())


def test_settling_goes_on_when_the_port_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """port: 'the packet is settled all the same, and the event says the code'."""
    monkeypatch.setattr(calling, "PORTS", {})
    assert calling.time_out(departure(), context(), chain()) == "relay-port-unknown"
    assert calling.acknowledge(departure(), b"x", context(), chain()) == "relay-port-unknown"
