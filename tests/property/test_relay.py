"""Two chains with lying, slow, duplicating and absent relayers.

No packet is received twice, none both received and timed out, nothing is received that was not sent, and with one
honest relayer everything is settled in the end.
"""

from random import Random

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainnode.errors import Rejected
from chainnode.types.receipt import OK
from contracts.kernel.operation import Operation
from contracts.kernel.registry import SPEC_OF
from contracts.relay.operations import ReceivePacket
from contracts.relay.packet import Packet
from contracts.relay.record import read_packet, read_traffic
from tests.support.two_chains import CLIENT_ID, Side, connected


def check(sides: tuple[Side, Side]) -> None:
    """Both directions, at any moment."""
    for source, target in (sides, sides[::-1]):
        sent = {packet.sequence for packet in source.sent}
        received = [sequence for what, sequence in target.told if what == "received"]
        settled = [(what, sequence) for what, sequence in source.told if what != "received"]
        assert len(received) == len(set(received)), "received twice"
        assert set(received) <= sent, "received what was not sent"
        assert len(settled) == len({sequence for _, sequence in settled}), "settled twice"
        for what, sequence in settled:
            assert (what == "acknowledged") == (sequence in received), f"{sequence} was {what}"


def some_operation(rng: Random, source: Side, target: Side) -> Operation:
    """What a relayer carries to ``target``: right, early, late, twice or out of nothing."""
    height = rng.randint(1, source.height) if rng.random() < 0.1 else max(1, rng.choice(target.known()[-2:]))
    kind = rng.choice(("update", "deliver", "answer", "silence"))
    packets = source.committed if kind == "deliver" else target.sent
    if kind == "update" or not packets:
        trusted = rng.choice([known for known in target.known() if known < source.height])
        higher = rng.randint(trusted + 1, source.height)
        return source.update(trusted, source.height if rng.random() < 0.6 else higher)
    packet = rng.choice(packets[-4:])
    if kind == "deliver":
        return source.delivery(packet, height)
    if kind == "answer":
        return source.answer(packet.sequence, height)
    return source.silence(packet.sequence, height)


def lied(rng: Random, operation: Operation) -> Operation:
    """The same with one field changed."""
    if isinstance(operation, ReceivePacket) and rng.random() < 0.5:
        packet: Packet = msgspec.structs.replace(
            operation.packet, **{rng.choice(("sequence", "timeout_s")): rng.randint(1, 2**40)}
        )
        return msgspec.structs.replace(operation, packet=packet)
    name = rng.choice([field for field in operation.__struct_fields__ if field not in ("packet", "client_id")])
    value = getattr(operation, name)
    if isinstance(value, bytes):
        place = rng.randrange(len(value))
        value = value[:place] + bytes([value[place] ^ (1 << rng.randrange(8))]) + value[place + 1 :]
    else:
        value = max(1, value + rng.choice((-1, 1)))
    return msgspec.structs.replace(operation, **{name: value})


def finish(sides: tuple[Side, Side]) -> None:
    """One honest relayer, after everybody else has gone: deliver, answer, and time out what came too late."""
    for _ in range(3):
        for source, target in (sides, sides[::-1]):
            for side in sides:
                side.block(ms=max(1, max(one.clock_ms for one in sides) - side.clock_ms))
            newest = source.height
            steps: list[Operation] = [source.update(0, newest)] if newest not in target.known() else []
            steps += [source.delivery(packet, newest) for packet in source.committed]
            for packet in target.sent:
                if read_packet(target.world.overlay, CLIENT_ID, packet.sequence) is not None:
                    steps += [source.answer(packet.sequence, newest), source.silence(packet.sequence, newest)]
            target.block(steps, ms=1)
        for side in sides:
            side.block(ms=20_000)


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 4_000, -4_000]))
def test_every_packet_is_received_once_or_timed_out_once(seed: int, skew_ms: int) -> None:
    """Issue: no packet received twice, none both received and timed out, nothing recognised that was not sent."""
    rng = Random(seed)
    sides = connected(skew_ms)
    for _ in range(60):
        side = rng.choice(sides)
        wishes: list[Operation] = []
        for _ in range(rng.randint(0, 4)):
            operation = some_operation(rng, sides[side is sides[0]], side)
            operation = lied(rng, operation) if rng.random() < 0.2 else operation
            wishes += [operation] * (2 if rng.random() < 0.2 else 1)
        soon = (side.clock_ms + 3_000) // 1_000
        timeouts = [soon + rng.randint(1, 25)] if rng.random() < 0.4 else []
        try:
            receipts = side.block(wishes, sends=timeouts, ms=rng.choice((1, 500, 1_000, 1_999)))
        except Rejected as refusal:
            assert refusal.code == "relay-timeout-passed"
            wishes, receipts = [], side.block(ms=1)
        for wish, receipt in zip(wishes, receipts, strict=True):
            promised = (OK, "operation-malformed", *SPEC_OF[type(wish)].codes)
            assert receipt.code in promised, (receipt.code, receipt.info)
        check(sides)
    finish(sides)
    check(sides)
    for side in sides:
        assert read_traffic(side.world.overlay, CLIENT_ID).under_way == 0
        settled = {sequence for what, sequence in side.told if what != "received"}
        assert settled == {packet.sequence for packet in side.sent}


def test_at_the_exact_second_a_packet_is_either_received_or_timed_out() -> None:
    """Reliability X6, every interleaving: the receiving block and the proving header around the time-out."""
    for receive_ms in (-1, 0, 1):
        for prove_ms in (-1, 0, 1):
            one, two = connected()
            timeout_s = one.clock_ms // 1_000 + 5
            edge_ms = timeout_s * 1_000
            one.block(sends=[timeout_s])
            one.block(ms=1)
            told = one.height
            two.block([one.update(0, told)], ms=1_001)
            received = two.block([one.delivery(one.sent[0], told)], ms=edge_ms + receive_ms - two.clock_ms)[0]
            assert (received.code == OK) == (receive_ms < 0)
            # The header that proves: the next one, or, had it not been received, one of the edge itself.
            two.block(ms=max(1, edge_ms + prove_ms - two.clock_ms))
            two.block(ms=1)
            for height in (two.height - 2, two.height - 1, two.height):
                one.block([two.update(0, height)], ms=max(1, two.clock_ms - one.clock_ms))
                lapsed = one.submit(two.silence(1, height)).code
                late = two.time_of(height) >= edge_ms
                wanted = "relay-timeout-early" if not late else OK
                if received.code == OK:
                    shown = two.state_of(height).height > two.height - 2
                    wanted = "relay-proof-mismatch" if shown else "relay-timeout-early"
                assert lapsed in (wanted, "relay-packet-unknown"), (receive_ms, prove_ms, height, lapsed)
            check((one, two))
