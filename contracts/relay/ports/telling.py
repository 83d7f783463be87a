"""Ports that only tell: the other chain knows then, or refused, or was not reached."""

from collections.abc import Callable

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.relay.port import Arrival, Departure, Port
from contracts.relay.ports.message import check_done


def telling_port(
    name: str,
    version: str,
    receive: Callable[[Arrival, Context, State], bytes],
    settle: Callable[[Departure, str, Context, State], None],
) -> Port:
    """A port whose packets are settled as ``ANNOUNCEMENT`` says: ``settle`` takes the step, ``hear`` or ``fail``."""

    def acknowledge(departure: Departure, answer: bytes | None, context: Context, state: State) -> None:
        """Write down that the other chain knows, or refused.

        Raises:
            OperationFailed: ``relay-answer-malformed``.
        """
        if answer is not None:
            check_done(answer)
        settle(departure, "fail" if answer is None else "hear", context, state)

    def time_out(departure: Departure, context: Context, state: State) -> None:
        """Write down that the other chain was not reached."""
        settle(departure, "fail", context, state)

    return Port(name, version, receive, acknowledge, time_out)
