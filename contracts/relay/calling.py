"""A port does its part, with an undo of its own: what it refuses leaves no trace but the code.

It works on an overlay above the transaction's; its writes go down only when it is done. Its events are cut off
otherwise.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from chainnode.errors import Rejected
from chainnode.state.overlay import Overlay
from chainnode.state.view import State
from chainnode.types.receipt import OK
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from contracts.relay.packet import ACKNOWLEDGEMENT_BYTES_MAX, ERROR_ACKNOWLEDGEMENT, Payload
from contracts.relay.port import Arrival, Departure, Port
from contracts.relay.ports.table import PORTS

T = TypeVar("T")
CODE_CHARS_MAX: Final = 64


def receive(arrival: Arrival, context: Context, state: State) -> tuple[bytes, str]:
    """Hand a packet to its port: the acknowledgement, and ``ok`` or why it is the error acknowledgement."""

    def work(scratch: State) -> bytes:
        port = _port_for(arrival.payload)
        answer = port.receive(arrival, context, scratch)
        if not 0 < len(answer) <= ACKNOWLEDGEMENT_BYTES_MAX or answer == ERROR_ACKNOWLEDGEMENT:
            raise OperationFailed("relay-acknowledgement-unfit", f"{port.name} answered with {len(answer)} bytes")
        return answer

    code, answer = _undoable(work, context, state)
    return (ERROR_ACKNOWLEDGEMENT if answer is None else answer), code


def acknowledge(departure: Departure, answer: bytes, context: Context, state: State) -> str:
    """Hand an answer to the port that sent the packet: ``ok`` or why it did nothing with it."""
    told = None if answer == ERROR_ACKNOWLEDGEMENT else answer

    def work(scratch: State) -> None:
        _port_named(departure.payload.source_port).acknowledge(departure, told, context, scratch)

    return _undoable(work, context, state)[0]


def time_out(departure: Departure, context: Context, state: State) -> str:
    """Tell the port that its packet never arrived: ``ok`` or why it did nothing about it."""

    def work(scratch: State) -> None:
        _port_named(departure.payload.source_port).time_out(departure, context, scratch)

    return _undoable(work, context, state)[0]


def _undoable(work: Callable[[State], T], context: Context, state: State) -> tuple[str, T | None]:
    scratch = Overlay(state.get)
    told = len(context.events)
    try:
        result = work(scratch)
    except Rejected as refusal:
        del context.events[told:]
        return refusal.code[:CODE_CHARS_MAX], None
    changes = scratch.changes()
    for key in sorted(changes):
        value = changes[key]
        if value is None:
            state.delete(key)
        else:
            state.put(key, value)
    return OK, result


def _port_named(name: str) -> Port:
    port = PORTS.get(name)
    if port is None:
        raise OperationFailed("relay-port-unknown", f"this chain has no port {name}")
    return port


def _port_for(payload: Payload) -> Port:
    """The port that a payload is for, if it speaks the same language.

    Raises:
        OperationFailed: ``relay-port-unknown``, ``relay-version-unknown`` or ``relay-encoding-unknown``.
    """
    port = _port_named(payload.destination_port)
    if payload.version != port.version:
        raise OperationFailed("relay-version-unknown", f"{port.name} speaks {port.version}, not {payload.version}")
    if payload.encoding != port.encoding:
        raise OperationFailed("relay-encoding-unknown", f"{port.name} reads {port.encoding}, not {payload.encoding}")
    return port
