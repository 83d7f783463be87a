"""How income is divided: the wire forms and their form rules."""

from typing import Annotated

import msgspec

from contracts.income.record import OptionalTrade, Shares
from contracts.kernel.money import BASIS_POINTS, Currency, PositiveAmount
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, Hash32, Name, ShortName


class SetIncomeRule(Operation, frozen=True, array_like=True, tag="income.set_rule"):
    """Say how the asset's income is divided from now on, as its holder; what was distributed before stays.

    What the asset's description grants its parents is taken off first, whatever the rule.
    """

    asset_id: Hash32
    shares: Shares
    """Of what is left; they sum to 10,000."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``income-shares``.
        """
        total = sum(share.basis_points for share in self.shares)
        if total != BASIS_POINTS:
            raise OperationFailed("income-shares", f"the shares sum to {total} basis points, not to {BASIS_POINTS}")
        if len(dict.fromkeys(share.payee for share in self.shares)) != len(self.shares):
            raise OperationFailed("income-shares", "a payee stands twice")


class DistributeIncome(Operation, frozen=True, array_like=True, tag="income.distribute"):
    """Divide an amount that the asset has earned, along its lineage.

    Of a trade: by its seller, at most the proceeds, once it is settled. Otherwise by the asset's holder.
    """

    reference: ShortName
    """The sender's own name for the distribution; its id follows from it."""
    asset_id: Hash32
    amount: PositiveAmount
    currency: Currency
    trade_id: OptionalTrade = b""
    """Empty where the income is not of a trade on this ledger."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``income-trade``.
        """
        if self.trade_id and len(self.trade_id) != 32:
            raise OperationFailed("income-trade", "a trade id has 32 bytes")


class ReverseDistribution(Operation, frozen=True, array_like=True, tag="income.reverse"):
    """Take a distribution back, as whoever made it, before its payees acknowledged the money."""

    distribution_id: Hash32
    reason: Name


class AcknowledgeIncome(Operation, frozen=True, array_like=True, tag="income.acknowledge"):
    """Say that money which was due has arrived, as its payee."""

    distributor: Annotated[AnyDid, msgspec.Meta(min_length=1)]
    """Who made the distributions, and so owed it."""
    currency: Currency
    amount: PositiveAmount
    reference_hash: Hash32
    """Salted digest of the bank's reference."""
