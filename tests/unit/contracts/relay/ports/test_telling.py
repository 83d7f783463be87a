"""``telling_port``: what the two ports that only tell do with an answer, a refusal and silence."""

from typing import Any

import pytest

from contracts.kernel.outcome import OperationFailed
from contracts.relay.port import Port
from contracts.relay.ports.message import DONE
from contracts.relay.ports.telling import telling_port

NOTHING: Any = object()


def port(steps: list[str]) -> Port:
    return telling_port(
        "registry", "registry-1", lambda *_: DONE, lambda _departure, action, _context, _state: steps.append(action)
    )


def test_answer_is_heard_and_a_refusal_or_silence_fails() -> None:
    """The steps of ``ANNOUNCEMENT``; None is the error acknowledgement."""
    steps: list[str] = []
    made = port(steps)

    made.acknowledge(NOTHING, DONE, NOTHING, NOTHING)
    made.acknowledge(NOTHING, None, NOTHING, NOTHING)
    made.time_out(NOTHING, NOTHING, NOTHING)

    assert steps == ["hear", "fail", "fail"]
    assert (made.name, made.version) == ("registry", "registry-1")
    assert made.receive(NOTHING, NOTHING, NOTHING) == DONE


@pytest.mark.parametrize("answer", [b"", b"\x00", DONE + b"\x00"])
def test_answer_of_another_form_settles_nothing(answer: bytes) -> None:
    """The port knows one answer; the relay settles the packet and the event says the code."""
    steps: list[str] = []

    with pytest.raises(OperationFailed) as caught:
        port(steps).acknowledge(NOTHING, answer, NOTHING, NOTHING)

    assert caught.value.code == "relay-answer-malformed"
    assert steps == []
