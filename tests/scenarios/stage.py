"""A network that does only what a script says: no chance, one latency, and Byzantine members that speak by hand.

Hosts, disks, keys and the invariants are those of ``tests.simulation``; what differs is who decides what happens.
"""

import re
from collections.abc import Sequence
from hashlib import sha256

import msgspec

from consensus.certificates import QuorumCertificate
from consensus.journal import MessageSigned
from consensus.messages import Decided, Message, PrePrepare, ViewChange
from consensus.outputs import Halt, Outputs
from consensus.quorum import ValidatorSet
from consensus.replica import Replica
from consensus.signing import signed_bytes, with_signature
from consensus.timers import TimerConfig
from consensus.trace import describe_outputs, describe_state
from tests.scenarios.adversary import Adversary
from tests.scenarios.post import Post, Steady
from tests.simulation.checker import Checker
from tests.simulation.cluster import Cluster
from tests.simulation.disk import Block
from tests.simulation.host import CHAIN_ID, Host
from tests.simulation.keys import Keys
from tests.simulation.network import Schedule

_SKIPPED = re.compile(r"persist |SetTimer |CancelTimer |PrepareExecution ")
_PROPOSAL = re.compile(r" (?:proposal|body)=[0-9a-f-]+")
_HASH = re.compile(r"\b[0-9a-f]{8}\b")


class Watch(Checker):
    """The invariants after every step, and the trace of what each replica did."""

    def __init__(self, validators: ValidatorSet, byzantine: tuple[int, ...], stage: "Stage") -> None:
        super().__init__(validators, byzantine)
        self.halted: dict[int, Halt] = {}
        self.may_halt: set[int] = set()
        self._stage = stage

    def on_step(self, index: int, replica: Replica, out: Outputs, voiceless: bool) -> None:
        self._stage.note(index, out)
        if out.halt is not None and index in self.may_halt:
            self.halted[index] = out.halt
            out.halt = None
        super().on_step(index, replica, out, voiceless)

    def on_filtered(self, code: str | None) -> None:
        super().on_filtered(code)
        if code not in {None, "decided", "duplicate", "no_help_due"}:
            self._stage.trace.append(f"{self._stage.network.receiver}: drop {code}")


class Stage(Cluster):
    """``size`` validators; those in ``byzantine`` run no host, the script speaks for them."""

    network: Post
    checker: Watch

    def __init__(self, size: int, byzantine: tuple[int, ...] = (), timers: TimerConfig | None = None) -> None:
        # Not Cluster's own: that one starts every host, on a network of chance.
        self.random = Steady()
        self.timers = timers or TimerConfig(
            batch_wait_ms=10, idle_block_ms=0, view_timeout_ms=500, view_timeout_max_ms=4_000, resend_ms=300
        )
        self.journal_first = True
        self.keys = Keys(size)
        self.genesis_hash = sha256(b"genesis").digest()
        self.schedule = Schedule()
        self.byzantine = byzantine
        self.adversary = Adversary(self.keys, byzantine)
        self.network = Post(self.schedule, size, lambda _, message: self.adversary.hear(message))
        self.network.receive = lambda _, to, data: self.hosts[to].receive(data)
        self.trace: list[str] = []
        self.names = {self.genesis_hash.hex()[:8]: "genesis"}
        self.blocks: dict[str, bytes] = {"genesis": b"genesis"}
        """Encoded blocks by name: those of the script, and those that honest leaders made (``b<height>.<view>``)."""
        self.checker = Watch(self.keys.validators, byzantine, self)
        self._number = 0
        self._transactions = 0
        self.hosts = [Host(self, index, index) for index in range(size)]
        for host in self.honest():
            host.start()

    def honest(self) -> list[Host]:
        return [host for host in self.hosts if host.index not in self.byzantine]

    def running(self) -> list[int]:
        return [host.index for host in self.hosts if host.running]

    def note(self, index: int, out: Outputs) -> None:
        """Keep what a reader wants to know of one step: no timers, no repetitions, no STATUS, no records."""
        for message in out.sign:
            if isinstance(message, PrePrepare):
                self.name_block(f"b{message.height}.{message.view}", message.proposal)
        shown = Outputs()
        for name in ("sign", "requests", "decided", "evidence", "rejected", "halt", "events"):
            setattr(shown, name, getattr(out, name))
        shown.sends = [send for send in out.sends if isinstance(send.message, Decided)]
        lines = [line for line in describe_outputs(shown) if not _SKIPPED.match(line)]
        self.trace += [f"{index}: {self.readable(line)}" for line in lines]

    def readable(self, line: str) -> str:
        return _HASH.sub(lambda found: self.names.get(found[0], found[0]), _PROPOSAL.sub("", line))

    def state(self, index: int) -> str:
        replica = self.hosts[index].replica
        return f"{index}: " + ("down" if replica is None else self.readable(describe_state(replica)))

    def name_block(self, name: str, data: bytes) -> None:
        """Call a block by ``name`` unless it has one."""
        if self.names.setdefault(sha256(data).hexdigest()[:8], name) == name:
            self.blocks[name] = data

    def hash_of(self, name: str) -> bytes:
        return sha256(self.blocks[name]).digest()

    def name_of(self, block_hash: bytes) -> str:
        return self.names.get(block_hash.hex()[:8], block_hash.hex()[:8])

    def make_block(self, name: str, height: int, proposer: int, parent: bytes, transactions: tuple[int, ...]) -> None:
        """A block of a Byzantine leader, right in every field unless the script says otherwise."""
        block = Block(height, parent, proposer, self.schedule.now_ms, transactions)
        self.name_block(name, msgspec.msgpack.encode(block))

    def parent_at(self, height: int) -> bytes:
        return self.genesis_hash if height == 1 else self.checker.decided[height - 1]

    def say(self, sender: int, message: Message, to: Sequence[int]) -> None:
        """A Byzantine member sends ``message`` to some."""
        if not isinstance(message, Decided) and message.sender == sender:
            self.adversary.hear(message)
            self.checker.on_sent(sender, message, self.hosts[sender].disk)
        data = msgspec.msgpack.encode(message)
        for other in to:
            if other != sender:
                self.network.inject(sender, other, data)

    def lock_of(self, index: int) -> QuorumCertificate | None:
        replica = self.hosts[index].replica
        return None if replica is None else replica.prepared

    def put_in_view(self, index: int, view: int) -> None:
        """Restart a host whose journal ends with its VIEW_CHANGE for ``view``, as after a long time alone."""
        host = self.hosts[index]
        host.crash()
        validators = self.keys.validators
        height = len(host.disk.chain) + 1
        asked = ViewChange(CHAIN_ID, validators.epoch, validators.hash, height, view, index, -1, b"")
        host.disk.append([MessageSigned(with_signature(asked, self.keys.sign(index, signed_bytes(asked))))])
        host.start()
