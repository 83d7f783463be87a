"""One run: two chains in virtual time, relayers of every character, then a while with one honest relayer only.

Everything is drawn from the seed. In the first part blocks, packets, relayers and changes of the sets mix as they
come; in the second every packet must be settled, because one honest relayer is enough.
"""

import heapq
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from random import Random
from typing import Any, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.errors import ChainError
from contracts.kernel.operation import Operation
from contracts.relay.operations import RecoverClient, SubmitMisbehaviour
from contracts.relay.ports.operations import SendCheckpoint
from contracts.relay.record import read_client
from tests.simulation.checker import Violation, expect
from tests.simulation.two_chains import founding, probe
from tests.simulation.two_chains.chain import GENESIS_MS, VALIDATORS, SimulatedChain
from tests.simulation.two_chains.checker import Checker
from tests.simulation.two_chains.forgery import Case
from tests.simulation.two_chains.founding import Side
from tests.simulation.two_chains.liar import LIES
from tests.simulation.two_chains.relayer import due, under_way, updates

RELAYERS: Final = ("delta-provider", "orchard-buyer", "civic-notary", "meridian-registrar")
SENDER: Final = "harbour-exchange"
KEEPER: Final = "lighthouse-regulator"
"""Asks the other chain to keep this one's headers."""
TROUBLE_MS: Final = 60_000
HEALING_BLOCKS: Final = 60
SKEW_MS: Final = (0, 0, 300, 2_500, 9_000)
PERIODS_MS: Final = (86_400_000, 86_400_000, 86_400_000, 60_000)
CARRIED_MAX: Final = 200


@dataclass(frozen=True)
class Character:
    """How one relayer is."""

    name: str
    lies: tuple[str, ...] = ()
    slow_ms: int = 0
    """What it hands in arrives up to so much later."""
    doubles: float = 0.0
    """How often it hands the same in twice."""
    absent: tuple[int, int] = (0, 0)
    """From when to when it does nothing, in milliseconds of the run."""


def characters(random: Random) -> tuple[Character, ...]:
    """One that is honest at times, and some of any kind."""
    names = list(RELAYERS)
    random.shuffle(names)
    found = []
    for name in names[: random.randint(2, len(names))]:
        kind = random.choice(["honest", "liar", "liar", "slow", "double", "absent"])
        begin = random.randint(0, TROUBLE_MS)
        found.append(
            Character(
                name,
                lies=tuple(sorted(random.sample(sorted(LIES), random.randint(1, 6)))) if kind == "liar" else (),
                slow_ms=random.choice([2_000, 8_000, 20_000]) if kind == "slow" else 200,
                doubles=0.5 if kind == "double" else 0.05,
                absent=(begin, begin + 30_000) if kind == "absent" else (0, 0),
            )
        )
    return tuple(found)


@dataclass(order=True)
class _Due:
    at_ms: int
    number: int
    what: str = field(compare=False)
    subject: Any = field(compare=False)


class World:
    """The run of one seed."""

    def __init__(self, seed: int, *, lies: tuple[str, ...] = ()) -> None:
        self.seed = seed
        self.random = random = Random(seed)
        self.period_ms = random.choice(PERIODS_MS)
        (self.a, self.b), self.links = founding.begin(self.period_ms)
        self.other = {self.a.chain_id: self.b, self.b.chain_id: self.a}
        self.checker = Checker(self.links)
        self.relayers = characters(random)
        if lies:
            self.relayers = (Character(RELAYERS[0]), Character(RELAYERS[1], lies=lies, slow_ms=200))
        self.skew_ms = {self.a.chain_id: 0, self.b.chain_id: random.choice(SKEW_MS)}
        self.begun_ms = max(self.a.time_ms, self.b.time_ms) + 1_000
        self.now_ms = self.begun_ms
        self.carried: list[tuple[SimulatedChain, list[Operation]]] = []
        self.trace: list[str] = []
        self.violation: Violation | None = None
        self.codes: dict[str, int] = {}
        """Of transactions, by what came of them; of lies by their name beside it."""
        self.told: dict[str, int] = {}
        self._queue: list[_Due] = []
        self._numbers = count()
        self._values = count(1)

    # Time.

    def _after(self, delay_ms: int, what: str, subject: Any) -> None:
        heapq.heappush(self._queue, _Due(self.now_ms + delay_ms, next(self._numbers), what, subject))

    def run(self) -> "World":
        """Live through trouble and healing; ``violation`` says what was broken."""
        try:
            self._trouble()
            for chain in (self.a, self.b):
                chain.pool.clear()
            self._heal()
        except Violation as violation:
            self.violation = violation
        return self

    def _trouble(self) -> None:
        for chain in (self.a, self.b):
            self._after(self.random.randint(0, 1_000), "block", chain)
            self._after(self.random.randint(0, 20_000), "members", chain)
            self._after(self.random.randint(0, 2_000), "send", chain)
        for relayer in self.relayers:
            self._after(self.random.randint(0, 3_000), "relay", relayer)
        while self._queue:
            item = heapq.heappop(self._queue)
            self.now_ms = item.at_ms
            if self.now_ms > self.begun_ms + TROUBLE_MS:
                break
            getattr(self, f"_{item.what}")(item.subject)

    def note(self, text: str) -> None:
        self.trace.append(f"{self.now_ms - GENESIS_MS:>9} {text}")

    @property
    def digest(self) -> str:
        """Of everything that was noted: equal for two runs of one seed."""
        return sha256("\n".join(self.trace).encode()).hexdigest()[:16]

    # What happens.

    def _block(self, chain: SimulatedChain) -> None:
        self._commit(chain, self._block_time(chain))
        self._after(self.random.randint(300, 2_500), "block", chain)

    def _block_time(self, chain: SimulatedChain) -> int:
        """The chain's own clock; at times the very moment at which a packet to it runs out of time, or just before."""
        clock_ms = self.now_ms + self.skew_ms[chain.chain_id]
        edges = [
            record.timeout_s * 1_000 - self.random.choice([0, 0, 1])
            for link in self.links
            for sender, receiver in link.directions()
            if receiver.chain is chain
            for record in under_way(sender)
        ]
        near = [edge for edge in edges if chain.time_ms < edge and abs(edge - clock_ms) < 1_500]
        return self.random.choice(near) if near and self.random.random() < 0.6 else clock_ms

    def _commit(self, chain: SimulatedChain, time_ms: int) -> None:
        size = len(chain.ledger.validators.validators)
        signers = sorted(self.random.sample(range(size), 3))
        block = chain.extend(max(time_ms, chain.time_ms + 1), signers)
        for item in block.done:
            code = item.receipt.code
            self.codes[code] = self.codes.get(code, 0) + 1
            names = ", ".join(type(operation).__name__ for operation in item.operations)
            self.note(f"{chain.chain_id} {block.height} at {block.time_ms - GENESIS_MS}: {names}: {code}")
        self.checker.block(chain, self.other[chain.chain_id], block)

    def _members(self, chain: SimulatedChain) -> None:
        chain.replace_validator(self.random.randrange(VALIDATORS))
        self.note(f"{chain.chain_id} replaces a validator")
        self._after(self.random.randint(3_000, 25_000), "members", chain)

    def _send(self, chain: SimulatedChain) -> None:
        sides = [side for link in self.links for side in (link.first, link.second) if side.chain is chain]
        side = self.random.choice(sides)
        far = self.other[chain.chain_id]
        operations: list[Operation] = []
        for _ in range(self.random.choice([1, 1, 1, 3])):
            value = (probe.REFUSE if self.random.random() < 0.2 else b"value") + b" %d" % next(self._values)
            ahead_s = self.random.choice([2, 3, 5, 8, 15, 60])
            timeout_s = max(far.time_ms, chain.time_ms, self.now_ms) // 1_000 + ahead_s
            operations.append(probe.SendProbe(side.client_id, value, timeout_s))
        chain.submit(chain.envelope(SENDER, operations))
        if self.random.random() < 0.3:
            checkpoint = SendCheckpoint(side.client_id, max(far.time_ms, chain.time_ms, self.now_ms) // 1_000 + 10)
            chain.submit(chain.envelope(KEEPER, [checkpoint]))
        self._after(self.random.randint(500, 5_000), "send", chain)

    def _relay(self, relayer: Character) -> None:
        self._after(self.random.randint(400, 4_000), "relay", relayer)
        if relayer.absent[0] <= self.now_ms - self.begun_ms < relayer.absent[1]:
            return
        link = self.random.choice(self.links)
        sender, receiver = self.random.choice(link.directions())
        if relayer.lies and self.random.random() < 0.8:
            self._lie(relayer, sender, receiver)
            return
        for chain, _, _, operations in due(sender, receiver):
            self._carry(relayer, chain, list(operations))

    def _lie(self, relayer: Character, sender: Side, receiver: Side) -> None:
        name = self.random.choice(relayer.lies)
        made = LIES[name](Case(self.random, self.links, sender, receiver, self.carried))
        if made is None:
            return
        self.told[name] = self.told.get(name, 0) + 1
        side, operations = made
        self.note(f"{relayer.name} lies to {side.chain.chain_id}: {name}")
        self._carry(relayer, side.chain, list(operations))

    def _carry(self, relayer: Character, chain: SimulatedChain, operations: list[Operation]) -> None:
        if len(self.carried) < CARRIED_MAX:
            self.carried.append((chain, operations))
        times = 2 if self.random.random() < relayer.doubles else 1
        for _ in range(times):
            delay_ms = self.random.randint(0, relayer.slow_ms)
            self._after(delay_ms, "arrive", (chain, relayer.name, operations))

    def _arrive(self, what: tuple[SimulatedChain, str, list[Operation]]) -> None:
        chain, name, operations = what
        chain.submit(chain.envelope(name, operations))

    # Healing.

    def _heal(self) -> None:
        """No lies any more, nothing new, no delay: what is under way must come to its end."""
        self.note("healing")
        for _ in range(HEALING_BLOCKS):
            if not self.checker.unsettled():
                break
            self._round()
            self._recover()
        left = self.checker.unsettled()
        expect(not left, f"an honest relayer could not settle {len(left)} packets, the first {left[:1]}")

    # Betrayal.

    def betray(self) -> None:
        """After a run: the quorum of the first chain decides a second block, and somebody shows both.

        Raises:
            Violation: the clients did not freeze, something passed them then, or what is under way did not come to its
                end once they were recovered.
        """
        chain, victim = self.a, self.b
        self.checker.betrayed.add(chain.chain_id)
        rival = chain.rival(bytes(32))
        honest = chain.light.update(chain.height - 1, chain.height)
        clients = [side.client_id for link in self.links for side in (link.first, link.second) if side.chain is victim]
        first, second = (encode(msgspec.structs.replace(half, ancestry=())) for half in (honest, rival))
        for link in self.links:
            side = link.second
            steps = updates(side, chain, chain.height)
            trusted = chain.height
            shown = SubmitMisbehaviour(side.client_id, trusted, "headers", first, second)
            victim.submit(victim.envelope(RELAYERS[0], [*steps, shown]))
        self._both()
        expect(self.checker.frozen == {(victim.chain_id, one) for one in clients}, "a contradiction froze nothing")
        for _ in range(6):
            for sending in (chain, victim):
                self._send(sending)
            self._round()
        for link in self.links:
            header, path = chain.light.beginning(chain.height)
            victim.govern(RecoverClient(link.second.client_id, header, path))
        self._heal()
        expect(not self.checker.frozen, "a recovered client is still frozen")

    def _both(self) -> None:
        self.now_ms += self.random.randint(1_000, 3_000)
        for chain in (self.a, self.b):
            self._commit(chain, self.now_ms + self.skew_ms[chain.chain_id])

    def _round(self) -> None:
        self._both()
        for link in self.links:
            for sender, receiver in link.directions():
                for chain, _, _, operations in due(sender, receiver):
                    chain.submit(chain.envelope(RELAYERS[0], operations))

    def _recover(self) -> None:
        """What expired while nobody came is recovered by the consortium."""
        for link in self.links:
            for side, opposite in link.directions():
                client = read_client(side.chain.state, side.client_id)
                if client is not None and client.expires_ms() <= side.chain.time_ms:
                    header, path = opposite.chain.light.beginning(opposite.chain.height)
                    side.chain.govern(RecoverClient(side.client_id, header, path))


def run_seed(seed: int, *, lies: tuple[str, ...] = ()) -> World:
    """One run with the probe in place; ``lies`` restricts the relayers to an honest one and a liar of these lies."""
    with probe.installed():
        world = World(seed, lies=lies)
        try:
            return world.run()
        except ChainError as error:
            raise AssertionError(f"seed {seed}: the bench itself failed: {error.code}: {error}") from error
