"""chainnode/net/dialer.py."""

import asyncio
import contextlib
import ssl

import pytest

from chainnode import limits
from chainnode.errors import PeerError
from chainnode.net.dialer import Backoff, Dialer, dials_first, failure_code, replaces_link
from chainnode.net.peer import OBSERVER, PeerAddress, PeerRole
from tests.support.network import until

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


@pytest.mark.parametrize("we_dial_first", [True, False])
def test_simultaneous_attempts_end_with_that_of_the_side_that_dials_first(we_dial_first: bool) -> None:
    """Whichever came up first, and on both ends: what one side calls outbound the other calls inbound."""
    for ours_is_new in (True, False):
        replaced = replaces_link(
            old_outbound=not ours_is_new, new_outbound=ours_is_new, same_instance=True, we_dial_first=we_dial_first
        )
        stands_ours = ours_is_new == replaced
        assert stands_ours == we_dial_first


@pytest.mark.parametrize("outbound", [True, False])
@pytest.mark.parametrize("we_dial_first", [True, False])
def test_same_side_dialling_again_replaces_the_link_it_lost(outbound: bool, we_dial_first: bool) -> None:
    assert replaces_link(old_outbound=outbound, new_outbound=outbound, same_instance=True, we_dial_first=we_dial_first)


@pytest.mark.parametrize("new_outbound", [True, False])
@pytest.mark.parametrize("we_dial_first", [True, False])
def test_restarted_peer_replaces_its_link_whoever_dials(new_outbound: bool, we_dial_first: bool) -> None:
    assert replaces_link(
        old_outbound=not new_outbound, new_outbound=new_outbound, same_instance=False, we_dial_first=we_dial_first
    )


@contextlib.asynccontextmanager
async def running(may_dial: bool | None):
    """A dialer whose attempts fail; its attempts are counted."""
    attempts: list[PeerAddress] = []

    async def dial(address: PeerAddress) -> None:
        attempts.append(address)

    dialer = Dialer(PeerAddress(SMALL, "host", 1), dial, lambda key: may_dial)
    task = asyncio.create_task(dialer.run())
    try:
        yield dialer, attempts
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_side_that_dials_first_dials_at_once_and_again_after_a_failure(monkeypatch) -> None:
    monkeypatch.setattr(limits, "DIAL_YIELD_MS", 60_000)
    monkeypatch.setattr(limits, "RECONNECT_MS_MIN", 2)
    async with running(may_dial=True) as (_, attempts):
        await until(lambda: len(attempts) >= 3)


async def test_other_side_waits_for_the_one_that_dials_first(monkeypatch) -> None:
    """The node that is to be dialled waits before it dials itself, and does not if the link came up meanwhile."""
    monkeypatch.setattr(limits, "DIAL_YIELD_MS", 30)
    async with running(may_dial=False) as (dialer, attempts):
        await asyncio.sleep(0.005)
        assert not attempts
        dialer.link_up()
        await asyncio.sleep(0.06)
        assert not attempts
        dialer.link_down()
        await until(lambda: attempts)


async def test_peer_that_may_not_be_dialled_is_left_alone(monkeypatch) -> None:
    monkeypatch.setattr(limits, "RECONNECT_MS_MIN", 2)
    async with running(may_dial=None) as (_, attempts):
        await asyncio.sleep(0.03)
        assert not attempts
