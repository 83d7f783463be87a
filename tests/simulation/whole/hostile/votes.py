"""Hostile voters (B6-B9, B13, B14, B22, B23): votes that contradict, come from nowhere, late, relabelled, altered."""

from typing import Any

import msgspec

from chainnode.net.channel import Channel
from consensus.messages import Commit, Message, Prepare, PrePrepare, Signed, ViewChange, encode_message
from tests.simulation.whole.hostile.port import Behaviour

OTHER_HASH = bytes(range(32))


class DoubleVotes(Behaviour):
    """B6: votes for another block too, to somebody else."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if not isinstance(message, Prepare | Commit):
            return [message]
        self.fired()
        known = [heard.block_hash for heard in self.port.heard if isinstance(heard, PrePrepare)]
        other = self.random.choice([*known, OTHER_HASH])
        return [message, self.port.altered(message, block_hash=other)] if to % 2 else [message]


class VotesFromNowhere(Behaviour):
    """B7: PREPARE and COMMIT for whatever is proposed, at once and without looking."""

    def on_heard(self, message: Message) -> None:
        if isinstance(message, PrePrepare) and message.sender != self.port.index:
            self.fired()
            place = (message.chain_id, message.epoch, message.validators_hash, message.height, message.view)
            for kind in (Prepare, Commit):
                self.port.say(self.port.signed(kind(*place, self.port.index, message.block_hash)))


class WithheldVotes(Behaviour):
    """B8: the same half of the others hears no votes from us."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if isinstance(message, Prepare | Commit) and to % 2:
            self.fired()
            return []
        return [message]


class VotesInOldViews(Behaviour):
    """B9: votes in views that were left, for blocks that were proposed there."""

    def on_tick(self) -> None:
        view = self.port.replica.view
        proposals = [heard for heard in self.port.heard if isinstance(heard, PrePrepare) and heard.view < view]
        if proposals:
            self.fired()
            chosen = self.random.choice(proposals)
            place = (chosen.chain_id, chosen.epoch, chosen.validators_hash, chosen.height, chosen.view)
            for kind in (Prepare, Commit):
                self.port.say(self.port.signed(kind(*place, self.port.index, chosen.block_hash)), self.port.some())


class Lateness(Behaviour):
    """B5: everything leaves up to two seconds late."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        self.fired()
        self.port.say(message, [to], after_ms=self.random.randint(200, 2_000))
        return []


class Silence(Behaviour):
    """B4, B8: takes part in nothing, for some heights."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if getattr(message, "height", 0) % 5 < 3:
            self.fired()
            return []
        return [message]


class Relabelled(Behaviour):
    """A PREPARE's signature under a COMMIT, own and others'."""

    def on_heard(self, message: Message) -> None:
        if isinstance(message, Prepare):
            self.fired()
            fields = {name: getattr(message, name) for name in message.__struct_fields__}
            self.port.say(Commit(**fields))


class ForgedSender(Behaviour):
    """B14: votes in the name of others, with our signature or a copied one."""

    def on_heard(self, message: Message) -> None:
        if isinstance(message, Prepare | Commit | ViewChange) and self.random.random() < 0.5:
            self.fired()
            victim = self.random.randrange(self.port.replica.validators.size)
            if self.random.random() < 0.5:
                self.port.say(msgspec.structs.replace(message, sender=victim))
            else:
                self.port.say(self.port.altered(message, sender=victim))


class Replay(Behaviour):
    """B13: words of others again, as they were, or said of another height, epoch, chain, set or view."""

    def on_tick(self) -> None:
        signed = [heard for heard in self.port.heard if isinstance(heard, Signed)]
        for message in self.random.sample(signed, min(3, len(signed))):
            self.fired()
            self.port.say(message, self.port.some())
            changes: list[dict[str, Any]] = [
                {"height": self.port.replica.height}, {"epoch": message.epoch + 1}, {"chain_id": "other"},
                {"validators_hash": bytes(32)}, {"view": self.port.replica.view},
            ]
            self.port.say(msgspec.structs.replace(message, **self.random.choice(changes)), self.port.some())


class MutatedMessages(Behaviour):
    """B22: any own message with one field changed, signed anew or not."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if not isinstance(message, Signed) or self.random.random() < 0.5:
            return [message]
        name = self.random.choice([field for field in message.__struct_fields__ if field != "chain_id"])
        value = getattr(message, name)
        changed: Any
        if isinstance(value, bytes):
            at = self.random.randrange(len(value)) if value else 0
            changed = value[:at] + bytes((value[at] ^ 1,)) + value[at + 1 :] if value else b""
        elif isinstance(value, int):
            changed = max(0, value + self.random.choice((-1, 1, 7)))
        else:
            changed = None
        self.fired()
        mutated = msgspec.structs.replace(message, **{name: changed})
        return [self.port.signed(mutated) if name != "signature" and self.random.random() < 0.7 else mutated]


class Garbage(Behaviour):
    """B23: bytes that are no message: cut, flipped, padded, nested, or noise."""

    def on_tick(self) -> None:
        self.fired()
        heard = self.port.heard
        data = bytearray(encode_message(heard[-1]) if heard else b"\x93\x01\x02")
        kind = self.random.randrange(4)
        if kind == 0:
            del data[self.random.randrange(len(data)) :]
        elif kind == 1:
            data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)
        elif kind == 2:
            data += b"\x00"
        else:
            data = bytearray(b"\x91" * 2_000)
        channel = self.random.choice((Channel.CONSENSUS, Channel.TRANSACTIONS, Channel.BLOCKS))
        self.port.shout(channel, bytes(data) or b"\xc1", self.port.some())


VOTES = {
    "double_votes": DoubleVotes,
    "votes_from_nowhere": VotesFromNowhere,
    "withheld_votes": WithheldVotes,
    "votes_in_old_views": VotesInOldViews,
    "lateness": Lateness,
    "silence": Silence,
    "relabelled": Relabelled,
    "forged_sender": ForgedSender,
    "replay": Replay,
    "mutated_messages": MutatedMessages,
    "garbage": Garbage,
}
