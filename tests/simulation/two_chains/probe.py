"""An application on packets that keeps count: what it was told, how often, and what came of it.

It is there for as long as ``installed`` lasts. The product's own ports follow the same interface and have their own
tests; here the question is what reaches a port at all.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import GenericAlias, MappingProxyType
from typing import Any, Union
from unittest.mock import patch

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.keys import key
from chainnode.state.view import State
from contracts.kernel import enactment, execution, registry
from contracts.kernel.context import Context
from contracts.kernel.operation import Operation, OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.relay import calling
from contracts.relay.packet import ClientId, Packet, Payload, TimeoutS
from contracts.relay.port import Arrival, Departure, Port
from contracts.relay.ports import table
from contracts.relay.sending import send

REFUSE = b"refuse"
"""A value that begins so is refused by the receiving application, after it has written."""


class SendProbe(Operation, frozen=True, array_like=True, tag="probe.send"):
    """Send a value to the probe of the other chain."""

    client_id: ClientId
    value: bytes
    timeout_s: TimeoutS


class Count(msgspec.Struct, frozen=True, array_like=True):
    """How often something happened to one packet, and what was seen last."""

    times: int
    packet: Packet
    seen: bytes | None
    """The value received, or the answer; None for the error acknowledgement and for a time-out."""


_decode = msgspec.msgpack.Decoder(Count).decode


def _key(what: str, client_id: str, sequence: int) -> bytes:
    return key("probe", what, client_id, sequence)


def read(state: State, what: str, client_id: str, sequence: int) -> Count | None:
    """What the probe noted of ``what``: ``received``, ``acknowledged`` or ``timed-out``; the client is this chain's."""
    stored = state.get(_key(what, client_id, sequence))
    return None if stored is None else _decode(stored)


def answer_to(value: bytes) -> bytes:
    """What a probe answers, unless it refuses."""
    return b"seen " + value


def payload_of(value: bytes) -> Payload:
    """A payload as ``probe.send`` makes it."""
    return Payload(PROBE.name, PROBE.name, PROBE.version, PROBE.encoding, value)


def _note(what: str, client_id: str, packet: Packet, seen: bytes | None, state: State) -> None:
    before = read(state, what, client_id, packet.sequence)
    times = 1 if before is None else before.times + 1
    state.put(_key(what, client_id, packet.sequence), encode(Count(times, packet, seen)))


def _receive(arrival: Arrival, context: Context, state: State) -> bytes:
    _note("received", arrival.client_id, arrival.packet, arrival.payload.value, state)
    if arrival.payload.value.startswith(REFUSE):
        raise OperationFailed("probe-refused", "as it was asked to")
    return answer_to(arrival.payload.value)


def _acknowledge(departure: Departure, answer: bytes | None, context: Context, state: State) -> None:
    _note("acknowledged", departure.client_id, departure.packet, answer, state)


def _time_out(departure: Departure, context: Context, state: State) -> None:
    _note("timed-out", departure.client_id, departure.packet, None, state)


PROBE = Port("probe", "probe-1", _receive, _acknowledge, _time_out)


def _send(operation: SendProbe, context: Context, state: State) -> None:
    send(operation.client_id, PROBE, operation.value, operation.timeout_s, context, state)


_SPEC = OperationSpec(type=SendProbe, apply=_send, rule=EVERYONE, codes=())


@contextmanager
def installed() -> Iterator[None]:
    """Within this context every chain of this process has the probe and its operation."""
    operations = MappingProxyType({**registry.OPERATIONS, _SPEC.name: _SPEC})
    specs = MappingProxyType({**registry.SPEC_OF, SendProbe: _SPEC})
    any_: Any = Union[tuple(spec.type for spec in operations.values())]  # noqa: UP007
    rules = MappingProxyType({**enactment.DEFAULT_RULES, _SPEC.name: EVERYONE})
    with ExitStack() as stack:
        for owner, name, value in (
            (registry, "OPERATIONS", operations),
            (enactment, "OPERATIONS", operations),
            (registry, "SPEC_OF", specs),
            (enactment, "SPEC_OF", specs),
            (execution, "SPEC_OF", specs),
            (enactment, "DEFAULT_RULES", rules),
            (execution, "DEFAULT_RULES", rules),
            (registry, "_decode_any", msgspec.msgpack.Decoder(any_).decode),
            (registry, "_decode_all", msgspec.msgpack.Decoder(GenericAlias(tuple, (any_, ...))).decode),
            (calling, "PORTS", MappingProxyType({**table.PORTS, PROBE.name: PROBE})),
        ):
            stack.enter_context(patch.object(owner, name, value))
        yield
