"""chainnode/net/counter.py."""

from chainnode.net.channel import Channel
from chainnode.net.counter import NetworkCounters


def test_snapshot_names_every_counter() -> None:
    counters = NetworkCounters()
    counters.dropped_out[Channel.TRANSACTIONS] += 2
    counters.refused["hello-chain"] += 1
    found = counters.snapshot()
    assert found["dropped_out.transactions"] == 2
    assert found["refused.hello-chain"] == 1
    assert found["messages_in.consensus"] == 0
