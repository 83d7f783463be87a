"""What the operations on income do."""

from typing import Final

from msgspec.structs import replace

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.assets.entry import known_asset
from contracts.identity.record import read_active
from contracts.income.allocation import allocate, rule_in_force
from contracts.income.operations import AcknowledgeIncome, DistributeIncome, ReverseDistribution, SetIncomeRule
from contracts.income.outcome import (
    IncomeAcknowledged,
    IncomeCredited,
    IncomeDistributed,
    IncomeReversed,
    IncomeRuleSet,
    IncomeShareSet,
)
from contracts.income.record import (
    LIFECYCLE,
    AccountRecord,
    DistributionRecord,
    IncomeRule,
    account_key,
    distribution_id_of,
    distribution_key,
    read_account,
    read_distribution,
    read_rule,
    read_trade_income,
    rule_key,
    trade_income_key,
)
from contracts.kernel.context import Context
from contracts.kernel.money import AMOUNT_MAX
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.market.record_trade import find_trade

PAID: Final = ("SETTLED", "CERTIFIED")


def set_rule(operation: SetIncomeRule, context: Context, state: State) -> None:
    """Write the holder's rule.

    Raises:
        OperationFailed: ``asset-unknown``, ``income-not-holder`` or ``income-payee-unknown``.
    """
    asset = known_asset(state, operation.asset_id)
    _check_sender(asset.holder, context.sender)
    for share in operation.shares:
        if read_active(state, share.payee) is None:
            raise OperationFailed("income-payee-unknown", f"{share.payee} is no active identity of this chain")
    before = read_rule(state, asset.asset_id)
    version = 1 if before is None else before.version + 1
    rule = IncomeRule(asset.asset_id, version, context.sender, operation.shares, context.height, context.time_ms)
    state.put(rule_key(asset.asset_id), encode(rule))
    context.emit(IncomeRuleSet(asset.asset_id, version, context.sender, len(operation.shares)))
    for share in operation.shares:
        context.emit(IncomeShareSet(asset.asset_id, version, share.payee, share.basis_points))


def distribute(operation: DistributeIncome, context: Context, state: State) -> None:
    """Divide the amount and credit every receiver.

    Raises:
        OperationFailed: ``income-exists``, ``asset-unknown``, ``income-not-holder``, ``income-trade``,
            ``income-exceeds-trade``, ``income-too-wide`` or ``income-account-full``.
    """
    sender, amount, currency = context.sender, operation.amount, operation.currency
    distribution_id = distribution_id_of(sender, operation.reference)
    if read_distribution(state, distribution_id) is not None:
        raise OperationFailed("income-exists", f"{sender} has distributed {operation.reference}")
    asset = known_asset(state, operation.asset_id)
    if operation.trade_id:
        _draw_on_trade(operation, sender, state)
    else:
        _check_sender(asset.holder, sender)
    payouts = allocate(state, asset, amount)
    rule = rule_in_force(state, asset)
    record = DistributionRecord(
        distribution_id=distribution_id,
        reference=operation.reference,
        asset_id=asset.asset_id,
        trade_id=operation.trade_id,
        distributed_by=sender,
        amount=amount,
        currency=currency,
        rule_version=0 if rule is None else rule.version,
        payouts=payouts,
        status=LIFECYCLE.step(None, "distribute"),
        height=context.height,
        time_ms=context.time_ms,
    )
    state.put(distribution_key(distribution_id), encode(record))
    context.emit(
        IncomeDistributed(
            distribution_id,
            asset.asset_id,
            operation.trade_id,
            sender,
            amount,
            currency,
            record.rule_version,
            len(payouts),
        )
    )
    for payout in payouts:
        before = read_account(state, payout.payee, sender, currency)
        credited = before.credited + payout.amount
        if credited > AMOUNT_MAX:
            raise OperationFailed("income-account-full", f"{payout.payee} was credited {before.credited} {currency}")
        _put_account(state, payout.payee, sender, currency, replace(before, credited=credited))
        context.emit(IncomeCredited(distribution_id, payout.payee, sender, payout.asset_id, payout.amount, currency))


def reverse(operation: ReverseDistribution, context: Context, state: State) -> None:
    """Take every part back, and free the trade's amount for another distribution.

    Raises:
        OperationFailed: ``income-unknown``, ``income-not-distributor``, ``income-status`` or
            ``income-acknowledged``.
    """
    record = read_distribution(state, operation.distribution_id)
    if record is None:
        raise OperationFailed("income-unknown", f"no distribution {operation.distribution_id.hex()}")
    if record.distributed_by != context.sender:
        raise OperationFailed("income-not-distributor", f"{record.distributed_by} made it, not {context.sender}")
    status = LIFECYCLE.step(record.status, "reverse")
    for payout in record.payouts:
        before = read_account(state, payout.payee, context.sender, record.currency)
        if before.due() < payout.amount:
            raise OperationFailed("income-acknowledged", f"{payout.payee} is owed {before.due()}, not {payout.amount}")
        after = replace(before, reversed=before.reversed + payout.amount)
        _put_account(state, payout.payee, context.sender, record.currency, after)
    state.put(distribution_key(record.distribution_id), encode(replace(record, status=status)))
    if record.trade_id:
        drawn = read_trade_income(state, record.trade_id) - record.amount
        state.put(trade_income_key(record.trade_id), encode(drawn))
    context.emit(
        IncomeReversed(record.distribution_id, record.asset_id, record.amount, record.currency, operation.reason)
    )


def acknowledge(operation: AcknowledgeIncome, context: Context, state: State) -> None:
    """Note what the sender received.

    Raises:
        OperationFailed: ``income-not-due``.
    """
    payee, currency, amount = context.sender, operation.currency, operation.amount
    distributor = operation.distributor
    before = read_account(state, payee, distributor, currency)
    if before.due() < amount:
        raise OperationFailed("income-not-due", f"{distributor} owes {before.due()} {currency}, not {amount}")
    _put_account(state, payee, distributor, currency, replace(before, acknowledged=before.acknowledged + amount))
    context.emit(IncomeAcknowledged(payee, distributor, currency, amount, operation.reference_hash))


def _check_sender(owner: str, sender: str) -> None:
    if sender != owner:
        raise OperationFailed("income-not-holder", f"{owner} may, not {sender}")


def _draw_on_trade(operation: DistributeIncome, sender: str, state: State) -> None:
    """Check the trade that earned the amount, and count the amount against it."""
    trade_id = operation.trade_id
    trade = find_trade(state, trade_id)
    if trade is None:
        raise OperationFailed("income-trade", f"no trade {trade_id.hex()}")
    _check_sender(trade.seller, sender)
    if trade.asset_id != operation.asset_id or trade.currency != operation.currency:
        raise OperationFailed("income-trade", f"the trade is of asset {trade.asset_id.hex()} in {trade.currency}")
    if trade.status not in PAID or trade.held_by:
        raise OperationFailed("income-trade", f"the trade is {'on hold' if trade.held_by else trade.status}")
    drawn, most = read_trade_income(state, trade_id) + operation.amount, trade.proceeds - trade.refunded
    if drawn > most:
        raise OperationFailed("income-exceeds-trade", f"{drawn} would be distributed of {most}")
    state.put(trade_income_key(trade_id), encode(drawn))


def _put_account(state: State, payee: str, distributor: str, currency: str, account: AccountRecord) -> None:
    state.put(account_key(payee, distributor, currency), encode(account))


OPERATIONS: Final = (
    OperationSpec(
        SetIncomeRule,
        set_rule,
        EVERYONE,
        ("income-shares", "asset-unknown", "income-not-holder", "income-payee-unknown"),
    ),
    OperationSpec(
        DistributeIncome,
        distribute,
        EVERYONE,
        (
            "income-exists",
            "asset-unknown",
            "income-not-holder",
            "income-trade",
            "income-exceeds-trade",
            "income-too-wide",
            "income-account-full",
        ),
        work=32,
    ),
    OperationSpec(
        ReverseDistribution,
        reverse,
        EVERYONE,
        ("income-unknown", "income-not-distributor", "income-status", "income-acknowledged"),
        work=32,
    ),
    OperationSpec(AcknowledgeIncome, acknowledge, EVERYONE, ("income-not-due",)),
)
"""Holders, sellers and payees act under no role: that they are is all it takes."""
