"""chainnode/net/queue.py."""

from hypothesis import given
from hypothesis import strategies as st

from chainnode import limits
from chainnode.net.channel import BOUNDS, Channel
from chainnode.net.counter import NetworkCounters
from chainnode.net.queue import SendQueue


def test_most_urgent_channel_goes_first() -> None:
    """Served by strict priority."""
    queue = SendQueue(NetworkCounters())
    for channel in reversed(Channel):
        queue.push(channel, (channel.name.encode(),))
    assert queue.take(1000) == [channel.name.encode() for channel in Channel]
    assert not queue


def test_vote_overtakes_a_block_that_was_begun() -> None:
    queue = SendQueue(NetworkCounters())
    queue.push(Channel.BLOCKS, (b"b1" * 50, b"b2" * 50))
    assert queue.take(10) == [b"b1" * 50]
    queue.push(Channel.CONSENSUS, (b"vote",))
    assert queue.take(1000) == [b"vote", b"b2" * 50]


def test_consensus_forgets_its_oldest_message_when_full() -> None:
    counters = NetworkCounters()
    queue = SendQueue(counters)
    for number in range(limits.QUEUE_MESSAGES_MAX + 3):
        assert queue.push(Channel.CONSENSUS, (number.to_bytes(4, "big"),))
    assert counters.dropped_out == [3, 0, 0, 0, 0]
    assert queue.take(4) == [(3).to_bytes(4, "big")]


def test_other_channels_refuse_what_is_new_when_full() -> None:
    for channel in (Channel.CONTROL, Channel.BLOCKS, Channel.TRANSACTIONS):
        counters = NetworkCounters()
        queue = SendQueue(counters)
        block = bytes(BOUNDS[channel].queue_bytes_max // 2)
        assert queue.push(channel, (block,))
        assert queue.push(channel, (block,))
        assert not queue.push(channel, (b"x",))
        assert counters.dropped_out[channel] == 1
        assert counters.messages_out[channel] == 2


def test_begun_message_is_finished_even_if_the_queue_overflows() -> None:
    """A message whose first piece went out is never dropped: the peer could not tell where it broke off."""
    queue = SendQueue(NetworkCounters())
    queue.push(Channel.CONSENSUS, (b"first", b"second"))
    assert queue.take(1) == [b"first"]
    for _ in range(3 * limits.QUEUE_MESSAGES_MAX):
        queue.push(Channel.CONSENSUS, (b"later",))
    assert queue.take(1) == [b"second"]


def test_clear_forgets_everything() -> None:
    queue = SendQueue(NetworkCounters())
    queue.push(Channel.BLOCKS, (b"a", b"b"))
    queue.take(1)
    queue.clear()
    assert not queue
    assert queue.take(100) == []
    assert queue.depths() == (0, 0, 0, 0, 0)


_steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(Channel), st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=4)),
        st.integers(1, 40),
    ),
    max_size=60,
)


@given(_steps)
def test_every_accepted_frame_comes_out_once_and_in_order_of_its_channel(steps) -> None:
    queue = SendQueue(NetworkCounters())
    pushed: dict[Channel, list[bytes]] = {channel: [] for channel in Channel}
    taken: list[bytes] = []
    for step in steps:
        if isinstance(step, int):
            taken += queue.take(step)
        else:
            channel, frames = step
            marked = tuple(bytes((channel,)) + frame for frame in frames)
            assert queue.push(channel, marked)
            pushed[channel] += marked
    while queue:
        taken += queue.take(25)
    for channel in Channel:
        assert [frame for frame in taken if frame[0] == channel] == pushed[channel]
        assert queue.bytes_waiting(channel) == 0
