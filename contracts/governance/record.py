"""What the ledger holds about the consortium.

Keys and what they hold:

    governance/parameters        ChainParameters
    governance/validators        ValidatorList of the current epoch
    governance/observers         nodes that follow without voting
    governance/epochs/<epoch>    every set that ever agreed, and from which height on
    governance/succession        the change of the set that waits for the end of the epoch
    governance/leadership        who does not lead at the next height
    governance/presence          which validators were lately seen to sign
    governance/checkpoints       hashes of recent blocks, for joiners to show that they have them
    governance/misbehaviour/<consensus key>/<height>   a proved equivocation
    governance/policies          rules that differ from the defaults beside the operations
    governance/features          activation heights of later features
    governance/roles/<did>       the roles of one identity
    governance/registrar-count   registrar numbers given so far
    governance/holders/<role>    who holds a role (``contracts.kernel.electorate``)

Proposals: ``contracts.governance.proposal``; orders: ``contracts.governance.order``.
"""

from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.state.keys import key
from chainnode.types.block import Hash
from chainnode.types.parameters import ChainParameters
from chainnode.types.transaction import Height
from chainnode.types.validator_set import ObserverNode, PublicKey, Validator, ValidatorList
from consensus.leader import Leadership
from contracts.governance import order, proposal
from contracts.kernel.electorate import Holders
from contracts.kernel.policy import Features, Policies, RoleRecord

PARAMETERS_KEY: Final = key("governance", "parameters")
VALIDATORS_KEY: Final = key("governance", "validators")
OBSERVERS_KEY: Final = key("governance", "observers")
SUCCESSION_KEY: Final = key("governance", "succession")
LEADERSHIP_KEY: Final = key("governance", "leadership")
PRESENCE_KEY: Final = key("governance", "presence")
CHECKPOINTS_KEY: Final = key("governance", "checkpoints")
REGISTRAR_COUNT_KEY: Final = key("governance", "registrar-count")
REGISTRARS_MAX: Final = 9_999
"""Registrar numbers have four digits inside certificate numbers."""


OBSERVERS_MAX: Final = 1_000
CHECKPOINT_STEP: Final = 16
"""Heights between two checkpoints, and between two notes of presence: one state value in so many blocks."""
CHECKPOINTS_MAX: Final = 64
"""A joiner's proof is good for the last 1,024 heights: several institutions have to sign the change that carries it."""
PRESENCE_HEIGHTS: Final = 64
"""A validator whose signature no certificate of so many heights holds counts as out of reach."""


class ObserverList(msgspec.Struct, frozen=True, array_like=True):
    """Nodes that may connect and follow."""

    observers: Annotated[tuple[ObserverNode, ...], msgspec.Meta(max_length=OBSERVERS_MAX)]


class EpochRecord(msgspec.Struct, frozen=True, array_like=True):
    """The set of one epoch."""

    first_height: Height
    """The epoch's first block; the one before it was certified by the set before."""
    validators: ValidatorList


class Succession(msgspec.Struct, frozen=True, array_like=True):
    """The next set as it stands, and how far it is from the present one."""

    changes: Annotated[int, msgspec.Meta(ge=1, le=limits.VALIDATORS_MAX)]
    """Validators added, removed or replaced."""
    joined: Annotated[tuple[PublicKey, ...], msgspec.Meta(max_length=limits.VALIDATORS_MAX)]
    """Consensus keys of the newcomers, who have shown that they hold the chain."""
    validators: Annotated[tuple[Validator, ...], msgspec.Meta(min_length=1, max_length=limits.VALIDATORS_MAX)]
    """In voting order."""


class Presence(msgspec.Struct, frozen=True, array_like=True):
    """When each validator of the set was last seen to sign."""

    signed_before: Annotated[tuple[Height, ...], msgspec.Meta(max_length=limits.VALIDATORS_MAX)]
    """End of the step of heights in which the last certificate with its signature lies; 0 = never seen."""


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """One block that everybody who holds the chain can name."""

    height: Height
    block_hash: Hash


class Checkpoints(msgspec.Struct, frozen=True, array_like=True):
    """The recent ones, oldest first."""

    checkpoints: Annotated[tuple[Checkpoint, ...], msgspec.Meta(max_length=CHECKPOINTS_MAX)] = ()


class MisbehaviourRecord(msgspec.Struct, frozen=True, array_like=True):
    """A validator signed two things for one place; the block at ``reported_height`` carries the proof."""

    consensus_key: PublicKey
    name: str
    did: str
    epoch: Height
    height: Height
    view: int
    message: str
    """``PRE_PREPARE``, ``PREPARE`` or ``COMMIT``."""
    reported_height: Height
    proof_digest: Hash
    """SHA-256 of the item in the body."""


def epoch_key(epoch: int) -> bytes:
    """Where the set of ``epoch`` is kept."""
    return key("governance", "epochs", epoch)


def misbehaviour_key(consensus_key: bytes, height: int) -> bytes:
    """Where a proved equivocation is kept: one for each key and height."""
    return key("governance", "misbehaviour", consensus_key, height)


RECORDS: Final = (
    ("governance", 2, "parameters", ChainParameters),
    ("governance", 2, "validators", ValidatorList),
    ("governance", 2, "observers", ObserverList),
    ("governance", 2, "policies", Policies),
    ("governance", 2, "features", Features),
    ("governance", 2, "registrar-count", int),
    ("governance", 2, "succession", Succession),
    ("governance", 2, "leadership", Leadership),
    ("governance", 2, "presence", Presence),
    ("governance", 2, "checkpoints", Checkpoints),
    ("governance", 3, "epochs", EpochRecord),
    ("governance", 4, "misbehaviour", MisbehaviourRecord),
    ("governance", 3, "roles", RoleRecord),
    ("governance", 3, "holders", Holders),
    *proposal.RECORDS,
    *order.RECORDS,
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
