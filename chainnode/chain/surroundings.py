"""Where the chain stands, as the next block must find it.

Everything here follows from the tip and the state after it, so a restarted node sees what a running one sees.
"""

from dataclasses import dataclass
from functools import lru_cache

from chainnode.chain.replay import ReplayWindow
from chainnode.codec.canonical import encode
from chainnode.errors import StoreCorrupt
from chainnode.state.view import State
from chainnode.types.parameters import ChainParameters
from chainnode.types.validator_set import ValidatorList, decode_validators, validators_hash, voting_set
from consensus.leader import Leadership
from consensus.quorum import ValidatorSet
from contracts.governance.queries import (
    next_validators,
    read_epoch,
    read_leadership,
    read_parameters,
    read_validators,
)


@dataclass(slots=True, frozen=True)
class Tip:
    """Where the chain stands here: the last block, and what executing it gave."""

    height: int
    block_hash: bytes
    time_ms: int
    state_root: bytes
    """State tree after this block."""
    results_root: bytes
    """RFC 6962 root over this block's own receipt and those of its transactions."""
    history_root: bytes
    """RFC 6962 root over the hashes of blocks 0 .. height."""
    proof_due: bool
    """It held transactions or did something by itself: the next header must certify these results."""


@dataclass(slots=True, frozen=True)
class Surroundings:
    """What a candidate is checked against."""

    chain_id: str
    tip: Tip
    tip_certificate: bytes
    """A certificate of the tip known to be good; another valid one is accepted too. Empty at genesis."""
    tip_validators: ValidatorSet
    """The set that certified the tip: the one before ``validators`` when an epoch ended with it."""
    validators: ValidatorSet
    """The set that agrees on the next height."""
    members: ValidatorList
    """The same with names and institutions."""
    next_validators_hash: bytes
    """What the next header must name: another set only in the last header of an epoch (E1)."""
    leadership: Leadership
    """Who does not lead at the next height (R12)."""
    parameters: ChainParameters
    state: State
    """After the tip; only to be read."""
    replay: ReplayWindow


def surroundings_of(
    chain_id: str, tip: Tip, tip_certificate: bytes, state: State, replay: ReplayWindow
) -> Surroundings:
    """What ``state``, that of ``tip``, says about the next block.

    Raises:
        StoreCorrupt: ``state-incomplete``.
    """
    members = read_validators(state)
    validators = _voting_set(encode(members))
    following = next_validators(state, tip.height + 1)
    return Surroundings(
        chain_id=chain_id,
        tip=tip,
        tip_certificate=tip_certificate,
        tip_validators=_certifiers(state, tip.height, members, validators),
        validators=validators,
        members=members,
        next_validators_hash=validators.hash if following is None else validators_hash(following),
        leadership=read_leadership(state),
        parameters=read_parameters(state),
        state=state,
        replay=replay,
    )


def _certifiers(state: State, height: int, members: ValidatorList, validators: ValidatorSet) -> ValidatorSet:
    """Who certified the block at ``height``, the tip."""
    epoch = read_epoch(state, members.epoch)
    if epoch is None:
        raise StoreCorrupt("state-incomplete", f"epoch {members.epoch} is missing from the state")
    earlier = read_epoch(state, members.epoch - 1) if 0 < epoch.first_height == height + 1 else None
    return validators if earlier is None else _voting_set(encode(earlier.validators))


@lru_cache(maxsize=8)
def _voting_set(members: bytes) -> ValidatorSet:
    """The set of a list by its bytes: it changes with epochs only, and is asked for with every block."""
    return voting_set(decode_validators(members))
