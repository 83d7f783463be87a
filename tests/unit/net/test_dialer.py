"""chainnode/net/dialer.py."""

import ssl

import pytest

from chainnode import limits
from chainnode.errors import PeerError
from chainnode.net.dialer import Backoff, dials_first, failure_code
from chainnode.net.peer import OBSERVER, PeerRole

SMALL, LARGE = bytes(32), bytes([255]) * 32
VALIDATOR = PeerRole(3)


@pytest.mark.parametrize("roles", [(a, b) for a in (VALIDATOR, OBSERVER, None) for b in (VALIDATOR, OBSERVER, None)])
def test_exactly_one_of_a_pair_dials_first(roles) -> None:
    """The same answer on both sides."""
    one, other = roles
    assert dials_first(SMALL, one, LARGE, other) != dials_first(LARGE, other, SMALL, one)


def test_observer_dials_validator_whatever_the_keys() -> None:
    assert dials_first(LARGE, OBSERVER, SMALL, VALIDATOR)
    assert dials_first(SMALL, OBSERVER, LARGE, VALIDATOR)


def test_smaller_key_dials_among_validators() -> None:
    assert dials_first(SMALL, VALIDATOR, LARGE, VALIDATOR)


def test_backoff_doubles_up_to_its_bound_with_jitter() -> None:
    backoff = Backoff()
    step_ms = limits.RECONNECT_MS_MIN
    for _ in range(10):
        assert step_ms / 2 <= backoff.wait_s() * 1000 <= step_ms
        step_ms = min(2 * step_ms, limits.RECONNECT_MS_MAX)
    assert step_ms == limits.RECONNECT_MS_MAX
    backoff.reset()
    assert backoff.wait_s() * 1000 <= limits.RECONNECT_MS_MIN


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PeerError("hello-chain", "x"), "hello-chain"),
        (ssl.SSLCertVerificationError(1, "x"), "tls-certificate"),
        (ssl.SSLError(1, "x"), "tls"),
        (TimeoutError(), "timeout"),
        (ConnectionAbortedError(), "timeout"),
        (ConnectionResetError(), "connection-reset"),
        (ConnectionRefusedError(), "unreachable"),
        (OSError(), "unreachable"),
    ],
)
def test_failure_has_a_stable_code(error, code: str) -> None:
    assert failure_code(error) == code
