"""How the consortium votes: the wire forms of proposals and votes."""

from typing import Annotated, Final, Literal

import msgspec

from chainnode.types.block import Hash
from chainnode.types.transaction import Height
from contracts.kernel.operation import OPERATION_BYTES_MAX, Operation
from contracts.kernel.text import Name

PROPOSED_OPERATIONS_MAX: Final = 16
"""A proposal is read before it is voted on, and carried out whole while a block opens."""
VOTING_MS_MIN: Final = 1_000
"""For test networks; a consortium sets its own usage."""
VOTING_MS_MAX: Final = 90 * 86_400_000
"""A quarter: what nobody decided by then is to be proposed anew."""

Choice = Literal["approve", "reject", "abstain"]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
"""Of a proposal: given by the chain, from 1 on."""


class Propose(Operation, frozen=True, array_like=True, tag="governance.propose"):
    """Put changes to the vote; they are carried out together or not at all."""

    title: Name
    operations: Annotated[
        tuple[Annotated[bytes, msgspec.Meta(max_length=OPERATION_BYTES_MAX)], ...],
        msgspec.Meta(min_length=1, max_length=PROPOSED_OPERATIONS_MAX),
    ]
    """Encoded operations; only those that change the consortium's own affairs."""
    voting_ms: Annotated[int, msgspec.Meta(ge=VOTING_MS_MIN, le=VOTING_MS_MAX)]
    """Votes count in blocks earlier than this time after the proposal's block."""
    document_hash: Hash | None = None
    """SHA-256 of the text that gives the reasons."""
    enact_at: Height = 0
    """Carried out when the block of this height opens; 0, or a height passed by then: right after approval."""
    approve: bool = False
    """Whether the proposer's own vote is cast with it."""


class Vote(Operation, frozen=True, array_like=True, tag="governance.vote"):
    """Vote on a proposal, once and finally."""

    number: Number
    choice: Choice


class WithdrawProposal(Operation, frozen=True, array_like=True, tag="governance.withdraw_proposal"):
    """Take an own proposal back before it is decided."""

    number: Number


class AnnulProposal(Operation, frozen=True, array_like=True, tag="governance.annul_proposal"):
    """Keep an approved proposal from being carried out: by another one, or by whom the policy names."""

    number: Number
