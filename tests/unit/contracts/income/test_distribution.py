from contracts.income.operations import AcknowledgeIncome, DistributeIncome, ReverseDistribution
from contracts.income.record import (
    AccountRecord,
    distribution_id_of,
    read_account,
    read_distribution,
    read_trade_income,
)
from contracts.kernel.money import AMOUNT_MAX
from contracts.kernel.registry import OPERATIONS
from tests.unit.contracts.income.household import HOLDER, OTHER, THIRD, asset, distribute, founded, ok, rule
from tests.unit.contracts.income.trades import PROCEEDS, traded
from tests.unit.contracts.world import did_of


def test_distribution_is_reproducible_from_its_receipt() -> None:
    """Every distribution reproducible from its receipt: the credits sum to the amount."""
    world = founded()
    only = asset(world, "a")
    rule(world, only, (OTHER, 3_333), (HOLDER, 6_667))
    receipt = world.submit("exchange", DistributeIncome("r", only, 101, "CNY"))
    names = [event.name for event in receipt.events]
    assert names == ["income.distributed", "income.credited", "income.credited"]
    parts = [event.attributes for event in receipt.events[1:]]
    assert [(credit["payee"], credit["amount"]) for credit in parts] == [(OTHER, 34), (HOLDER, 67)]
    assert receipt.events[0].attributes["amount"] == 101
    found = read_distribution(world.overlay, distribution_id_of(HOLDER, "r"))
    assert found is not None
    assert (found.rule_version, found.status) == (1, "DISTRIBUTED")
    assert read_account(world.overlay, OTHER, HOLDER, "CNY") == AccountRecord(34, 0, 0)


def test_small_transaction_of_many_wide_distributions_is_refused() -> None:
    """110 bytes that divide an amount among 64 keep 19 KB, most of it events: they count like state values."""
    world = founded()
    payees = [did_of(name) for name in ("exchange", "member", "governor", "stranger")]
    parents = []
    for number in range(15):
        parent = asset(world, f"p{number}")
        rule(world, parent, *((payee, 2_500) for payee in payees))
        parents.append((parent, 600))
    top = asset(world, "top", *parents)
    wide = [DistributeIncome(str(number), top, 10**9, "CNY") for number in range(8)]
    assert world.submit("exchange", wide[0]).code == "ok"
    before = dict(world.content())
    assert len(payees) * len(parents) <= 2 * OPERATIONS["income.distribute"].work
    assert world.submit("exchange", *wide[1:]).code == "too-much-state"
    assert world.content() == before


def test_what_was_acknowledged_is_no_longer_due() -> None:
    world = founded()
    only = asset(world, "a")
    distribute(world, only, 100)
    ok(world, "exchange", AcknowledgeIncome(HOLDER, "CNY", 60, bytes(32)))
    assert read_account(world.overlay, HOLDER, HOLDER, "CNY").due() == 40
    assert world.submit("exchange", AcknowledgeIncome(HOLDER, "CNY", 41, bytes(32))).code == "income-not-due"
    assert world.submit("exchange", AcknowledgeIncome(HOLDER, "USD", 1, bytes(32))).code == "income-not-due"


def test_reversal_takes_every_part_back_or_none() -> None:
    world = founded()
    only = asset(world, "a")
    rule(world, only, (OTHER, 5_000), (HOLDER, 5_000))
    distribute(world, only, 100)
    ok(world, "member", AcknowledgeIncome(HOLDER, "CNY", 1, bytes(32)))
    before = dict(world.content())
    reverse = ReverseDistribution(distribution_id_of(HOLDER, "r"), "x")
    assert world.submit("exchange", reverse).code == "income-acknowledged"
    assert world.content() == before
    distribute(world, only, 2, "s")
    ok(world, "exchange", reverse)
    assert read_account(world.overlay, OTHER, HOLDER, "CNY") == AccountRecord(51, 50, 1)
    assert read_account(world.overlay, OTHER, HOLDER, "CNY").due() == 0


def test_trade_is_distributed_in_parts_up_to_its_proceeds_by_its_seller() -> None:
    world, asset_id, trade_id = traded()
    by_the_buyer = DistributeIncome("1", asset_id, 1, "CNY", trade_id)
    assert world.submit("stranger", by_the_buyer).code == "income-not-holder"
    assert world.submit("member", DistributeIncome("1", asset_id, 1, "USD", trade_id)).code == "income-trade"
    ok(world, "member", DistributeIncome("1", asset_id, PROCEEDS - 1, "CNY", trade_id))
    beyond = DistributeIncome("2", asset_id, 2, "CNY", trade_id)
    assert world.submit("member", beyond).code == "income-exceeds-trade"
    ok(world, "member", ReverseDistribution(distribution_id_of(OTHER, "1"), "wrong rule"))
    assert read_trade_income(world.overlay, trade_id) == 0
    ok(world, "member", DistributeIncome("3", asset_id, PROCEEDS, "CNY", trade_id))


def test_debtors_do_not_share_an_account() -> None:
    """What one has paid cannot be taken back by another, and nobody fills the account that another must credit."""
    world = founded()
    first, second = asset(world, "a"), asset(world, "b", holder=OTHER)
    rule(world, first, (THIRD, 10_000))
    rule(world, second, (THIRD, 10_000), name="member")
    distribute(world, first, 100)
    ok(world, "member", DistributeIncome("r", second, 100, "CNY"))
    ok(world, "governor", AcknowledgeIncome(OTHER, "CNY", 100, bytes(32)))
    paid = ReverseDistribution(distribution_id_of(OTHER, "r"), "x")
    assert world.submit("member", paid).code == "income-acknowledged"
    ok(world, "exchange", ReverseDistribution(distribution_id_of(HOLDER, "r"), "x"))
    ok(world, "member", DistributeIncome("s", second, AMOUNT_MAX - 100, "CNY"))
    assert world.submit("member", DistributeIncome("t", second, 1, "CNY")).code == "income-account-full"
    distribute(world, first, 1, "u")


def test_impossible_trade_id_is_refused() -> None:
    world = founded()
    only = asset(world, "a")
    assert world.submit("exchange", DistributeIncome("r", only, 1, "CNY", b"short")).code == "income-trade"
    assert world.submit("exchange", DistributeIncome("r", bytes(32), 1, "CNY")).code == "asset-unknown"
