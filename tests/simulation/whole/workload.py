"""Clients: they submit, repeat themselves, make mistakes, and remember what they were promised."""

import asyncio
from typing import TYPE_CHECKING, Any

from tests.simulation.whole import genesis
from tests.simulation.whole.checker import expect
from tests.simulation.whole.disk import Crashed

if TYPE_CHECKING:
    from tests.simulation.whole.node import Machine
    from tests.simulation.whole.world import World

WINDOW_BLOCKS = (2, 6, 40)


class Workload:
    """All clients of one world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._number = 0
        self._paused = False
        self._sent: list[bytes] = []
        self._owed: dict[bytes, tuple[int, int, int]] = {}
        """Admitted transactions: machine, its start, last height. A crash of the machine cancels the promise."""
        self._final: set[bytes] = set()
        """Submitted after healing: committed by everybody, or there is no liveness."""
        self._final_heights: dict[bytes, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        self._world.loop.after_ms(self._world.random.randint(*self._world.plan.load_ms), self._again)

    def pause(self) -> None:
        self._paused = True

    def _again(self) -> None:
        if self._paused:
            return
        world = self._world
        running = [machine for machine in world.honest_machines() if machine.running]
        if running:
            self.submit(world.random.choice(running))
        world.loop.after_ms(world.random.randint(*world.plan.load_ms), self._again)

    def submit_new(self, machine: "Machine") -> None:
        """A new transaction that does not expire soon."""
        self.submit(machine, final=True)

    def submit(self, machine: "Machine", *, final: bool = False) -> None:
        """One client's call of one node: usually a new transaction, sometimes an old one, sometimes nonsense."""
        random, node = self._world.random, machine.node
        if node is None:
            return
        self._number += 1
        height = node.ledger.tip.height
        chance = 1.0 if final else random.random()
        if chance < 0.1 and self._sent:
            envelope = random.choice(self._sent)
        elif chance < 0.15:
            envelope = genesis.envelope(self._number, height + 5, chain_id="other")
        elif chance < 0.2:
            envelope = genesis.envelope(self._number, height + 5, signer="orchard-buyer")
        elif chance < 0.25:
            envelope = genesis.envelope(max(1, self._number - 3), height + 5, repeat=1)
        else:
            envelope = genesis.envelope(self._number, height + (900 if final else random.choice(WINDOW_BLOCKS)))
        self._sent.append(envelope)
        task = self._world.loop.create_task(self._call(machine, node, envelope, final))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, machine: "Machine", node: Any, envelope: bytes, final: bool) -> None:
        try:
            (answer,) = await node.service.submit([envelope])
        except Crashed:
            return
        with self._world.guarded():
            if answer.outcome == "accepted":
                pending = node._pool.get(answer.tx_id)
                if pending is not None:
                    self._owed[answer.tx_id] = (machine.address, machine.starts, pending.payload.valid_until)
                if final:
                    self._final.add(answer.tx_id)
            elif final:
                expect(answer.outcome == "committed", f"{machine.address} refuses after healing: {answer.code}")

    def submit_everywhere(self) -> None:
        """One new transaction through each honest node: all must be committed by all."""
        for machine in self._world.honest_machines():
            self.submit(machine, final=True)

    def unsettled(self) -> str:
        """What is still owed, for people."""
        world = self._world
        nodes: dict[int, Any] = {machine.address: machine.node for machine in world.machines}
        places = {
            address: (node.ledger.tip.height, node._driver.replica.inner.view, node.service.halted)
            for address, node in nodes.items() if node is not None
        }
        missing = len(self._final - set(world.checker.committed))
        return f"{missing} new transactions missing; height, view and halt by machine: {places}"

    def settled(self) -> bool:
        """Whether everything promised has happened: new transactions everywhere, older ones somewhere or expired."""
        world = self._world
        committed = world.checker.committed
        if not self._final or not self._final <= committed.keys():
            return False
        needed = max(committed[tx_id] for tx_id in self._final)
        machines = world.honest_machines()
        if any(machine.node is None or machine.node.ledger.tip.height < needed for machine in machines):
            return False
        starts = {machine.address: (machine.starts, machine.node) for machine in machines}
        for tx_id, (address, start, last) in list(self._owed.items()):
            now_start, node = starts.get(address, (0, None))
            if tx_id in committed or now_start != start or node is None or node.ledger.tip.height >= last:
                del self._owed[tx_id]
        return not self._owed
