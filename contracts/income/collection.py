"""Income as readers list it."""

from typing import Final

from chainnode.types.transaction import Did
from contracts.income.outcome import IncomeDistributed, IncomeRuleSet, IncomeShareSet
from contracts.income.record import LIFECYCLE, AccountRecord, DistributionRecord, IncomeRule
from contracts.kernel.collection import Collection, Filter
from contracts.kernel.money import Currency

COLLECTIONS: Final = (
    Collection(
        name="income-rules",
        namespace=("income-rule",),
        ids=("asset_id",),
        record=IncomeRule,
        summary="How holders divide what their assets earn.",
        filters=(Filter("set_by", ((IncomeRuleSet, "set_by"),)), Filter("shares.payee", ((IncomeShareSet, "payee"),))),
    ),
    Collection(
        name="income-distributions",
        namespace=("income-distribution",),
        ids=("distribution_id",),
        record=DistributionRecord,
        summary="Amounts divided, with every payout.",
        filters=(
            Filter("trade_id", ((IncomeDistributed, "trade_id"),)),
            Filter("asset_id", ((IncomeDistributed, "asset_id"),)),
            Filter("distributed_by", ((IncomeDistributed, "distributed_by"),)),
            Filter("currency"),
            Filter("payouts.payee"),
            Filter("status", choices=LIFECYCLE.statuses()),
        ),
    ),
    Collection(
        name="income-accounts",
        namespace=("income-account",),
        ids=("payee", "distributor", "currency"),
        record=AccountRecord,
        summary="What distributors owe payees: credited, taken back, acknowledged.",
        id_types={"payee": Did, "distributor": Did, "currency": Currency},
    ),
)
