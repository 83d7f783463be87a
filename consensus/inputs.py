"""Everything that can happen to a replica, in the past tense.

The host feeds them one at a time to ``Replica.step``. Answers to requests of a height or view that the replica has
left are ignored, and duplicates are harmless, so the host may answer late and twice.
"""

from typing import TypeAlias

import msgspec

from consensus.certificates import QuorumCertificate
from consensus.messages import Message
from consensus.quorum import ValidatorSet
from consensus.timers import Timer, TimerConfig


class _Input(msgspec.Struct, frozen=True, gc=False):
    """Common settings."""


class Started(_Input, frozen=True):
    """The host is ready; comes first, once."""


class MessageReceived(_Input, frozen=True):
    """A message that ``Replica.filter`` let pass and whose ``signing.required`` signatures all verified.

    Also one's own signed message, as soon as it is durable.
    """

    message: Message


class TimerFired(_Input, frozen=True):
    """A timer set by ``SetTimer`` ran out."""

    timer: Timer


class TransactionsPending(_Input, frozen=True):
    """How many transactions could go into the next block.

    Sent when the pool goes from empty to non-empty and after each ``BlockApplied``.
    """

    count: int


class BlockBuilt(_Input, frozen=True):
    """Answer to ``BuildBlock``: the host holds the block's body, and ``proposal`` encodes it for the others."""

    height: int
    view: int
    block_hash: bytes
    proposal: bytes


class BuildFailed(_Input, frozen=True):
    """Answer to ``BuildBlock``: there is nothing to propose (all pending transactions expired, for instance)."""

    height: int
    view: int


class ProposalChecked(_Input, frozen=True):
    """Answer to ``CheckProposal``.

    ``code`` is ``None`` for a proposal that is valid and whose body the host now holds; else the reason why no
    correct leader could have sent it, which costs the leader its view. Something that only this host lacks (its own
    result of the parent, a missing body) is no verdict: answer later.
    """

    height: int
    view: int
    block_hash: bytes
    code: str | None


class BlockFetched(_Input, frozen=True):
    """Answer to ``FetchBlock``: the body is in the host's hands.

    ``proposal`` is the encoding that ``BlockBuilt`` would have given; the next leader may have to propose it again.
    """

    block_hash: bytes
    proposal: bytes


class BlockApplied(_Input, frozen=True):
    """``block_hash`` and everything it did are durable: the tip is now ``height``, by decision or by sync.

    Sync may skip heights: one input for the last of many is enough.
    """

    height: int
    block_hash: bytes
    proof_due: bool
    """The block held transactions or did something by itself, so one more block must follow to certify the result."""
    certificate: QuorumCertificate | None = None
    """COMMIT certificate of the block; needed after sync, so that this replica can help others in turn."""
    suspended: tuple[int, ...] = ()
    """Indexes that do not lead at the next height (R12)."""
    validators: ValidatorSet | None = None
    """The set of the next height, when it differs from the current one."""
    own_index: int | None = None
    """This node's index in ``validators``; read only when ``validators`` is given."""
    timers: TimerConfig | None = None
    """The chain's timers from the next height on; None = as before."""


class SyncFinished(_Input, frozen=True):
    """Answer to ``StartSync``: no peer proves a later height, or none answers; voting may resume at the tip."""


class Halted(_Input, frozen=True):
    """The host found a reason to stop signing for good (R11): own root differs, journal or sign-state failed."""

    reason: str


Input: TypeAlias = (
    Started
    | MessageReceived
    | TimerFired
    | TransactionsPending
    | BlockBuilt
    | BuildFailed
    | ProposalChecked
    | BlockFetched
    | BlockApplied
    | SyncFinished
    | Halted
)
