"""Figures: speed of the core, memory under floods, throughput beside a hostile replica.

Throughput is that of clients who submit at a steady rate whatever happens; time passes by the network's delays and the
timers of the chain, and computing costs nothing. Blocks a second are shown too: they suffer more, and refill later.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from chainnode.types.parameters import ChainParameters
from consensus.replica import Replica
from consensus.tip import Tip
from tests.simulation.whole import genesis
from tests.simulation.whole.hostile.library import BEHAVIOURS
from tests.simulation.whole.node import installed
from tests.simulation.whole.plan import Plan
from tests.simulation.whole.world import World

STEPS_PER_SECOND_MIN = 50_000
FLOOD_MS = 3_600_000
FLOOD_SAMPLES = 12
MEMORY_GROWTH_MAX = 1.5
"""Between the largest sample of the first and of the last quarter of an hour; the noise of a few messages in flight."""
LOAD_MS = 12_000
LOAD_PAUSE_MS = 50
THROUGHPUT_MIN = 0.5


def core_speed(rounds: int = 40) -> float:
    """Steps in a second of processor time: all inputs of one replica in a fault-free run, fed to the core alone."""
    inputs: list[tuple[Any, int]] = []
    with installed():
        world = World(Plan(seed=1, size=4, trouble_ms=20_000))
        seen = world.on_step

        def record(machine: Any, replica: Any, event: Any, out: Any, silent: bool) -> None:
            if machine.address == 0:
                inputs.append((event, world.loop.now_ms))
            seen(machine, replica, event, out, silent)

        world.on_step = record  # type: ignore[method-assign]
        world.run()
    start = genesis.foundation(4)
    timers = ChainParameters().timer_config()
    began = time.process_time()
    for _ in range(rounds):
        replica = Replica(genesis.CHAIN_ID, start.validators, 0, tip=Tip(0, start.hash), timers=timers)
        step = replica.step
        for event, now_ms in inputs:
            step(event, now_ms)
    return rounds * len(inputs) / (time.process_time() - began)


def deep_size(root: object) -> int:
    """Bytes reachable from ``root``, without what many replicas share: classes, functions, modules."""
    total, seen, waiting = 0, set[int](), [root]
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, type) or callable(value):
            continue
        seen.add(id(value))
        total += sys.getsizeof(value)
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            waiting += value
        elif isinstance(value, msgspec.Struct):
            waiting += [getattr(value, name) for name in value.__struct_fields__]
        else:
            names = [name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ())]
            waiting += [getattr(value, name) for name in names if hasattr(value, name)]
            waiting += list(getattr(value, "__dict__", {}).values())
    return total


def memory_under_flood(duration_ms: int = FLOOD_MS) -> list[int]:
    """Bytes of an honest replica's agreement, sampled over an hour of valid-looking floods by one validator."""
    plan = Plan(seed=3, size=4, hostile={3: ("future_heights", "huge_views", "replay")}, kinds=("hostile",))
    samples = []
    with installed():
        world = World(replace(plan, trouble_ms=duration_ms), tick_ms=(1_000, 1_500))
        try:
            for machine in world.machines:
                machine.start()
            for _ in range(FLOOD_SAMPLES):
                world.advance(duration_ms / FLOOD_SAMPLES)
                node: Any = world.machines[0].node
                parts = (node._driver.replica.inner._state, list(node._driver._inputs), node._desk._candidates)
                samples.append(deep_size(parts) + deep_size(dict(node._gate.peer_heights)))
        finally:
            world.close()
    return samples


def throughput(behaviour: str | None, load_ms: int = LOAD_MS) -> tuple[int, int]:
    """Transactions and blocks committed under steady load."""
    plan = Plan(seed=5, size=4, hostile={} if behaviour is None else {2: (behaviour,)}, kinds=("hostile",))
    with installed():
        world = World(plan)
        try:
            for machine in world.machines:
                machine.start()
            for number in range(load_ms // LOAD_PAUSE_MS):
                machine = world.machines[(0, 1, 3)[number % 3]]
                world.loop.after_ms(number * LOAD_PAUSE_MS, world.workload.submit_new, machine)
            world.advance(load_ms)
        finally:
            world.close()
    return len(world.checker.committed), len(world.checker.chain)


def measure(say: Callable[[str], None], *, quiet: bool) -> int:
    """Take every figure; 0 if all are as good as they must be."""
    speed = core_speed()
    if not quiet:
        say(f"core steps a second: {speed:.0f}")
    samples = memory_under_flood()
    quarter = FLOOD_SAMPLES // 4
    growth = max(samples[-quarter:]) / max(samples[:quarter])
    if not quiet:
        say(f"bytes of a replica over an hour of floods: {samples}")
    free_transactions, free_blocks = throughput(None)
    worst, worst_blocks, name = 1.0, 1.0, ""
    for behaviour in sorted(BEHAVIOURS):
        transactions, blocks = throughput(behaviour)
        share, blocks_share = transactions / free_transactions, blocks / free_blocks
        if not quiet:
            say(f"beside {behaviour:<24} {share:6.1%} of the transactions, {blocks_share:6.1%} of the blocks")
        if share < worst:
            worst, name = share, behaviour
        worst_blocks = min(worst_blocks, blocks_share)
    say(
        json.dumps(
            {
                "core_steps_per_second": round(speed), "memory_growth": round(growth, 3),
                "throughput_worst": round(worst, 3), "throughput_worst_beside": name,
                "blocks_worst": round(worst_blocks, 3),
            }
        )
    )
    return 0 if speed >= STEPS_PER_SECOND_MIN and growth <= MEMORY_GROWTH_MAX and worst >= THROUGHPUT_MIN else 1
