"""How an amount falls apart along the lineage: pure arithmetic, every unit of it accounted for.

At each asset the parents' shares go up, and what is left is divided by the holder's rule,
or goes to the holder where it set none. Parts too small to divide stay where largest
remainder puts them; nothing is lost and nothing is made.
"""

from typing import Final

from chainnode.state.view import State
from contracts.assets.lineage import edges_of
from contracts.assets.record import AssetRecord, read_asset
from contracts.income.record import PAYOUTS_MAX, IncomeRule, Payout, read_rule
from contracts.kernel.money import BASIS_POINTS, split
from contracts.kernel.outcome import OperationFailed

GENERATIONS_MAX: Final = 8
"""Above the asset that earns: a share of a share of ... is less than a unit long before; what is left stays there."""
ASSETS_MAX: Final = 32
"""Through which one distribution passes: each costs three reads."""


def rule_in_force(state: State, asset: AssetRecord) -> IncomeRule | None:
    """The rule that the asset's present holder has set, if any."""
    rule = read_rule(state, asset.asset_id)
    return rule if rule is not None and rule.set_by == asset.holder else None


def allocate(state: State, asset: AssetRecord, amount: int) -> tuple[Payout, ...]:
    """The payouts of ``amount`` earned by ``asset``: at most 64, each above 0, summing to ``amount``.

    The nearest asset comes first; one receiver has one payout for each asset that it earns through.

    Raises:
        OperationFailed: ``income-too-wide``.
    """
    found: dict[tuple[bytes, str], int] = {}
    waiting = [(asset, amount, 0)]
    passed = 0
    while waiting:
        node, part, generation = waiting.pop(0)
        passed += 1
        if passed > ASSETS_MAX:
            raise OperationFailed("income-too-wide", f"the amount would pass through more than {ASSETS_MAX} assets")
        rest = part
        if generation < GENERATIONS_MAX:
            parents, rest = _parents_parts(state, node, part)
            waiting += [(parent, share, generation + 1) for parent, share in parents]
        for payee, share in _own_parts(state, node, rest):
            place = node.asset_id, payee
            found[place] = found.get(place, 0) + share
        if len(found) > PAYOUTS_MAX:
            raise OperationFailed("income-too-wide", f"the amount would fall into more than {PAYOUTS_MAX} parts")
    return tuple(Payout(payee, asset_id, share) for (asset_id, payee), share in found.items())


def _parents_parts(state: State, node: AssetRecord, part: int) -> tuple[list[tuple[AssetRecord, int]], int]:
    """What goes up, and what stays."""
    edges = [edge for edge in edges_of(state, node.asset_id) if edge.share_basis_points]
    shares = [edge.share_basis_points for edge in edges]
    *ups, rest = split(part, [*shares, BASIS_POINTS - sum(shares)])
    parents = []
    for edge, share in zip(edges, ups, strict=True):
        parent = read_asset(state, edge.parent_id)
        if parent is None:
            rest += share
        elif share:
            parents.append((parent, share))
    return parents, rest


def _own_parts(state: State, node: AssetRecord, amount: int) -> list[tuple[str, int]]:
    if not amount:
        return []
    rule = rule_in_force(state, node)
    if rule is None:
        return [(node.holder, amount)]
    parts = split(amount, [share.basis_points for share in rule.shares])
    return [(share.payee, part) for share, part in zip(rule.shares, parts, strict=True) if part]
