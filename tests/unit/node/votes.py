"""Votes and proposals of the validators of ``tests.support.local_chain``, unsigned and signed."""

from typing import TypeVar

from chainnode.chain.candidate import Candidate
from consensus.messages import Commit, Prepare, PrePrepare, Signed, ViewChange
from consensus.signing import signed_bytes, with_signature
from tests.support.local_chain import CONSENSUS_KEYS, LocalChain

S = TypeVar("S", bound=Signed)


def prepare(
    chain: LocalChain, block_hash: bytes, *, view: int = 0, sender: int = 0, height: int | None = None
) -> Prepare:
    """An unsigned PREPARE above the tip."""
    return Prepare(*_place(chain, height), view, sender, block_hash)


def commit(
    chain: LocalChain, block_hash: bytes, *, view: int = 0, sender: int = 0, height: int | None = None
) -> Commit:
    """An unsigned COMMIT above the tip."""
    return Commit(*_place(chain, height), view, sender, block_hash)


def view_change(chain: LocalChain, view: int, *, sender: int = 0) -> ViewChange:
    """An unsigned VIEW_CHANGE of a validator that prepared nothing."""
    return ViewChange(*_place(chain, None), view, sender, -1, b"")


def pre_prepare(chain: LocalChain, candidate: Candidate, *, sender: int = 0) -> PrePrepare:
    """An unsigned PRE_PREPARE of view 0."""
    return PrePrepare(*_place(chain, None), 0, sender, candidate.block_hash, candidate.proposal_bytes())


def signed(message: S) -> S:
    """With the signature of its sender."""
    key = CONSENSUS_KEYS[message.sender]
    return with_signature(message, key.sign(signed_bytes(message)))


def _place(chain: LocalChain, height: int | None) -> tuple[str, int, bytes, int]:
    around = chain.ledger.surroundings
    return around.chain_id, around.validators.epoch, around.validators.hash, height or around.tip.height + 1
