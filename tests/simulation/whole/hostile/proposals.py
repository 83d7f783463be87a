"""Hostile leaders (B1-B5, B11, B18, B19, B21): what may come instead of one valid proposal to everybody."""

from typing import Any

import msgspec

from chainnode.chain.candidate import evidence_root
from chainnode.codec.canonical import encode
from chainnode.net.channel import Channel
from chainnode.proofs.merkle import root
from chainnode.sync.wire import GET_BLOCK, GET_TRANSACTIONS
from chainnode.types.block import Header, block_hash, decode_header, decode_proposal
from consensus.equivocation import encode_equivocation, make_equivocation
from consensus.messages import Commit, Message, Prepare, PrePrepare
from tests.simulation.whole.hostile.port import Behaviour, HostilePort

VOTING_MS = 80
"""What is left for a proposal and two rounds of votes, none of which takes above 20 ms in good weather."""


def another_proposal(port: HostilePort, message: PrePrepare, **changes: Any) -> PrePrepare:
    """The proposal with other header fields, consistent and signed."""
    parts = decode_proposal(message.proposal)
    header = encode(msgspec.structs.replace(decode_header(parts.header), **changes))
    proposal = encode(msgspec.structs.replace(parts, header=header))
    changed = port.altered(message, block_hash=block_hash(header), proposal=proposal)
    assert isinstance(changed, PrePrepare)
    return changed


def header_of(message: PrePrepare) -> Header:
    return decode_header(decode_proposal(message.proposal).header)


class TwoProposals(Behaviour):
    """B1: two blocks for one place, and votes for both to those who saw them."""

    def __init__(self, port: HostilePort, name: str) -> None:
        super().__init__(port, name)
        self._second: dict[tuple[int, int], PrePrepare] = {}

    def on_send(self, to: int, message: Message) -> list[Message]:
        if isinstance(message, PrePrepare) and message.justification is None:
            place = (message.height, message.view)
            if place not in self._second:
                self._second = {place: another_proposal(self.port, message, time_ms=header_of(message).time_ms + 1)}
            if to % 2:
                self.fired()
                return [self._second[place]]
        elif isinstance(message, Prepare | Commit):
            second = self._second.get((message.height, message.view))
            if second is not None and second.block_hash != message.block_hash:
                return [self.port.altered(message, block_hash=second.block_hash)] if to % 2 else [message]
        return [message]


class ProposalToSome(Behaviour):
    """B2: only a part of the others sees the proposal."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if isinstance(message, PrePrepare) and (to + message.height) % 2:
            self.fired()
            return []
        return [message]


class WrongHeader(Behaviour):
    """B3: a proposal with one header field wrong, consistently hashed and signed."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if not isinstance(message, PrePrepare) or message.justification is not None or message.height % 2:
            return [message]
        self.fired()
        header = header_of(message)
        name = sorted(Header.__struct_fields__)[message.height // 2 % len(Header.__struct_fields__)]
        return [another_proposal(self.port, message, **{name: _wrong(getattr(header, name))})]


def _wrong(value: Any) -> Any:
    if isinstance(value, bytes):
        return bytes((value[0] ^ 1,)) + value[1:]
    return value + "x" if isinstance(value, str) else value + 1


class WrongTime(Behaviour):
    """B3: a block time far ahead, far behind, or at the parent's."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if not isinstance(message, PrePrepare) or message.justification is not None:
            return [message]
        self.fired()
        shift_ms = (3_600_000, -3_600_000, 60_000)[message.height % 3]
        return [another_proposal(self.port, message, time_ms=header_of(message).time_ms + shift_ms)]


class WrongTransactions(Behaviour):
    """B3, B24: a block that repeats committed transactions, names one twice, or names bytes nobody has."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if not isinstance(message, PrePrepare) or message.justification is not None:
            return [message]
        self.fired()
        parts = decode_proposal(message.proposal)
        leaves = [parts.leaf_hashes[at : at + 32] for at in range(0, len(parts.leaf_hashes), 32)]
        leaves = leaves * 2 or [bytes([message.height % 256]) * 32]
        before = decode_header(parts.header)
        header = msgspec.structs.replace(
            before, tx_root=root(leaves), tx_count=len(leaves), body_bytes=2 * before.body_bytes
        )
        data = encode(header)
        proposal = encode(msgspec.structs.replace(parts, header=data, leaf_hashes=b"".join(leaves)))
        return [self.port.altered(message, block_hash=block_hash(data), proposal=proposal)]


class OutOfTurn(Behaviour):
    """R12: proposes in views that others lead, first of all."""

    def __init__(self, port: HostilePort, name: str) -> None:
        super().__init__(port, name)
        self._said: tuple[int, int] = (0, 0)

    def on_tick(self) -> None:
        replica, ledger = self.port.replica, self.port.node.ledger
        place = (replica.height, replica.view)
        idle = replica.view or replica.leader == self.port.index or place == self._said
        if idle or ledger.tip.height + 1 != replica.height:
            return
        self._said = place
        self.fired()
        candidate = ledger.build(self.port.index, (), self.port.machine.clock.wall_ms())
        validators = replica.validators
        message = PrePrepare(
            ledger.chain_id, validators.epoch, validators.hash, *place, self.port.index,
            candidate.block_hash, candidate.proposal_bytes(),
        )
        self.port.say(self.port.signed(message))


class SilentLeader(Behaviour):
    """B4: never proposes."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if isinstance(message, PrePrepare):
            self.fired()
            return []
        return [message]


class LateProposal(Behaviour):
    """B5, B21: proposes when the others' view timers are about to run out."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if isinstance(message, PrePrepare):
            self.fired()
            self.port.say(message, [to], after_ms=self.random.randint(1_700, 2_100))
            return []
        return [message]


class JustLate(Behaviour):
    """B5: proposes as late as the least patient of the others bears, and so keeps its turns."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if not isinstance(message, PrePrepare) or message.view:
            return [message]
        self.fired()
        self.port.say(message, [to], after_ms=max(0, self._left_ms(message.height) - VOTING_MS))
        return []

    def _left_ms(self, height: int) -> int:
        world = self.port.world
        left = []
        for machine in world.machines:
            if machine.address in self.port.others() and machine.node is not None:
                watched: Any = machine.node._driver.replica
                state = watched.inner._state
                if state.height == height and state.due_at_ms is not None:
                    patience_ms = state.patience.view_timeout_ms(state.timers, 0, self.port.index, ())
                    left.append(state.due_at_ms + patience_ms - world.loop.now_ms)
        return min(left, default=0)


class BadJustification(Behaviour):
    """B11: a justification with VIEW_CHANGEs missing, doubled, of other places, or without its certificate."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if not isinstance(message, PrePrepare) or message.justification is None:
            return [message]
        self.fired()
        held = message.justification
        changes = held.view_changes
        kinds: list[Any] = [
            msgspec.structs.replace(held, view_changes=changes[:-1]),
            msgspec.structs.replace(held, view_changes=(changes[0], *changes[:-1])),
            msgspec.structs.replace(held, view_changes=tuple(reversed(changes))),
            msgspec.structs.replace(held, certificate=None),
            msgspec.structs.replace(
                held, view_changes=(msgspec.structs.replace(changes[0], height=message.height + 1), *changes[1:])
            ),
            msgspec.structs.replace(
                held,
                view_changes=(msgspec.structs.replace(changes[0], prepared_view=-1, prepared_hash=b""), *changes[1:]),
            ),
            None,
        ]
        return [self.port.altered(message, justification=self.random.choice(kinds))]


class FreshDespiteLock(Behaviour):
    """B11: in a later view, a fresh block with the VIEW_CHANGEs as they are, whatever they report as prepared."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if not isinstance(message, PrePrepare) or message.justification is None:
            return [message]
        self.fired()
        held = message.justification
        changed = msgspec.structs.replace(message, justification=msgspec.structs.replace(held, certificate=None))
        # Valid in all but the lock: own proposer, a time of now.
        time_ms = max(header_of(message).time_ms + 1, self.port.machine.clock.wall_ms())
        return [another_proposal(self.port, changed, time_ms=time_ms, proposer=self.port.index)]


class WithheldBody(Behaviour):
    """B18: keeps its transactions to itself, proposes them, and serves nobody."""

    def passes_other(self, to: int, channel: Channel, payload: bytes) -> bool:
        return channel is not Channel.TRANSACTIONS

    def on_tick(self) -> None:
        """Take transactions that nobody else has, so that its proposals hold what must be fetched."""
        workload = self.port.world.workload
        if self.port.node is not None and self.random.random() < 0.2:
            workload.submit(self.port.machine)

    def on_request(self, origin: int, kind: int, payload: bytes, honest: bytes | None) -> bytes | None:
        if kind in {GET_TRANSACTIONS, GET_BLOCK}:
            self.fired()
            return None
        return honest


class FalseEvidence(Behaviour):
    """B19: a block that accuses an honest validator of what it never did."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if not isinstance(message, PrePrepare) or message.justification is not None:
            return [message]
        votes = [heard for heard in self.port.heard if isinstance(heard, Prepare)]
        if not votes:
            return [message]
        # One statement is the honest validator's own, the other bears our signature.
        forged = make_equivocation(votes[-1], self.port.altered(votes[-1], block_hash=bytes(32)))
        if forged is None:
            return [message]
        self.fired()
        item = encode_equivocation(forged)
        parts = decode_proposal(message.proposal)
        header = encode(msgspec.structs.replace(decode_header(parts.header), evidence_root=evidence_root((item,))))
        proposal = encode(msgspec.structs.replace(parts, header=header, misbehaviour=(item,)))
        return [self.port.altered(message, block_hash=block_hash(header), proposal=proposal)]


PROPOSALS = {
    "two_proposals": TwoProposals,
    "proposal_to_some": ProposalToSome,
    "wrong_header": WrongHeader,
    "wrong_time": WrongTime,
    "wrong_transactions": WrongTransactions,
    "out_of_turn": OutOfTurn,
    "silent_leader": SilentLeader,
    "late_proposal": LateProposal,
    "just_late": JustLate,
    "bad_justification": BadJustification,
    "fresh_despite_lock": FreshDespiteLock,
    "withheld_body": WithheldBody,
    "false_evidence": FalseEvidence,
}
