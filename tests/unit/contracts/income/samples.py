"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable

from chainnode.codec.canonical import encode
from contracts.income.operations import AcknowledgeIncome, DistributeIncome, ReverseDistribution, SetIncomeRule
from contracts.income.record import AccountRecord, Share, account_key, distribution_id_of
from contracts.kernel.money import AMOUNT_MAX
from contracts.kernel.operation import Operation
from tests.unit.contracts.income.household import HOLDER, OTHER, asset, distribute, founded, ok, rule
from tests.unit.contracts.income.trades import PROCEEDS, traded
from tests.unit.contracts.world import World, did_of

ASSET = bytes(32)
SAMPLES: tuple[Operation, ...] = (
    SetIncomeRule(ASSET, (Share(HOLDER, 4_000), Share(OTHER, 6_000))),
    DistributeIncome("june", ASSET, 100, "CNY", bytes(32)),
    ReverseDistribution(bytes(32), "twice"),
    AcknowledgeIncome(HOLDER, "CNY", 100, bytes(32)),
)
DISTRIBUTION = distribution_id_of(HOLDER, "r")


def earned() -> tuple[World, bytes]:
    """An asset that has earned 100 for its holder."""
    world = founded()
    only = asset(world, "a")
    distribute(world, only, 100)
    return world, only


def code(name: str, operation: Operation) -> str:
    return earned()[0].submit(name, operation).code


def with_own(make: Callable[[bytes], Operation], name: str = "exchange") -> str:
    world, only = earned()
    return world.submit(name, make(only)).code


def too_wide() -> str:
    world = founded()
    payees = tuple((did_of(name), 625) for name in ("exchange", "member", "governor", "stranger"))
    parents = []
    for number in range(17):
        parent = asset(world, f"p{number}")
        rule(world, parent, *payees[:3], (payees[3][0], 10_000 - 3 * 625))
        parents.append((parent, 500))
    top = asset(world, "top", *parents)
    return world.submit("exchange", DistributeIncome("r", top, 10**9, "CNY")).code


def full_account() -> str:
    world, only = earned()
    world.overlay.put(account_key(HOLDER, HOLDER, "CNY"), encode(AccountRecord(AMOUNT_MAX, 0, 0)))
    return world.submit("exchange", DistributeIncome("s", only, 1, "CNY")).code


def acknowledged() -> str:
    world, _ = earned()
    ok(world, "exchange", AcknowledgeIncome(HOLDER, "CNY", 1, bytes(32)))
    return world.submit("exchange", ReverseDistribution(DISTRIBUTION, "x")).code


def reversed_twice() -> str:
    world, _ = earned()
    ok(world, "exchange", ReverseDistribution(DISTRIBUTION, "x"))
    return world.submit("exchange", ReverseDistribution(DISTRIBUTION, "x")).code


def beyond_the_trade() -> str:
    world, asset_id, trade_id = traded()
    ok(world, "member", DistributeIncome("1", asset_id, PROCEEDS, "CNY", trade_id))
    return world.submit("member", DistributeIncome("2", asset_id, 1, "CNY", trade_id)).code


REFUSALS: dict[str, Callable[[], str]] = {
    "income-shares": lambda: with_own(lambda only: SetIncomeRule(only, (Share(HOLDER, 9_999),))),
    "income-payee-unknown": lambda: with_own(lambda only: SetIncomeRule(only, (Share(did_of("nobody"), 10_000),))),
    "income-not-holder": lambda: with_own(lambda only: SetIncomeRule(only, (Share(OTHER, 10_000),)), "member"),
    "income-exists": lambda: with_own(lambda only: DistributeIncome("r", only, 1, "CNY")),
    "income-trade": lambda: with_own(lambda only: DistributeIncome("s", only, 1, "CNY", bytes(32))),
    "income-exceeds-trade": beyond_the_trade,
    "income-too-wide": too_wide,
    "income-account-full": full_account,
    "income-unknown": lambda: code("exchange", ReverseDistribution(bytes(32), "x")),
    "income-not-distributor": lambda: code("member", ReverseDistribution(DISTRIBUTION, "x")),
    "income-status": reversed_twice,
    "income-acknowledged": acknowledged,
    "income-not-due": lambda: code("exchange", AcknowledgeIncome(HOLDER, "CNY", 101, bytes(32))),
}
"""Code -> a run that ends in it, and returns the code of the receipt."""
