"""Whatever holders, sellers and payees do in whatever order: no unit of money is lost, made, or paid twice."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.assets.measures import transfer_asset
from contracts.assets.record import read_asset
from contracts.income.operations import AcknowledgeIncome, DistributeIncome, ReverseDistribution, SetIncomeRule
from contracts.income.record import LIFECYCLE, Share, distribution_id_of, read_account, read_distribution
from contracts.kernel.context import Context
from contracts.kernel.operation import Operation
from tests.unit.contracts.income.household import asset, founded
from tests.unit.contracts.world import CHAIN, did_of

NAMES = ("exchange", "member", "governor", "stranger")
CURRENCIES = ("CNY", "EUR")


class Income(RuleBasedStateMachine):
    """Four parties, a growing lineage, distributions and their reversals."""

    def __init__(self) -> None:
        super().__init__()
        self.world = founded()
        self.assets: list[bytes] = []
        self.made: list[tuple[str, bytes, str, int]] = []
        """Distributor, id, currency and amount of what was distributed, once each."""
        self.reversed: set[bytes] = set()
        self.acknowledged: Counter[tuple[str, str, str]] = Counter()

    @initialize()
    def begin(self) -> None:
        self.assets.append(asset(self.world, "0"))

    def attempt(self, name: str, operation: Operation) -> str:
        """The code; a refusal leaves the state untouched."""
        before = dict(self.world.content())
        code = self.world.submit(name, operation).code
        if code != "ok":
            assert self.world.content() == before
        return code

    @rule(data=st.data())
    def register(self, data: st.DataObject) -> None:
        if len(self.assets) < 8:
            # Whatever belongs to others could be processed under a right only.
            own = [known for known in self.assets if self.holder(known) == did_of("exchange")]
            chosen = data.draw(st.lists(st.sampled_from(own), unique=True, max_size=3)) if own else []
            parents = [(parent, data.draw(st.integers(0, 3_000))) for parent in chosen]
            self.assets.append(asset(self.world, str(len(self.assets)), *parents))

    @rule(data=st.data())
    def divide(self, data: st.DataObject) -> None:
        chosen, holder = data.draw(st.sampled_from(self.assets)), data.draw(st.sampled_from(NAMES))
        payees = data.draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
        cuts = sorted(data.draw(st.integers(1, 9_999)) for _ in payees[1:])
        shares = [high - low for low, high in zip([0, *cuts], [*cuts, 10_000], strict=True)]
        named = (Share(did_of(payee), max(share, 1)) for payee, share in zip(payees, shares, strict=True))
        operation = SetIncomeRule(chosen, tuple(named))
        code = self.attempt(holder, operation)
        if sum(share.basis_points for share in operation.shares) != 10_000:
            assert code == "income-shares"
        else:
            assert code == ("ok" if self.holder(chosen) == did_of(holder) else "income-not-holder")

    @rule(data=st.data(), amount=st.one_of(st.integers(1, 100), st.integers(1, 2**62)))
    def distribute(self, data: st.DataObject, amount: int) -> None:
        chosen, name = data.draw(st.sampled_from(self.assets)), data.draw(st.sampled_from(NAMES))
        reference = data.draw(st.sampled_from(["a", "b", "c", str(len(self.made))]))
        currency = data.draw(st.sampled_from(CURRENCIES))
        code = self.attempt(name, DistributeIncome(reference, chosen, amount, currency))
        distribution_id = distribution_id_of(did_of(name), reference)
        if code == "ok":
            assert self.holder(chosen) == did_of(name)
            assert distribution_id not in [known for _, known, _, _ in self.made], "replays are harmless"
            self.made.append((name, distribution_id, currency, amount))
        else:
            assert code in ("income-not-holder", "income-exists", "income-account-full")

    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def reverse(self, data: st.DataObject, name: str) -> None:
        if not self.made:
            return
        maker, chosen, _, _ = data.draw(st.sampled_from(self.made))
        code = self.attempt(name, ReverseDistribution(chosen, "x"))
        if name != maker:
            assert code == "income-not-distributor"
        elif chosen in self.reversed:
            assert code == "income-status"
        elif code == "ok":
            self.reversed.add(chosen)
        else:
            assert code == "income-acknowledged"

    @rule(
        name=st.sampled_from(NAMES),
        debtor=st.sampled_from(NAMES),
        currency=st.sampled_from(CURRENCIES),
        amount=st.integers(1, 200),
    )
    def acknowledge(self, name: str, debtor: str, currency: str, amount: int) -> None:
        due = read_account(self.world.overlay, did_of(name), did_of(debtor), currency).due()
        code = self.attempt(name, AcknowledgeIncome(did_of(debtor), currency, amount, bytes(32)))
        assert code == ("ok" if amount <= due else "income-not-due")
        if code == "ok":
            self.acknowledged[name, debtor, currency] += amount

    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def transfer(self, data: st.DataObject, name: str) -> None:
        """A ruling gives an asset to somebody else; the rule of the holder before ends."""
        chosen = data.draw(st.sampled_from(self.assets))
        if self.holder(chosen) != did_of(name):
            world = self.world
            context = Context(
                chain_id=CHAIN, height=1, time_ms=world.time_ms, tx_id=bytes(32), index=0, sender="", signers=()
            )
            transfer_asset(chosen, did_of(name), context, world.overlay)

    def holder(self, asset_id: bytes) -> str:
        found = read_asset(self.world.overlay, asset_id)
        assert found is not None
        return found.holder

    @invariant()
    def money_is_conserved(self) -> None:
        for currency in CURRENCIES:
            for debtor in NAMES:
                made = [(known, amount) for who, known, used, amount in self.made if (who, used) == (debtor, currency)]
                state = self.world.overlay
                accounts = [read_account(state, did_of(name), did_of(debtor), currency) for name in NAMES]
                assert sum(account.credited for account in accounts) == sum(amount for _, amount in made)
                taken_back = sum(amount for known, amount in made if known in self.reversed)
                assert sum(account.reversed for account in accounts) == taken_back
                for name, account in zip(NAMES, accounts, strict=True):
                    assert account.acknowledged == self.acknowledged[name, debtor, currency]
                    assert account.due() >= 0

    @invariant()
    def status_follows_the_table(self) -> None:
        for _, known, _, amount in self.made:
            record = read_distribution(self.world.overlay, known)
            assert record is not None
            assert record.status in LIFECYCLE.statuses()
            assert (record.status == "REVERSED") == (known in self.reversed)
            assert sum(payout.amount for payout in record.payouts) == amount


TestIncome = Income.TestCase
TestIncome.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
