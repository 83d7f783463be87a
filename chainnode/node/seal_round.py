"""The shares of one block's seal, and what becomes of them. No input or output: the sealer calls it.

One check of the sum tells whether all shares are right. Only if it fails is each checked by itself; the wrong ones are
named, and the sum of the others needs no further check.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from chainnode.codec.canonical import encode
from chainnode.crypto import bls
from chainnode.crypto.ed25519 import SigningKey
from chainnode.types.block import block_hash, decode_header
from chainnode.types.seal import Seal, SealShare, seal_bytes, signers_bitmap
from chainnode.types.validator_set import ValidatorList, seal_key_of
from consensus.quorum import quorum_of


class Question(NamedTuple):
    """What a thread is given: nothing in it changes meanwhile."""

    epoch: int
    height: int
    block_hash: bytes
    message: bytes
    members: ValidatorList
    shares: Mapping[int, bytes]


class Answer(NamedTuple):
    """The seal if a quorum of the shares is right, and whose shares are wrong, if any was looked at by itself."""

    seal: bytes | None
    wrong: tuple[int, ...]


@dataclass(slots=True)
class SealRound:
    """One block that is being sealed."""

    header: bytes
    members: ValidatorList
    """Of the block's epoch."""
    height: int = field(init=False)
    epoch: int = field(init=False)
    block_hash: bytes = field(init=False)
    message: bytes = field(init=False)
    """What every share signs."""
    shares: dict[int, bytes] = field(default_factory=dict, init=False)
    """Unchecked, by index; one of each validator."""
    refused: dict[int, None] = field(default_factory=dict, init=False)
    """Those whose share was wrong; they have no second one."""
    own: bytes | None = field(default=None, init=False)
    """This node's share as it was sent."""
    resent: int = field(default=0, init=False)
    is_sealed: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        header = decode_header(self.header)
        self.height, self.epoch = header.height, header.epoch
        self.block_hash = block_hash(self.header)
        self.message = seal_bytes(
            header.chain_id, header.epoch, header.validators_hash, header.height, self.block_hash
        )

    @property
    def is_ready(self) -> bool:
        """Whether there may be enough shares for a seal."""
        return not self.is_sealed and len(self.shares) >= quorum_of(len(self.members.validators))

    def add(self, share: SealShare, node_key: bytes) -> str | None:
        """Take the share that came from ``node_key``; a code if it is of no use.

        ``late`` and ``twice`` are nobody's fault. ``stranger``: a share comes from its own validator only, so that a
        wrong one is known to be its fault. ``block``: it is over another block than the one that was decided.
        """
        members = self.members.validators
        if share.signer >= len(members) or members[share.signer].node_key != node_key:
            return "stranger"
        if not members[share.signer].seal_key:
            return "keyless"
        if (share.epoch, share.block_hash) != (self.epoch, self.block_hash):
            return "block"
        if self.is_sealed:
            return "late"
        if share.signer in self.shares or share.signer in self.refused:
            return "twice"
        self.shares[share.signer] = share.signature
        return None

    def add_own(self, index: int, signature: bytes) -> bytes:
        """Take this node's own share; its bytes for the others."""
        self.shares[index] = signature
        self.own = encode(SealShare(self.epoch, self.height, self.block_hash, index, signature))
        return self.own

    def question(self) -> Question:
        """What is to be judged now."""
        return Question(self.epoch, self.height, self.block_hash, self.message, self.members, dict(self.shares))

    def settle(self, answer: Answer) -> None:
        """Leave out what was wrong; nothing more is needed once there is a seal."""
        for index in answer.wrong:
            self.shares.pop(index, None)
            self.refused[index] = None
        self.is_sealed = answer.seal is not None


def judge(question: Question) -> Answer:
    """The seal, or who spoils it. One pairing check; one for each share where that one fails."""
    shares = dict(sorted(question.shares.items()))
    keys = {index: question.members.validators[index].seal_key for index in shares}
    total = bls.aggregate(list(shares.values()))
    if total is not None and bls.verify_aggregate(list(keys.values()), question.message, total):
        return Answer(_seal(question, list(shares), total), ())
    wrong = tuple(index for index in shares if not bls.verify(keys[index], question.message, shares[index]))
    good = [index for index in shares if index not in wrong]
    if len(good) < quorum_of(len(question.members.validators)):
        return Answer(None, wrong)
    total = bls.aggregate([shares[index] for index in good])
    return Answer(None if total is None else _seal(question, good, total), wrong)


def _seal(question: Question, indexes: list[int], signature: bytes) -> bytes:
    return encode(Seal(question.epoch, question.height, question.block_hash, signers_bitmap(indexes), signature))


def sign_share(key: SigningKey, seal_key: bytes, message: bytes) -> bytes | None:
    """The signature with the seal key that belongs to ``key``; None where the chain names another seal key."""
    sealing = seal_key_of(key)
    return sealing.sign(message) if sealing.public_key == seal_key else None
