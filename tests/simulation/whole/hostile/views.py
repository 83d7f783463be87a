"""Hostile claims (B10, B12, B15-B17, B21): about views, certificates, tips and heights, and answers to requests."""

import msgspec

from chainnode.codec.canonical import encode
from chainnode.net.channel import Channel
from chainnode.sync.wire import GET_BLOCK, GET_BLOCKS, GET_TRANSACTIONS, decode_blocks_wanted
from chainnode.types.block import StoredBlock, block_hash, decode_header
from consensus.certificates import COMMIT, PREPARE, QuorumCertificate, encode_certificate, make_certificate, vote_bytes
from consensus.messages import (
    NOTHING_PREPARED,
    Commit,
    Decided,
    Message,
    Prepare,
    PrePrepare,
    Status,
    ViewChange,
    encode_message,
)
from tests.simulation.whole import genesis
from tests.simulation.whole.hostile.port import Behaviour
from tests.simulation.whole.hostile.votes import OTHER_HASH

FLOOD = 24
"""Messages at a tick."""


class FalsePrepared(Behaviour):
    """B10: denies the own lock, or claims one that never was, with a certificate or without."""

    def on_send(self, to: int, message: Message) -> list[Message]:
        if not isinstance(message, ViewChange):
            return [message]
        self.fired()
        kind = (to + message.view) % 3
        if kind == 0:
            return [self.port.altered(message, prepared_view=NOTHING_PREPARED, prepared_hash=b"", certificate=None)]
        view = message.view - 1
        forged = forged_certificate(self, message.height, view, OTHER_HASH) if kind == 1 else None
        return [self.port.altered(message, prepared_view=view, prepared_hash=OTHER_HASH, certificate=forged)]


def forged_certificate(
    by: Behaviour, height: int, view: int, block_hash: bytes, kind: int = PREPARE
) -> QuorumCertificate:
    """A certificate of the right shape with one good signature, our own, and the rest invented."""
    port, validators = by.port, by.port.replica.validators
    of_kind = COMMIT if kind == COMMIT else PREPARE
    signed = vote_bytes(
        of_kind, chain_id=genesis.CHAIN_ID, epoch=validators.epoch, validators_hash=validators.hash,
        height=height, view=view, block_hash=block_hash,
    )
    others = [index for index in range(validators.size) if index != port.index][: validators.quorum - 1]
    votes = [(port.index, port.key.sign(signed)), *((index, port.key.sign(b"%d" % index)) for index in others)]
    return make_certificate(
        of_kind, sorted(votes), epoch=validators.epoch, height=height, view=view, block_hash=block_hash
    )


class OlderPrepared(Behaviour):
    """B10: reports the first certificate of a height for ever."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._first: dict[int, QuorumCertificate | None] = {}

    def on_send(self, to: int, message: Message) -> list[Message]:
        if not isinstance(message, ViewChange):
            return [message]
        self.fired()
        certificate = self._first.setdefault(message.height, message.certificate)
        if certificate is None:
            return [self.port.altered(message, prepared_view=NOTHING_PREPARED, prepared_hash=b"", certificate=None)]
        return [
            self.port.altered(
                message, prepared_view=certificate.view, prepared_hash=certificate.block_hash, certificate=certificate
            )
        ]


class _Claims(Behaviour):
    def place(self) -> tuple[str, int, bytes]:
        validators = self.port.replica.validators
        return genesis.CHAIN_ID, validators.epoch, validators.hash


class HugeViews(_Claims):
    """B12: asks for views far ahead, and then for lower ones again."""

    def on_tick(self) -> None:
        self.fired()
        replica = self.port.replica
        for view in (replica.view + self.random.choice((1, 2, 60, 70, 10**6)), replica.view + 1, 1):
            asked = ViewChange(*self.place(), replica.height, view, self.port.index, NOTHING_PREPARED, b"")
            self.port.say(self.port.signed(asked), self.port.some())


class BadBitmaps(Behaviour):
    """B15: certificates with padding, strangers, too few signers, doubled signatures, or altered ones."""

    def on_tick(self) -> None:
        replica = self.port.replica
        tip = replica.tip
        honest = tip.certificate
        if honest is None:
            return
        self.fired()
        replace = msgspec.structs.replace
        signatures = honest.signatures
        for bad in (
            replace(honest, signers=honest.signers + b"\0"),
            replace(honest, signers=bytes((honest.signers[0] | 0x80,)), signatures=(*signatures, signatures[0])),
            replace(honest, signatures=signatures[:-1]),
            replace(honest, signers=b"\x01", signatures=signatures[:1]),
            replace(honest, signatures=(signatures[0],) * len(signatures)),
            replace(honest, height=replica.height, block_hash=OTHER_HASH),
            replace(honest, kind=PREPARE),
            replace(honest, view=honest.view + 1),
        ):
            self.port.say(Decided(genesis.CHAIN_ID, bad.height, bad.block_hash, bad), self.port.some())
        forged = forged_certificate(self, replica.height + 3, 0, OTHER_HASH, COMMIT)
        self.port.say(Decided(genesis.CHAIN_ID, forged.height, OTHER_HASH, forged), self.port.some())


class FutureHeights(_Claims):
    """B16: valid-looking votes and proposals for heights and views that are not there yet."""

    def on_tick(self) -> None:
        self.fired()
        replica, random = self.port.replica, self.random
        for _ in range(FLOOD):
            height = replica.height + random.choice((0, 1, 1, 2, 100, 10**6))
            view = random.choice((0, 1, 5, 60, 64, 1_000))
            block_hash = random.randbytes(32)
            kind = random.choice((Prepare, Commit))
            self.port.say(self.port.signed(kind(*self.place(), height, view, self.port.index, block_hash)))
        proposal = PrePrepare(*self.place(), replica.height + 1, 0, self.port.index, OTHER_HASH, random.randbytes(200))
        self.port.say(self.port.signed(proposal))


class FalseTips(_Claims):
    """B17: STATUS of heights that nobody reached, and of one's own as if far behind."""

    def on_tick(self) -> None:
        self.fired()
        for height in (10**6, 0):
            self.port.say(Status(genesis.CHAIN_ID, self.port.index, height, OTHER_HASH, 0, 0, 1))


class WrongAnswers(Behaviour):
    """B17: answers requests with other things than asked, forged, cut, or empty."""

    def on_request(self, origin: int, kind: int, payload: bytes, honest: bytes | None) -> bytes | None:
        self.fired()
        choice = self.random.randrange(5)
        if choice == 0:
            return b""
        if choice == 1:
            return None
        if choice == 2:
            return self.random.randbytes(64)
        if choice == 3:
            return honest[: len(honest) // 2] if honest else honest
        return self._forged(kind, payload)

    def _forged(self, kind: int, payload: bytes) -> bytes | None:
        """The block that was asked for, or the last one, with another time under a certificate that proves nothing."""
        store = self.port.node.ledger.store
        height = store.tip().height
        if kind == GET_BLOCKS:
            height = min(height, decode_blocks_wanted(payload).first)
        stored = store.block(height)
        if kind == GET_TRANSACTIONS:
            return encode([genesis.envelope(1, 10)])
        if kind == GET_BLOCK or stored is None:
            return None if stored is None else encode(stored)
        header = decode_header(stored.header)
        data = encode(msgspec.structs.replace(header, time_ms=header.time_ms + 1))
        certificate = forged_certificate(self, height, 0, block_hash(data), COMMIT)
        return encode([encode(StoredBlock(data, stored.body, encode_certificate(certificate)))])


class EndlessAnswers(Behaviour):
    """B17: to every request for blocks the same blocks, and never an end."""

    def on_request(self, origin: int, kind: int, payload: bytes, honest: bytes | None) -> bytes | None:
        if kind != GET_BLOCKS:
            return honest
        self.fired()
        store = self.port.node.ledger.store
        blocks = [store.block(height) for height in range(1, min(8, store.tip().height) + 1)]
        return encode([encode(block) for block in blocks if block is not None])


class Scheduler(Behaviour):
    """B21: in league with the network: honest words reach one victim at the edge of its view timer."""

    def on_tick(self) -> None:
        world, random = self.port.world, self.random
        if not world.trouble.active:
            return
        honest = [machine.address for machine in world.machines if world.honest(machine)]
        victim = random.choice(honest)
        held = random.choice((Prepare, Commit, PrePrepare, ViewChange))
        delay_ms = random.choice((300, 1_900, 2_050))
        tag = {PrePrepare: 1, Prepare: 2, Commit: 3, ViewChange: 4}[held]

        def hold(origin: int, to: int, channel: Channel, payload: bytes) -> int:
            # The tag is the second byte of the array: no need to decode what is only delayed.
            late = to == victim and channel is Channel.CONSENSUS and payload[1:2] == bytes((tag,))
            if late:
                self.fired()
            return delay_ms if late else 0

        world.network.hold = hold


class BadGossip(Behaviour):
    """B24: transactions that admission must refuse, and batches that are none."""

    def on_tick(self) -> None:
        self.fired()
        number, height = self.random.randrange(10**9), self.port.replica.height
        bad = bytearray(genesis.envelope(number, height + 5))
        bad[-1] ^= 1
        batch = [bytes(bad), genesis.envelope(number, height - 1 if height > 1 else 1), b"\x90", b""]
        self.port.shout(Channel.TRANSACTIONS, encode(self.random.sample(batch, 2)), self.port.some())
        self.port.shout(Channel.TRANSACTIONS, encode_message(self.port.said[-1]) if self.port.said else b"\xc1")


VIEWS = {
    "false_prepared": FalsePrepared,
    "older_prepared": OlderPrepared,
    "huge_views": HugeViews,
    "bad_bitmaps": BadBitmaps,
    "future_heights": FutureHeights,
    "false_tips": FalseTips,
    "wrong_answers": WrongAnswers,
    "endless_answers": EndlessAnswers,
    "scheduler": Scheduler,
    "bad_gossip": BadGossip,
}
