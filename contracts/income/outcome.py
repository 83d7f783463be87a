"""What can come of an operation on income: its events and its refusals.

Events alone suffice for a recount: for each distribution the credits sum to its amount.
"""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class IncomeRuleSet(TypedEvent, frozen=True):
    """An asset's income is divided anew."""

    NAME = "income.rule_set"
    INDEXED = ("asset_id", "set_by")

    asset_id: bytes
    version: int
    set_by: str
    payees: int


class IncomeShareSet(TypedEvent, frozen=True):
    """One share of a rule that was set; all of a version's sum to 10,000."""

    NAME = "income.share_set"
    INDEXED = ("asset_id", "payee")

    asset_id: bytes
    version: int
    payee: str
    basis_points: int


class IncomeDistributed(TypedEvent, frozen=True):
    """An amount was divided."""

    NAME = "income.distributed"
    INDEXED = ("asset_id", "distributed_by", "distribution_id", "trade_id")

    distribution_id: bytes
    asset_id: bytes
    trade_id: bytes
    distributed_by: str
    amount: int
    currency: str
    rule_version: int
    payouts: int


class IncomeCredited(TypedEvent, frozen=True):
    """One part of a distribution; ``asset_id`` is that of the lineage through which it was earned."""

    NAME = "income.credited"
    INDEXED = ("asset_id", "distributed_by", "distribution_id", "payee")

    distribution_id: bytes
    payee: str
    distributed_by: str
    asset_id: bytes
    amount: int
    currency: str


class IncomeReversed(TypedEvent, frozen=True):
    """A distribution was taken back, every part of it."""

    NAME = "income.reversed"
    INDEXED = ("asset_id", "distribution_id")

    distribution_id: bytes
    asset_id: bytes
    amount: int
    currency: str
    reason: str


class IncomeAcknowledged(TypedEvent, frozen=True):
    """A payee has received money."""

    NAME = "income.acknowledged"
    INDEXED = ("distributed_by", "payee")

    payee: str
    distributed_by: str
    currency: str
    amount: int
    reference_hash: bytes


EVENTS: Final = (
    IncomeRuleSet,
    IncomeShareSet,
    IncomeDistributed,
    IncomeCredited,
    IncomeReversed,
    IncomeAcknowledged,
)

CODES: Final[dict[str, Code]] = {
    "income-shares": Code(
        "Impossible shares",
        "The shares do not sum to 10,000 basis points, or a payee stands twice.",
        "Name each payee once; shares are ten-thousandths.",
    ),
    "income-payee-unknown": Code(
        "Payee unknown", "A payee is no active identity of this chain.", "Have the payee create its identity first."
    ),
    "income-not-holder": Code(
        "Not the holder",
        "Only the holder of the asset divides its income, and only the seller that of a trade.",
        "Let the holder, or the seller, do it.",
    ),
    "income-exists": Code(
        "Distribution exists",
        "The sender has already made a distribution under this reference.",
        "The distribution stands; choose another reference for another amount.",
    ),
    "income-trade": Code(
        "Trade does not fit",
        "The trade is unknown, not settled, on hold, of another asset or in another currency.",
        "Read the trade; distribute what it brought once it is settled.",
    ),
    "income-exceeds-trade": Code(
        "More than the trade brought",
        "Together with earlier distributions the amount exceeds what the seller received and did not pay back.",
        "Distribute at most the rest.",
    ),
    "income-too-wide": Code(
        "Too many payouts",
        "The lineage and its rules divide the amount among more receivers than one distribution can hold.",
        "Distribute to the parents separately, or let fewer receivers stand in the rules.",
    ),
    "income-account-full": Code(
        "Account full",
        "The distributor would have credited a payee with more than 2^63 - 1 minor units in all.",
        "Distribute through another identity.",
    ),
    "income-unknown": Code(
        "Distribution unknown", "No distribution has this id.", "The id follows from the distributor and its reference."
    ),
    "income-not-distributor": Code(
        "Not the distributor", "Somebody else made this distribution.", "Only who distributed can take it back."
    ),
    "income-status": Code("Already reversed", "The distribution was taken back before.", "Nothing is left to do."),
    "income-acknowledged": Code(
        "Already received",
        "A payee has acknowledged money that the reversal would take back.",
        "Settle it with the payee; the ledger keeps what was received.",
    ),
    "income-not-due": Code(
        "More than is due",
        "The amount exceeds what this distributor owes the payee in this currency.",
        "Acknowledge at most the rest.",
    ),
}
