"""What strikes a network from outside: weather, partitions, power cuts, failing disks, wrong clocks."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation.whole.network import Weather, never
from tests.simulation.whole.stall import stall

if TYPE_CHECKING:
    from tests.simulation.whole.node import Machine
    from tests.simulation.whole.world import World

PAUSE_MS = (20, 1_500)
RESTART_MS = (50, 5_000)
SKEW_MS = 700
"""Within half of what validators tolerate, so that two honest clocks never refuse each other."""


class Trouble:
    """Draws the strikes of one world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._healed = False
        self._strikes = 0
        self.damaged: set[int] = set()
        """Machines whose disk failed in a way that stops a node honestly (R11)."""
        self.lost: set[int] = set()
        """Machines whose data rotted, or that are gone for good: they count as faulty."""
        self.forgetful: set[int] = set()
        """Machines whose disk was replaced: they come back, and until then count as faulty."""
        self.dead: set[int] = set()
        """Those of them that will never run again."""
        self._tools: dict[str, Callable[[], None]] = {
            "weather": self._weather,
            "partition": self._partition,
            "clog": self._clog,
            "stall": lambda: stall(world),
            "skew": self._skew,
            "link_reset": self._reset_link,
            "crash_at_boundary": self._crash_at_boundary,
            "power_cut": self._power_cut,
            "blackout": self._blackout,
            "disk_full": self._fill_disk,
            "fsync_failure": self._fail_sync,
            "rot": self._rot,
            "death": self._die,
            "lost_disk": self._lose_disk,
        }

    def begin(self) -> None:
        """Start striking."""
        self._again()

    def _again(self) -> None:
        world = self._world
        if self._healed:
            return
        kinds = [kind for kind in world.plan.kinds if kind in self._tools]
        if kinds and self._strikes < world.plan.strikes_max:
            self._strikes += 1
            kind = world.random.choice(kinds)
            world.note("strike", kind)
            self._tools[kind]()
        if world.random.random() < 0.25:
            world.network.heal()
        for machine in world.machines:
            if not machine.running:
                world.loop.after_ms(world.random.randint(*RESTART_MS), self._restart, machine)
        world.loop.after_ms(world.random.randint(*PAUSE_MS), self._again)

    def _restart(self, machine: "Machine") -> None:
        if machine.running or machine.address in self.lost:
            return
        machine.disk.bytes_left = None
        machine.disk.failing_syncs = 0
        self.damaged.discard(machine.address)
        machine.start()
        self._world.on_restarted(machine)

    def _pick(self) -> "Machine | None":
        running = [machine for machine in self._world.machines if machine.running]
        return self._world.random.choice(running) if running else None

    def _weather(self) -> None:
        random = self._world.random
        self._world.network.weather = Weather(
            loss=random.choice((0.0, 0.05, 0.3)),
            duplication=random.choice((0.0, 0.3)),
            straggling=random.choice((0.0, 0.1, 0.4)),
            delay_ms=random.choice(((1, 20), (1, 200), (50, 60))),
        )

    def _partition(self) -> None:
        random = self._world.random
        groups = random.choice((2, 2, 3))
        self._world.network.group = {machine.address: random.randrange(groups) for machine in self._world.machines}

    def _clog(self) -> None:
        world = self._world
        one, other = (machine.address for machine in world.random.sample(world.machines, 2))
        world.network.clogged_until_ms[(one, other)] = world.loop.now_ms + world.random.randint(500, 6_000)

    def _skew(self) -> None:
        world = self._world
        world.random.choice(world.machines).clock.skew_ms = world.random.randint(-SKEW_MS, SKEW_MS)
        world.fired("skew")

    def _reset_link(self) -> None:
        """A link falls and comes back: both ends forget each other and greet anew."""
        world = self._world
        ports = [port for _, port in sorted(world.network.ports.items())]
        if len(ports) < 2:
            return
        one, other = world.random.sample(ports, 2)
        one.part(other)
        other.part(one)
        one.meet(other)
        other.meet(one)
        world.fired("link_reset")

    def _crash_at_boundary(self) -> None:
        machine = self._pick()
        if machine is not None:
            machine.crash_in = self._world.random.randint(0, 40)

    def _power_cut(self) -> None:
        machine = self._pick()
        if machine is not None:
            self._world.fired("power_cut")
            machine.crash()

    def _blackout(self) -> None:
        self._world.fired("blackout")
        for machine in self._world.machines:
            machine.crash()

    def _fill_disk(self) -> None:
        machine = self._pick()
        if machine is not None:
            self.damaged.add(machine.address)
            machine.disk.bytes_left = self._world.random.randint(0, 3_000)
            self._crash_later(machine)

    def _fail_sync(self) -> None:
        machine = self._pick()
        if machine is not None:
            self.damaged.add(machine.address)
            machine.disk.failing_syncs = 1
            self._crash_later(machine)

    def _crash_later(self, machine: "Machine") -> None:
        """An operator replaces the disk's cable, or frees space, and starts again."""
        def crash() -> None:
            if not self._healed:
                machine.crash()

        self._world.loop.after_ms(self._world.random.randint(500, 4_000), crash)

    def _rot(self) -> None:
        """One honest machine at most, and only where nobody is hostile: with it f would be exceeded."""
        world = self._world
        machine = self._pick()
        if machine is None or not world.consortium.has_room() or not world.honest(machine):
            return
        machine.crash()
        machine.disk.flip_bit(world.random)
        self.lost.add(machine.address)
        # It may still start, and even vote: what is damaged may be of no consequence, or be found only when read.
        self.damaged.add(machine.address)
        machine.start()

    def _die(self) -> None:
        """A validator's machine burns, and nobody replaces it by hand."""
        world = self._world
        machine = self._pick()
        members = world.checker.sets.present.identities
        if machine is None or machine.index not in members or not world.honest(machine):
            return
        if world.consortium.has_room():
            world.fired("death")
            self.lost.add(machine.address)
            self.dead.add(machine.index)
            machine.crash()

    def _lose_disk(self) -> None:
        """A disk is replaced by an empty one; the node replays everything, or begins from a snapshot, and rejoins."""
        world = self._world
        machine = self._pick()
        if machine is None or not world.honest(machine) or machine.address in self.lost | self.forgetful:
            return
        if machine.index in world.consortium.concerned() and not world.consortium.has_room():
            return
        world.fired("lost_disk")
        self.forgetful.add(machine.address)
        machine.replace_disk()
        machine.rejoins = machine.returning = True
        machine.joins_by_snapshot = world.random.random() < 0.7

    # Healing.

    @property
    def active(self) -> bool:
        """Whether the safety phase lasts."""
        return not self._healed

    def heal(self) -> None:
        """End all trouble but the hostile: everything is connected and runs."""
        self._healed = True
        world = self._world
        world.network.heal()
        world.network.silenced = never
        for machine in world.machines:
            machine.crash_in = None
            machine.clock.skew_ms = 0
            if machine.address in self.damaged - self.lost:
                machine.crash()
            machine.disk.bytes_left = None
            machine.disk.failing_syncs = 0
        self.keep_running()

    def keep_running(self) -> None:
        """Start what does not run, as a supervisor would."""
        for machine in self._world.machines:
            if not machine.running and machine.address not in self.lost:
                self._restart(machine)
