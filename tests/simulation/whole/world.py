"""A whole network of real nodes on simulated machines, from one seed: first trouble, then healing.

``World.run`` is one seed's life. Safety phase: the plan's faults are drawn and clients submit. Liveness phase: the
network heals, machines restart, hostile replicas stay hostile, and everything honest must be decided in bounded time.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from chainnode.errors import InvariantBroken as NodeInvariantBroken
from chainnode.errors import StoreError
from chainnode.net.channel import Channel
from chainnode.node.wiring import Node
from consensus.invariant import InvariantBroken
from consensus.messages import Signed, decode_message
from consensus.outputs import Outputs
from consensus.state import Phase
from tests.simulation.whole import genesis
from tests.simulation.whole.checker import Checker, Violation, expect
from tests.simulation.whole.consortium import Consortium
from tests.simulation.whole.disk import Crashed
from tests.simulation.whole.hostile.port import HostilePort
from tests.simulation.whole.loop import VirtualLoop
from tests.simulation.whole.membership import Membership
from tests.simulation.whole.network import Network, Port
from tests.simulation.whole.node import Machine, installed
from tests.simulation.whole.plan import Plan
from tests.simulation.whole.trace import Trace
from tests.simulation.whole.trouble import Trouble
from tests.simulation.whole.workload import Workload

CALM_MS = 2_000
"""Between healing and the transactions that must then be decided."""
LIVENESS_MS = {"usual": 400_000, "brisk": 100_000}
"""More than four capped view time-outs for each replica that may be hostile, and the time to get there; by pace."""
BOUNDS_EACH_STEPS = 256
TIME_AHEAD_MS = 5_000
"""No clock here is so far ahead that a block of that time could be accepted by an honest validator."""


class Watched:
    """The replica as its driver sees it; every step is shown to the world."""

    def __init__(self, inner: Any, world: "World", machine: Machine, node: Node) -> None:
        self.inner = inner
        self._world = world
        self._machine = machine
        self._node = node

    def __getattr__(self, name: str) -> Any:
        """What the driver only reads is the replica's own."""
        return getattr(self.inner, name)

    def step(self, event: Any, now_ms: int) -> Outputs:
        replica = self.inner
        if self._machine.node is not self._node:
            # Power is off; the event loop only has not noticed yet.
            raise Crashed
        silent = replica.phase in {Phase.SYNCING, Phase.HALTED} and type(event).__name__ != "SyncFinished"
        out = replica.step(event, now_ms)
        self._world.on_step(self._machine, replica, event, out, silent)
        return out


class Listener:
    """Between driver and service: what the node tells its users."""

    def __init__(self, inner: Any, world: "World", machine: Machine, node: Node) -> None:
        self._inner = inner
        self._world = world
        self._machine = machine
        self._node = node

    def on_block(self, candidate: Any, receipts: Any) -> None:
        self._world.on_block(self._machine, self._node, candidate, receipts)
        self._inner.on_block(candidate, receipts)

    def on_view_changed(self, event: Any) -> None:
        self._world.note("view", self._machine.address, event.height, event.view, event.reason)
        self._inner.on_view_changed(event)

    def on_halt(self, reason: str, details: dict[str, str]) -> None:
        self._world.on_halt(self._machine, reason)
        self._inner.on_halt(reason, details)


class World:
    """One seed's network."""

    def __init__(self, plan: Plan, *, trace: bool = False, tick_ms: tuple[int, int] = (60, 500)) -> None:
        """``tick_ms``: how often hostile replicas act on their own."""
        self.plan = plan
        self.tick_ms = tick_ms
        self.random = Random(plan.seed)
        self.loop = VirtualLoop()
        self.loop.set_exception_handler(self._on_stray_exception)
        self.trace = Trace(self.loop, keep=trace)
        self.faults: Counter[str] = Counter()
        self.network = Network(self)
        self.violation: BaseException | None = None
        indexes = [*range(plan.size + plan.spares), *plan.twins]
        self.hostile = frozenset(plan.hostile) | frozenset(plan.twins)
        start = self.foundation = genesis.foundation(plan.size, plan.pace, plan.spares)
        known = {candidate.consensus_key: identity for identity, candidate in enumerate(start.candidates)}
        sets = Membership(start.members, known, start.parameters.epoch_blocks)
        self.checker = Checker(sets, start.hash, self.hostile)
        self.machines = [
            Machine(self.loop, address, index, start, self._make_port, self._on_built, self._on_ended)
            for address, index in enumerate(indexes)
        ]
        for machine in self.machines:
            machine.disk.fired = self.fired
            machine.on_crash = self._on_crash
            machine.on_joined = self._on_joined
            machine.on_refused = self.on_restarted
            machine.makes_snapshots = "lost_disk" in plan.kinds and machine.address % 2 == 0
        self.workload = Workload(self)
        self.consortium = Consortium(self)
        self.trouble = Trouble(self)

    # A run.

    def run(self) -> None:
        """Live through the plan.

        Raises:
            Violation: an invariant does not hold, or the healed network does not decide.
        """
        try:
            for machine in self.machines:
                machine.start()
            self.workload.begin()
            self.trouble.begin()
            self.consortium.begin()
            self.advance(self.plan.trouble_ms)
            self.trouble.heal()
            self.advance(CALM_MS)
            self._await_liveness()
        finally:
            self.close()

    def _await_liveness(self) -> None:
        self.workload.pause()
        self.trouble.heal()
        self.workload.submit_everywhere()
        waited_ms, most_ms = 0, LIVENESS_MS[self.plan.pace]
        while not self.workload.settled():
            expect(waited_ms < most_ms, f"no progress within {most_ms} ms: {self.workload.unsettled()}")
            self.advance(250)
            waited_ms += 250
            self.trouble.keep_running()

    def advance(self, duration_ms: float) -> None:
        """Run for so long; a violation anywhere ends it."""
        self.loop.run_for(duration_ms)
        if self.violation is not None:
            raise self.violation

    def close(self) -> None:
        """End every process; nothing of this world lives on."""
        for machine in self.machines:
            machine.retired = True
            machine.power_off()
        self.loop.run_for(1)
        self.loop.close()

    @property
    def digest(self) -> str:
        """Stands for everything that happened."""
        return self.trace.digest

    # What machines tell.

    def honest(self, machine: Machine) -> bool:
        return machine.index not in self.hostile

    def honest_machines(self) -> list[Machine]:
        """Those whose keys and disks are sound, whether they run or not."""
        lost = self.trouble.lost
        return [machine for machine in self.machines if self.honest(machine) and machine.address not in lost]

    def _make_port(self, machine: Machine, node_key: bytes, role_of: Any, handler: Any) -> Port:
        behaviours = self.plan.hostile.get(machine.index)
        if behaviours and self.honest_twin(machine):
            return HostilePort(self, machine, node_key, role_of, handler, behaviours)
        port = Port(self, machine.address, node_key, role_of, handler)
        port.honest = self.honest(machine)
        return port

    def honest_twin(self, machine: Machine) -> bool:
        """The first of the machines with this key; the second is a twin."""
        return machine.address < self.plan.size + self.plan.spares

    def _on_built(self, machine: Machine, node: Node) -> None:
        driver: Any = node._driver
        replica = driver.replica
        if self.honest(machine):
            self._learn(node)
            # Not only when its operator says so: until it has voted again it knows by itself, and says nothing either.
            self.checker.on_started(machine.address, machine.index, replica, anew=node._data.rejoins)
        driver.replica = Watched(replica, self, machine, node)
        driver._listener = Listener(driver._listener, self, machine, node)
        self.note("start", machine.address, replica.height, replica.view, node.service.halted or "")
        # One key on two machines, or one that signs beside its own memory: each may find signatures it knows
        # nothing of, and is right not to vote.
        forgotten = node.service.halted == "votes-forgotten" and machine.index in self.hostile
        if node.service.halted is not None and machine.address not in self.trouble.lost and not forgotten:
            self.fail(Violation(f"{machine.address} refuses to vote on a sound disk: {node.service.halted}"))

    def on_restarted(self, machine: Machine) -> None:
        """What was synced is enough to go on from: a sound disk is never refused."""
        if machine.refusal is not None:
            self.note("refusal", machine.address, machine.refusal)
            if machine.address in self.trouble.damaged and machine.refusal in ("disk-full", "disk-error"):
                # It was struck while it joined; with the next cable, or room, it starts.
                return
            self.fail(Violation(f"{machine.address} refuses to start on a sound disk: {machine.refusal}"))

    def _on_ended(self, machine: Machine, error: BaseException | None) -> None:
        self.note("end", machine.address, repr(error))
        failing = machine.address in self.trouble.damaged and isinstance(error, StoreError)
        if error is not None and self.honest(machine) and not failing:
            self.fail(error if isinstance(error, Violation) else Violation(f"{machine.address} ended: {error!r}"))

    def _on_joined(self, machine: Machine, height: int) -> None:
        self.note("joined", machine.address, height)
        if height:
            self.fired("snapshot_joined")

    def _on_crash(self, machine: Machine) -> None:
        self.fired("crash")
        self.note("crash", machine.address)
        machine.disk.crash(self.random)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """A violation found deep inside a node is kept, whatever the node makes of the exception."""
        try:
            yield
        except (Violation, InvariantBroken, NodeInvariantBroken) as violation:
            self.fail(violation)
            raise

    def fail(self, violation: BaseException) -> None:
        """Remember the first violation and stop at once."""
        if self.violation is None:
            self.violation = violation
            self.note("violation", str(violation))
            self.loop.stop()

    def _on_stray_exception(self, loop: object, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None and not _only_crashed(error):
            self.fail(error if isinstance(error, Violation) else Violation(f"nobody caught {error!r}"))

    def on_step(self, machine: Machine, replica: Any, event: Any, out: Outputs, silent: bool) -> None:
        self.trace.step(machine.address, event, out)
        if machine.index in self.plan.twins and out.sign:
            self.fired("twin_spoke")
        if not self.honest(machine):
            self.checker.steps += 1
            return
        with self.guarded():
            self.checker.on_step(machine.address, machine.index, replica, event, out, silent)
            # What piles up in a height is largest when a view begins, and gone when the next height does.
            due = bool(out.events) or self.checker.steps % BOUNDS_EACH_STEPS == 0
            if due and machine.node is not None:
                self.checker.check_bounds(machine.address, machine.node)

    def on_sent(self, port: Port, channel: Channel, payload: bytes) -> None:
        if channel is Channel.CONSENSUS and port.honest:
            machine = self.machines[port.address]
            message = decode_message(payload)
            with self.guarded():
                self.checker.on_sent(machine.address, machine.index, message, machine.disk)
            if machine.returning and isinstance(message, Signed):
                machine.returning = False
                self.fired("rejoined")

    def _learn(self, node: Node) -> None:
        """Who decides the next height, by an honest node's ledger."""
        ended = self.checker.sets.learn(node.ledger.tip.height, node.ledger.validators)
        if ended is not None:
            now = self.checker.sets.present
            self.fired("epoch")
            self.faults["joined"] += len(set(now.identities) - set(ended.identities))
            self.faults["left"] += len(set(ended.identities) - set(now.identities))
            self.note("epoch", now.validators.epoch, now.first_height, *now.identities)

    def on_block(self, machine: Machine, node: Node, candidate: Any, receipts: Any) -> None:
        self.note("block", machine.address, candidate.header.height, candidate.block_hash)
        if self.honest(machine):
            with self.guarded():
                latest_ms = genesis.GENESIS_MS + self.loop.now_ms + TIME_AHEAD_MS
                self._learn(node)
                around = node.ledger.surroundings
                self.checker.check_outcomes(receipts, around.leadership.excluded, candidate.header.height)
                self.consortium.on_receipts(receipts)
                self.checker.on_block(machine.address, candidate, node.ledger.tip, machine.disk, latest_ms)

    def on_halt(self, machine: Machine, reason: str) -> None:
        self.note("halt", machine.address, reason)
        if self.honest(machine):
            with self.guarded():
                expect(machine.address in self.trouble.damaged, f"{machine.address} halted on a sound disk: {reason}")

    def on_penalised(self, by: Port, offender: Port, code: str) -> None:
        self.note("penalty", by.address, offender.address, code)
        if by.honest:
            with self.guarded():
                self.checker.on_penalised(by.address, offender.address, code, hostile=not offender.honest)

    def fired(self, fault: str) -> None:
        """Count a fault that took effect."""
        self.faults[fault] += 1

    def note(self, kind: str, *facts: object) -> None:
        """Add to the trace."""
        self.trace.note(kind, facts)


def _only_crashed(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_only_crashed, error.exceptions))
    return isinstance(error, Crashed)


def run_seed(plan: Plan, *, trace: bool = False) -> World:
    """Live through one plan; the world carries what came of it, ``violation`` included."""
    with installed():
        world = World(plan, trace=trace)
        try:
            world.run()
        except (Violation, InvariantBroken, NodeInvariantBroken) as violation:
            world.violation = violation
    return world
