"""Equivocation is reported, a broken chain stops us.

Source: SPEC.md R10, R11.
"""

from consensus.messages import Signed
from consensus.outputs import Halt, Outputs
from consensus.state import State


def accuse(state: State, first: Signed, second: Signed, out: Outputs) -> None:
    """R10: report two different payloads of one sender for one place, once for each sender and height.

    An own proposal that is not signed yet proves nothing; the other one, made with our key elsewhere, comes again.
    """
    if first.signature and state.accused[second.sender] != second.height:
        state.accused[second.sender] = second.height
        out.add_evidence(first, second)


def halt(state: State, reason: str, details: str, out: Outputs) -> None:
    """R11: stop signing for good."""
    if state.halt is None:
        state.halt = Halt(reason, details)
        out.halt = state.halt
        state.cancel_timers(out)
