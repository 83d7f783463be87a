"""A whole network of validators on virtual time, from one seed."""

from hashlib import sha256
from random import Random

from consensus.outputs import FetchBlock
from consensus.timers import TimerConfig
from tests.simulation.checker import Checker
from tests.simulation.host import Host
from tests.simulation.keys import Keys
from tests.simulation.network import Faults, Network, Schedule

TIMERS = TimerConfig(
    batch_wait_ms=10, idle_block_ms=5_000, view_timeout_ms=500, view_timeout_max_ms=4_000, resend_ms=300
)


class Cluster:
    """``size`` validators, started; every random choice comes from ``seed``.

    ``twins`` names validators whose key runs on a second machine too: the typical Byzantine fault of an operator, and
    together with the scheduler's choices a source of equivocation of every kind.
    """

    check_ms = (0, 30)
    """How long a host judges a proposal; a test may put more load on all of them."""

    def __init__(self, size: int, seed: int = 0, timers: TimerConfig = TIMERS, twins: tuple[int, ...] = ()) -> None:
        self.random = Random(seed)
        self.timers = timers
        self.journal_first = seed % 2 == 0
        """In which order the hosts write journal and sign-state (SPEC.md, Restart); both must do."""
        self.keys = Keys(size)
        self.genesis_hash = sha256(b"genesis").digest()
        self.schedule = Schedule()
        self.network = Network(self.schedule, self.random, size + len(twins))
        self.network.receive = lambda _, to, data: self.hosts[to].receive(data)
        self.checker = Checker(self.keys.validators, twins)
        self._number = 0
        self._transactions = 0
        self.hosts = [Host(self, address, index) for address, index in enumerate((*range(size), *twins))]
        for host in self.hosts:
            host.start()

    def next_number(self) -> int:
        self._number += 1
        return self._number

    def run(self, duration_ms: int) -> None:
        self.schedule.run_until(self.schedule.now_ms + duration_ms)

    def heights(self) -> list[int]:
        return [len(host.disk.chain) for host in self.hosts]

    def submit(self, *indexes: int) -> int:
        """Hand a new transaction to some hosts, or to all."""
        self._transactions += 1
        for index in indexes or range(len(self.hosts)):
            self.hosts[index].submit(self._transactions)
        return self._transactions

    def committed_everywhere(self, transaction: int, *without: int) -> bool:
        return all(
            any(transaction in stored.block.transactions for stored in host.disk.chain)
            for host in self.hosts
            if host.index not in without
        )

    def run_until_committed(self, transaction: int, within_ms: int, *without: int) -> bool:
        """Run until every host but ``without`` has committed ``transaction``."""
        deadline_ms = self.schedule.now_ms + within_ms
        return self.schedule.run_until(deadline_ms, lambda: self.committed_everywhere(transaction, *without))

    def reachable(self, address: int) -> list[Host]:
        return [
            host for host in self.hosts
            if host.address != address and host.running and self.network.connected(address, host.address)
        ]

    def fetch(self, host: Host, request: FetchBlock) -> None:
        """Answer from the host's own disk or from a reachable holder; a lost answer is asked for again by the core."""
        incarnation = host.incarnation

        def deliver() -> None:
            if host.incarnation != incarnation:
                return
            holders = [host, *(peer for peer in self.reachable(host.address) if peer.index in request.holders)]
            bodies = [body for holder in holders if (body := holder.body_of(request.block_hash)) is not None]
            if bodies and self.random.random() >= self.network.faults.loss:
                host.fetched(request.block_hash, bodies[0])

        self.schedule.after(self.random.randint(1, 60), deliver)

    def restart_all(self) -> None:
        for host in self.hosts:
            if not host.running:
                host.start()

    def trouble(self, duration_ms: int, *, crashes: bool = True) -> None:
        """Run while the seed breaks things, with transactions coming in."""
        end_ms = self.schedule.now_ms + duration_ms
        while self.schedule.now_ms < end_ms:
            self._break_something(crashes=crashes)
            self.submit(*self.random.sample(range(len(self.hosts)), self.random.randint(1, len(self.hosts))))
            self.run(self.random.randint(20, 900))

    def _break_something(self, *, crashes: bool) -> None:
        random, size = self.random, len(self.hosts)
        match random.randrange(8):
            case 0:
                self.network.partition([random.randrange(2) for _ in range(size)])
            case 1:
                self.network.heal()
            case 2 | 3:
                self.network.faults = Faults(
                    loss=random.choice((0.0, 0.05, 0.3)),
                    duplication=random.choice((0.0, 0.3)),
                    straggling=random.choice((0.0, 0.1, 0.4)),
                )
            case 4 | 5 if crashes:
                random.choice(self.hosts).crash_in = random.randint(0, 6)
            case 6 if crashes:
                for host in random.sample(self.hosts, random.randint(1, size)):
                    host.crash()
            case _:
                self.restart_all()

    def heal(self) -> None:
        """End of all faults: everything is connected and runs."""
        self.network.heal()
        for host in self.hosts:
            host.crash_in = None
        self.restart_all()
