"""A simulated network of which every message and every step is judged by core and model alike."""

from collections.abc import Callable
from functools import partial

from consensus import rejection
from consensus.inputs import Input, MessageReceived
from consensus.messages import Decided, MalformedMessage, Message, PrePrepare, Signed, Status, decode_message
from consensus.outputs import Outputs
from consensus.quorum import ValidatorSet
from consensus.replica import Replica
from consensus.signing import SignatureClaim, required
from tests.model.judge import Judge, agree
from tests.model.reading import Reader
from tests.simulation.checker import Checker
from tests.simulation.cluster import Cluster
from tests.simulation.disk import Disk
from tests.simulation.host import CHAIN_ID, Host
from tests.simulation.keys import Keys

PASSING = frozenset(
    {
        rejection.HALTED, rejection.OLD_HEIGHT, rejection.FUTURE_HEIGHT, rejection.DECIDED, rejection.VIEW_TOO_HIGH,
        rejection.STALE_VIEW, rejection.DUPLICATE, rejection.ACCUSED, rejection.SYNCING,
    }
)  # fmt: skip
"""Refusals that say "not now": they depend on the receiver and say nothing about the message."""


def reader_of(keys: Keys) -> Reader:
    """A reader with the keys of a simulation."""
    validators = keys.validators
    public_keys = validators.public_keys

    def verify(index: int, data: bytes, signature: bytes) -> bool:
        return keys.verifies(SignatureClaim(public_keys[index], data, signature))

    return Reader(CHAIN_ID, validators.epoch, validators.hash, validators.size, verify)


class _Bench(Checker):
    """The invariants, and a judge beside each honest host."""

    def __init__(self, validators: ValidatorSet, twins: tuple[int, ...], reader: Reader, cluster: "Judged") -> None:
        super().__init__(validators, twins)
        self._cluster = cluster
        self.judges = [Judge(reader, index) for index in range(validators.size)]

    def on_restarted(self, address: int, replica: Replica) -> None:
        super().on_restarted(address, replica)
        if address < len(self.judges):
            self.judges[address].restarted(replica, self._cluster.hosts[address].disk.records())

    def on_step(self, index: int, replica: Replica, out: Outputs, voiceless: bool) -> None:
        super().on_step(index, replica, out, voiceless)
        if index < len(self.judges) and index not in self.twins:
            self.judges[index].after_step(replica, out)

    def on_sent(self, index: int, message: Message, disk: Disk) -> None:
        super().on_sent(index, message, disk)
        if index not in self.twins and not isinstance(message, Status | Decided):
            self.judges[index].sent(message)


class Judged(Cluster):
    """A cluster of ``tests.simulation`` under judgement."""

    checker: _Bench

    def __init__(self, size: int, seed: int, twins: tuple[int, ...] = ()) -> None:
        super().__init__(size, seed, twins=twins)
        self.reader = reader_of(self.keys)
        self.checker = _Bench(self.keys.validators, twins, self.reader, self)
        self.network.receive = lambda _, to, data: self._receive(to, data)
        for host in self.hosts[:size]:
            if host.index not in twins:
                host._step = partial(self._step, host, host._step)  # type: ignore[method-assign]
        self.valid = 0
        self.invalid = 0

    def _receive(self, to: int, data: bytes) -> None:
        replica = self.hosts[to].replica
        try:
            message = decode_message(data)
        except MalformedMessage:
            message = None
        if replica is not None and message is not None and not isinstance(message, Status):
            self._judge(replica, message)
        self.hosts[to].receive(data)

    def _step(self, host: Host, step: Callable[[Replica, Input], None], replica: Replica, event: Input) -> None:
        """Tell the judge what the core is about to take."""
        message = event.message if isinstance(event, MessageReceived) else None
        if message is not None and not isinstance(message, Status):
            proposed = isinstance(message, PrePrepare) and message.sender == host.index
            if proposed or replica.filter(message) is None:
                self.checker.judges[host.index].hear(message)
        step(replica, event)

    def _judge(self, replica: Replica, message: Signed | Decided) -> None:
        """Both say whether ``message`` is worth anything."""
        code, valid = replica.filter(message), self.reader.valid(message)
        self.valid += valid
        self.invalid += not valid
        verified = code is None and all(map(self.keys.verifies, required(message, replica.validators)))
        if not isinstance(message, Decided) and message.height < replica.height:
            # R8: a call for help, of which only the caller counts.
            agree(not verified or self.reader.authentic(message), f"the core helps a stranger: {message!r}")
        elif code is None:
            agree(verified == valid, f"the core verifies: {verified}, the model: {valid}, {message!r}")
        else:
            agree(code in PASSING or not valid, f"the core refuses as {code} what is valid: {message!r}")
