"""Short builders of messages, and one replica with a host that makes everything durable at once."""

from typing import Any

from consensus import inputs
from consensus.certificates import COMMIT, PREPARE, make_certificate
from consensus.messages import (
    NOTHING_PREPARED,
    Commit,
    Decided,
    Justification,
    Prepare,
    PrePrepare,
    Status,
    ViewChange,
)
from consensus.outputs import Outputs
from consensus.quorum import ValidatorSet
from consensus.replica import Replica
from consensus.signing import with_signature
from consensus.timers import Timer, TimerConfig, TimerKind
from consensus.tip import Tip

CHAIN = "test-chain"
SET_HASH = b"s" * 32
GENESIS = b"g" * 32
A, B, C = b"a" * 32, b"b" * 32, b"c" * 32
"""Block hashes."""
HEIGHT = 8
"""Height agreed on in most tests: with four validators the leader of view v is v."""
TIP_CERTIFICATE = make_certificate(
    COMMIT, [(i, b"t" * 64) for i in range(3)], epoch=0, height=HEIGHT - 1, view=0, block_hash=GENESIS
)
TIP = Tip(HEIGHT - 1, GENESIS, proof_due=False, certificate=TIP_CERTIFICATE)


def validators(size=4, epoch=0):
    return ValidatorSet(epoch, SET_HASH, tuple(bytes([index + 1]) * 32 for index in range(size)))


def signature(sender):
    return bytes([sender + 1]) * 64


def _vote(kind, sender, block_hash, view, height, **changes):
    fields = {"chain_id": CHAIN, "epoch": 0, "validators_hash": SET_HASH, "signature": signature(sender)} | changes
    return kind(height=height, view=view, sender=sender, block_hash=block_hash, **fields)


def prepare(sender, block_hash=A, view=0, height=HEIGHT, **changes):
    return _vote(Prepare, sender, block_hash, view, height, **changes)


def commit(sender, block_hash=A, view=0, height=HEIGHT, **changes):
    return _vote(Commit, sender, block_hash, view, height, **changes)


def certificate(kind=PREPARE, block_hash=A, view=0, height=HEIGHT, signers=(0, 1, 2), epoch=0):
    votes = [(index, signature(index)) for index in signers]
    return make_certificate(kind, votes, epoch=epoch, height=height, view=view, block_hash=block_hash)


def view_change(sender, view=1, prepared=None, height=HEIGHT, **changes):
    """``prepared``: the certificate that the sender reports, or None."""
    fields = {
        "chain_id": CHAIN,
        "epoch": 0,
        "validators_hash": SET_HASH,
        "signature": signature(sender),
        "prepared_view": NOTHING_PREPARED if prepared is None else prepared.view,
        "prepared_hash": b"" if prepared is None else prepared.block_hash,
        "certificate": prepared,
    } | changes
    return ViewChange(height=height, view=view, sender=sender, **fields)


def justification(view=1, senders=(0, 2, 3), prepared=None, height=HEIGHT):
    """All ``senders`` ask for ``view``; the first of them reports ``prepared``."""
    items = [view_change(sender, view, height=height) for sender in senders]
    if prepared is not None:
        items[0] = view_change(senders[0], view, prepared, height=height, certificate=None)
    return Justification(tuple(items), prepared)


def pre_prepare(block_hash=A, view=0, reason=None, sender=None, height=HEIGHT, **changes):
    fields = {"chain_id": CHAIN, "epoch": 0, "validators_hash": SET_HASH, "proposal": b"proposal of " + block_hash}
    sender = (height + view) % 4 if sender is None else sender
    fields |= {"signature": signature(sender), "justification": reason} | changes
    return PrePrepare(height=height, view=view, sender=sender, block_hash=block_hash, **fields)


def decided(block_hash=A, height=HEIGHT, view=0, signers=(0, 1, 2)):
    return Decided(CHAIN, height, block_hash, certificate(COMMIT, block_hash, view, height, signers))


def status(sender, height):
    return Status(CHAIN, sender, height, A, 0, 0, 1)


def kinds(items):
    return [type(item).__name__ for item in items]


class Rig:
    """One replica; what it signs comes back durable at once, as from a host without delay."""

    def __init__(self, own=1, size=4, *, tip=TIP, timers=None, recovered=None, suspended=(), start=True):
        self.own = own
        # Any: tests reach for what a step must have produced, and fail by themselves where it is None.
        self.replica: Any = Replica(
            CHAIN,
            validators(size),
            own,
            tip=tip,
            timers=timers or TimerConfig(),
            recovered=recovered,
            suspended=suspended,
        )
        self.now_ms = 0
        self.signed = []
        if start:
            self.step(inputs.Started())

    def step(self, event) -> Any:
        """One step; its signatures are returned to the replica, whose answers to that are merged into the result."""
        out = self.replica.step(event, self.now_ms)
        for message in list(out.sign):
            durable = with_signature(message, signature(self.own))
            self.signed.append(durable)
            _merge(out, self.step(inputs.MessageReceived(durable)))
        return out

    def hear(self, *messages) -> Any:
        """Receive verified messages, as a host passes them on: only those that the filter lets through."""
        merged = Outputs()
        for message in messages:
            if self.replica.filter(message) is None:
                _merge(merged, self.step(inputs.MessageReceived(message)))
        return merged

    def fire(self, kind, view=None, height=None):
        view = self.replica.view if view is None else view
        height = self.replica.height if height is None else height
        return self.step(inputs.TimerFired(Timer(kind, height, view)))

    def time_out(self):
        return self.fire(TimerKind.VIEW)

    def pending(self, count=1):
        return self.step(inputs.TransactionsPending(count))

    def checked(self, block_hash=A, code=None, view=None):
        view = self.replica.view if view is None else view
        return self.step(inputs.ProposalChecked(self.replica.height, view, block_hash, code))

    def built(self, block_hash=A, view=None):
        view = self.replica.view if view is None else view
        return self.step(inputs.BlockBuilt(self.replica.height, view, block_hash, b"proposal of " + block_hash))

    def fetched(self, block_hash=A):
        return self.step(inputs.BlockFetched(block_hash, b"proposal of " + block_hash))

    def applied(self, height=HEIGHT, block_hash=A, proof_due=False, **changes):
        return self.step(inputs.BlockApplied(height, block_hash, proof_due, **changes))

    def accept(self, block_hash=A):
        """Take the proposal of view 0 and find it valid."""
        out = self.hear(pre_prepare(block_hash))
        return _merge(out, self.checked(block_hash))

    def prepare(self, block_hash=A):
        """Up to the own COMMIT of view 0."""
        return _merge(self.accept(block_hash), self.hear(*(prepare(s, block_hash) for s in range(4) if s != self.own)))


def _merge(into, other):
    for name in ("persist", "sign", "sends", "timers", "requests", "evidence", "rejected", "events"):
        setattr(into, name, [*getattr(into, name), *getattr(other, name)])
    into.decided = into.decided or other.decided
    into.halt = into.halt or other.halt
    return into
