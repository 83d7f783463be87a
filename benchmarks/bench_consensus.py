"""The agreement core alone, from 4 to 100 validators.

Question: what does agreement itself cost, per step, message and block, as the number of validators grows?

Workload: all replicas of a network in one process, messages handed over in order, nothing lost, every signature taken
as good, each block a 2 KiB proposal; so it is the core alone, without bytes, keys, disks and sockets. Then the host's
share of one vote: decode, filter, step. Unit: steps per second, us for a block over all replicas, us for a message.
Limit: a step that changes nothing (TransactionsPending with an unchanged count).
A lie would be: replicas that stop agreeing (the digest holds every decided block of every replica), or counting idle
steps.
"""

from collections import deque
from collections.abc import Callable
from hashlib import sha256
from typing import Final

import msgspec

from benchmarks import workload
from benchmarks.harness import Case, Figure, Size, measure
from chainnode.errors import InvariantBroken
from consensus import inputs, outputs
from consensus.messages import Commit, Message, Prepare, decode_message, encode_message
from consensus.outputs import Outputs
from consensus.quorum import ValidatorSet
from consensus.replica import Replica
from consensus.signing import required, with_signature
from consensus.timers import TimerConfig
from consensus.tip import Tip

SIZES: Final = {"full": (4, 7, 31, 100), "smoke": (4, 7)}
STEPS_WANTED: Final = {"full": 40_000, "smoke": 2_000}
SIGNATURE: Final = bytes(range(64))
TIMERS: Final = TimerConfig(batch_wait_ms=0)


class Group:
    """Every replica of a network, and the messages between them in the order they were sent."""

    def __init__(self, size: int) -> None:
        keys = tuple(workload.material(f"validator {number}", 32) for number in range(size))
        self.validators = ValidatorSet(0, sha256(b"group of %d" % size).digest(), keys)
        tip = Tip(0, sha256(b"genesis").digest())
        self.replicas = [
            Replica(workload.CHAIN_ID, self.validators, index, tip=tip, timers=TIMERS) for index in range(size)
        ]
        self.events: deque[tuple[int, inputs.Input]] = deque()
        self.decided: list[list[bytes]] = [[] for _ in range(size)]
        self.votes: list[Message] = []
        self.steps = 0
        for index in range(size):
            self.events.append((index, inputs.Started()))

    def run(self, heights: int) -> bytes:
        """Agree on so many blocks; all that was decided, replica by replica."""
        for index in range(len(self.replicas)):
            self.events.append((index, inputs.TransactionsPending(1)))
        while self.events:
            index, event = self.events.popleft()
            self._perform(index, self.replicas[index].step(event, 0), heights)
            self.steps += 1
        if any(len(chain) != heights for chain in self.decided):
            raise InvariantBroken("the replicas of a benchmark stopped agreeing")
        return b"".join(b"".join(chain) for chain in self.decided)

    def _perform(self, index: int, out: Outputs, heights: int) -> None:
        events, size = self.events, len(self.replicas)
        for unsigned in out.sign:
            message = with_signature(unsigned, SIGNATURE)
            arrived = inputs.MessageReceived(message)
            events.extend([(to, arrived) for to in range(size)])
            if isinstance(message, Prepare | Commit) and message.height == 1:
                self.votes.append(message)
        for sent, to in out.sends:
            arrived = inputs.MessageReceived(sent)
            events.extend([(other, arrived) for other in range(size) if other != index and to in {None, other}])
        for request in out.requests:
            if isinstance(request, outputs.BuildBlock):
                proposal = b"%8d" % request.height + bytes(2_040)
                block_hash = sha256(proposal).digest()
                events.append((index, inputs.BlockBuilt(request.height, request.view, block_hash, proposal)))
            elif isinstance(request, outputs.CheckProposal):
                answer = inputs.ProposalChecked(request.height, request.view, request.block_hash, None)
                events.append((index, answer))
        if out.decided is not None:
            decided = out.decided
            self.decided[index].append(decided.block_hash)
            # Applied and told at once, as one host would: nothing may come in between.
            events.appendleft((index, inputs.TransactionsPending(int(decided.height < heights))))
            events.appendleft((index, inputs.BlockApplied(decided.height, decided.block_hash, False,
                                                          decided.certificate)))


def run(size: Size) -> list[Figure]:
    return [*_agreement(size), *_message(size)]


def _agreement(size: Size) -> list[Figure]:
    cases = []
    for validators in SIZES[size]:
        trial = Group(validators)
        trial.run(1)
        heights = max(1, STEPS_WANTED[size] // trial.steps)
        whole = Group(validators)
        whole.run(heights)
        agree = _fresh(validators, heights)
        per = whole.steps / heights / validators
        note = f"{per:.1f} steps a block and replica"
        cases.append(Case(f"consensus.steps[n={validators}]", agree, whole.steps, unit="per s", note=note))
        cases.append(Case(f"consensus.block[n={validators}]", agree, heights, note=f"over all {validators} replicas"))
    return measure(cases, size)


def _fresh(validators: int, heights: int) -> Callable[[], bytes]:
    return lambda: Group(validators).run(heights)


def _message(size: Size) -> list[Figure]:
    """One vote at the replica it reaches: from bytes to the end of its step, without the signature check."""
    count = 2_000 if size == "full" else 200
    group = Group(4)
    group.run(1)
    votes = [encode_message(vote) for vote in group.votes]
    messages = [votes[number % len(votes)] for number in range(count)]
    replica = Replica(
        workload.CHAIN_ID, group.validators, 0, tip=Tip(0, sha256(b"genesis").digest()), timers=TIMERS
    )
    idle = inputs.TransactionsPending(0)
    raw = msgspec.msgpack.Decoder().decode

    def decoded(take: Callable[[Message], object]) -> Callable[[], bytes]:
        return lambda: b"".join([repr(take(decode_message(data))).encode() for data in messages])

    def nothing() -> bytes:
        return b"".join([bytes((len(replica.step(idle, 0).sends),)) for _ in range(count)])

    def claims(message: Message) -> int:
        return len(required(message, group.validators))

    cases = [
        Case("consensus.raw_empty_step", nothing, count),
        Case("consensus.raw_msgspec_vote", lambda: b"".join([raw(data)[1].encode() for data in messages]), count),
        Case("consensus.vote_decode", decoded(lambda message: None), count, "consensus.raw_msgspec_vote"),
        Case("consensus.vote_decode_filter", decoded(replica.filter), count, "consensus.raw_msgspec_vote"),
        Case("consensus.vote_claims", decoded(claims), count, "consensus.raw_msgspec_vote",
             note="decoded, and what its signature covers"),
    ]
    return measure(cases, size)
