"""What the ledger holds about income.

    income-rule/<asset>                  IncomeRule: how the holder divides what the asset earns
    income-distribution/<id>             DistributionRecord
    income-trade/<trade>                 how much of a trade's proceeds was distributed, in minor units
    income-account/<payee>/<distributor>/<currency>    AccountRecord

Money moves off the chain. The ledger says who is owed what and why, and what the payees
acknowledge to have received; for every currency the accounts' sums are those of the
distributions.
"""

from functools import lru_cache
from typing import Annotated, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.transaction import Did, Height
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.money import BASIS_POINTS, Amount, Currency
from contracts.kernel.text import AnyDid, Hash32, ShortName

SHARES_MAX: Final = 16
"""Receivers of one rule."""
PAYOUTS_MAX: Final = 64
"""Of one distribution: each is an account to write and an event to tell."""

LIFECYCLE: Final = Lifecycle(
    "distribution", "income-status", {(None, "distribute"): "DISTRIBUTED", ("DISTRIBUTED", "reverse"): "REVERSED"}
)

OptionalTrade = Annotated[bytes, msgspec.Meta(max_length=32)]


class Share(msgspec.Struct, frozen=True, array_like=True):
    """One receiver's part."""

    payee: Annotated[AnyDid, msgspec.Meta(min_length=1)]
    basis_points: Annotated[int, msgspec.Meta(ge=1, le=BASIS_POINTS)]


Shares = Annotated[tuple[Share, ...], msgspec.Meta(min_length=1, max_length=SHARES_MAX)]


class IncomeRule(msgspec.Struct, frozen=True, array_like=True):
    """How one holder divides what stays with its asset after the parents' shares."""

    asset_id: Hash32
    version: int
    """1 for the first rule of the asset, one more with each."""
    set_by: Did
    """The rule holds as long as this is the asset's holder; a new holder starts with everything for itself."""
    shares: Shares
    set_height: Height
    set_ms: int


class Payout(msgspec.Struct, frozen=True, array_like=True):
    """What one receiver gets through one asset."""

    payee: Did
    asset_id: Hash32
    """Of the asset in the lineage through which it is earned."""
    amount: Amount


class DistributionRecord(msgspec.Struct, frozen=True, array_like=True):
    """One amount divided; the payouts sum to it exactly."""

    distribution_id: Hash32
    reference: ShortName
    asset_id: Hash32
    trade_id: OptionalTrade
    """The trade it was earned by; empty where it was earned otherwise."""
    distributed_by: Did
    amount: Amount
    currency: Currency
    rule_version: int
    """Of the asset's own rule; 0 = none was in force."""
    payouts: tuple[Payout, ...]
    status: str
    height: Height
    time_ms: int


class AccountRecord(msgspec.Struct, frozen=True, array_like=True):
    """What one identity owes another in one currency; ``acknowledged + reversed <= credited`` always.

    Each debtor has its own: nobody can fill an account that others must credit, or take back what another one paid.
    """

    credited: Amount = 0
    """Of all distributions."""
    reversed: Amount = 0
    """Of distributions taken back."""
    acknowledged: Amount = 0
    """Received off the chain, as the payee itself says."""

    def due(self) -> int:
        """What is still owed."""
        return self.credited - self.reversed - self.acknowledged


_distribution_hash = tagged_hash("income-distribution")
_decode_rule = lru_cache(256)(msgspec.msgpack.Decoder(IncomeRule).decode)
_decode_distribution = lru_cache(64)(msgspec.msgpack.Decoder(DistributionRecord).decode)
_decode_account = lru_cache(1024)(msgspec.msgpack.Decoder(AccountRecord).decode)
_decode_amount = msgspec.msgpack.Decoder(int).decode


def distribution_id_of(distributor: str, reference: str) -> bytes:
    """The 32-byte id of the distribution that ``distributor`` calls ``reference``."""
    return _distribution_hash(encode((distributor, reference)))


def rule_key(asset_id: bytes) -> bytes:
    """State key of an asset's rule."""
    return key("income-rule", asset_id)


def read_rule(state: State, asset_id: bytes) -> IncomeRule | None:
    """The last rule set for an asset, whoever set it."""
    stored = state.get(rule_key(asset_id))
    return None if stored is None else _decode_rule(stored)


def distribution_key(distribution_id: bytes) -> bytes:
    """State key of a distribution."""
    return key("income-distribution", distribution_id)


def read_distribution(state: State, distribution_id: bytes) -> DistributionRecord | None:
    """The distribution, or None."""
    stored = state.get(distribution_key(distribution_id))
    return None if stored is None else _decode_distribution(stored)


def trade_income_key(trade_id: bytes) -> bytes:
    """State key of how much of a trade was distributed."""
    return key("income-trade", trade_id)


def read_trade_income(state: State, trade_id: bytes) -> int:
    """Minor units of a trade's proceeds that were distributed."""
    stored = state.get(trade_income_key(trade_id))
    return 0 if stored is None else _decode_amount(stored)


def account_key(payee: str, distributor: str, currency: str) -> bytes:
    """State key of what ``distributor`` owes ``payee``."""
    return key("income-account", payee, distributor, currency)


def read_account(state: State, payee: str, distributor: str, currency: str) -> AccountRecord:
    """What ``distributor`` owes ``payee``; an empty account where it never did."""
    stored = state.get(account_key(payee, distributor, currency))
    return AccountRecord() if stored is None else _decode_account(stored)


RECORDS: Final = (
    ("income-rule", 2, "", IncomeRule),
    ("income-distribution", 2, "", DistributionRecord),
    ("income-trade", 2, "", int),
    ("income-account", 4, "", AccountRecord),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
