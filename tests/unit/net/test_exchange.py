"""chainnode/net/exchange.py: both ends joined back to back, without a socket."""

import asyncio
import logging

import pytest

from chainnode import limits
from chainnode.errors import Misuse, NotFound, PeerError, RequestFailed
from chainnode.net.channel import ANSWER_BYTES_MAX, REQUEST_BYTES_MAX, Channel, Form
from chainnode.net.counter import NetworkCounters
from chainnode.net.exchange import Exchange, read_code
from tests.support.network import until


class Pair:
    """An asking and a serving exchange; what one sends the other receives in the next turn of the loop."""

    def __init__(self, serve, lost: bool = False) -> None:
        self.sent: list[tuple[Form, Channel, int]] = []
        self.broken: list[str] = []
        self.counters = NetworkCounters()
        self.lost = lost
        self.full: set[Channel] = set()
        self.tasks: list[asyncio.Task] = []
        self.asker: Exchange = self._make(lambda kind, payload: b"", lambda: self.server)
        self.server: Exchange = self._make(serve, lambda: self.asker)

    def _make(self, serve, other) -> Exchange:
        def send(form: Form, channel: Channel, payload: bytes) -> bool:
            if channel in self.full:
                return False
            self.sent.append((form, channel, len(payload)))
            if not self.lost:
                asyncio.get_running_loop().call_soon(lambda: other().receive(form, payload))
            return True

        def spawn(work):
            task = asyncio.create_task(work)
            self.tasks.append(task)
            return task

        return Exchange(send, serve, spawn, self.broken.append, self.counters)


async def failure(pair: Pair, timeout_ms: int = 1000) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        await pair.asker.request(1, b"x", timeout_ms)
    return caught.value


async def test_short_answer_comes_on_control_and_long_on_blocks() -> None:
    pair = Pair(lambda kind, payload: payload * kind)
    assert await pair.asker.request(3, b"ab", 1000) == b"ababab"
    assert await pair.asker.request(2, bytes(REQUEST_BYTES_MAX), 1000) == bytes(2 * REQUEST_BYTES_MAX)
    assert [channel for form, channel, _ in pair.sent if form is Form.ANSWER] == [Channel.CONTROL, Channel.BLOCKS]


async def test_answers_find_their_requests_in_any_order() -> None:
    async def serve(payload: bytes) -> bytes:
        await asyncio.sleep((10 - payload[0]) / 1000)
        return payload

    pair = Pair(lambda kind, payload: serve(payload))
    numbers = [bytes((n,)) for n in range(10)]
    assert await asyncio.gather(*(pair.asker.request(1, n, 1000) for n in numbers)) == numbers


async def test_error_of_the_handler_is_answered_with_its_code() -> None:
    def sync_fails(kind: int, payload: bytes) -> bytes:
        raise NotFound("block-unknown", "no such block")

    async def later_fails() -> bytes:
        raise NotFound("block-pruned", "no longer here")

    for serve, code in ((sync_fails, "block-unknown"), (lambda k, p: later_fails(), "block-pruned")):
        error = await failure(Pair(serve))
        assert (error.code, error.details["answer"]) == ("peer-error", code)


async def test_bug_of_the_handler_is_answered_and_logged(caplog) -> None:
    """One bad request must not stop a validator."""

    async def later_fails() -> bytes:
        raise ZeroDivisionError

    caplog.set_level(logging.ERROR)
    for serve in (lambda k, p: 1 // 0, lambda k, p: later_fails(), lambda k, p: bytes(ANSWER_BYTES_MAX + 1)):
        assert (await failure(Pair(serve))).details["answer"] == "internal"
    assert len(caplog.records) == 3


async def test_protocol_fault_found_by_the_handler_breaks_the_link() -> None:
    async def later_fails() -> bytes:
        raise PeerError("request-malformed", "x")

    pair = Pair(lambda k, p: later_fails())
    assert (await failure(pair, 20)).code == "request-timeout"
    assert pair.broken == ["request-malformed"]


async def test_late_answer_times_out_and_is_then_ignored() -> None:
    async def slow() -> bytes:
        await asyncio.sleep(0.03)
        return b"late"

    pair = Pair(lambda k, p: slow())
    assert (await failure(pair, 5)).code == "request-timeout"
    await asyncio.gather(*pair.tasks)
    await asyncio.sleep(0)
    assert await pair.asker.request(1, b"", 1000) == b"late"


async def test_close_fails_requests_at_once_and_stops_work() -> None:
    """A lost link fails pending requests at once."""
    pair = Pair(lambda k, p: asyncio.sleep(60, b""))
    asking = asyncio.create_task(failure(pair, 60_000))
    await until(lambda: pair.tasks)
    pair.asker.close()
    assert (await asking).code == "link-lost"
    pair.server.close()
    await asyncio.wait(pair.tasks, timeout=1)
    assert pair.tasks[0].cancelled()


async def test_outstanding_requests_are_bounded() -> None:
    pair = Pair(lambda k, p: b"", lost=True)
    async with asyncio.TaskGroup() as group:
        for _ in range(limits.REQUESTS_OUTSTANDING_MAX):
            group.create_task(failure(pair, 50))
        await asyncio.sleep(0)
        assert (await failure(pair)).code == "peer-busy"
    assert pair.counters.requests_failed == {"request-timeout": limits.REQUESTS_OUTSTANDING_MAX, "peer-busy": 1}


async def test_work_for_one_peer_is_bounded() -> None:
    pair = Pair(lambda k, p: asyncio.sleep(0.02, b"done"))
    results = await asyncio.gather(
        *(pair.asker.request(1, b"", 1000) for _ in range(limits.REQUESTS_SERVED_MAX + 5)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, RequestFailed)]
    assert results.count(b"done") == limits.REQUESTS_SERVED_MAX
    assert [error.details["answer"] for error in refused] == ["busy"] * 5


async def test_full_queue_is_told_on_both_sides() -> None:
    pair = Pair(lambda k, p: bytes(100_000))
    pair.full = {Channel.BLOCKS}
    assert (await failure(pair)).details["answer"] == "busy"
    pair.full = {Channel.CONTROL}
    assert (await failure(pair)).code == "peer-busy"


async def test_caller_must_respect_the_bounds() -> None:
    pair = Pair(lambda k, p: b"")
    for kind, size, code in ((1, REQUEST_BYTES_MAX + 1, "request-size"), (70_000, 0, "request-kind")):
        with pytest.raises(Misuse) as caught:
            await pair.asker.request(kind, bytes(size), 1000)
        assert caught.value.code == code


@pytest.mark.parametrize(("form", "size"), [(Form.REQUEST, 5), (Form.ANSWER, 3), (Form.ERROR, 0)])
async def test_message_shorter_than_its_header_is_refused(form: Form, size: int) -> None:
    with pytest.raises(PeerError) as caught:
        Pair(lambda k, p: b"").server.receive(form, bytes(size))
    assert caught.value.code == "exchange-malformed"


@pytest.mark.parametrize("code", [b"", b"UPPER", b"a" * 65, b"a b", b"\xff", b"a\n"])
def test_code_of_a_peer_is_checked_before_it_reaches_a_log(code: bytes) -> None:
    with pytest.raises(PeerError) as caught:
        read_code(code)
    assert caught.value.code == "code-malformed"
