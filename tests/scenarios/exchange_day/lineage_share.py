"""What each party should receive of an amount, worked out from events alone: a second statement of the rules of income.

The parents' shares go up, the holder's rule divides the rest, largest remainder at each step; eight generations. It is
written for reading, with fractions, and shares no code with the contracts.
"""

from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any, Final

GENERATIONS: Final = 8
WHOLE: Final = 10_000


class Register:
    """Holders, lineage and rules as the events so far tell them."""

    def __init__(self) -> None:
        self.holders: dict[str, str] = {}
        self._parents: dict[str, dict[str, int]] = defaultdict(dict)
        self._rules: dict[str, tuple[str, list[tuple[str, int]]]] = {}

    def follow(self, name: str, what: dict[str, Any]) -> None:
        """Take one event in."""
        asset = what.get("asset_id", "")
        if name in ("asset.registered", "asset.transferred"):
            self.holders[asset] = what["holder"]
        elif name == "asset.linked":
            self._parents[asset][what["parent_id"]] = what["share_basis_points"]
        elif name == "asset.unlinked":
            self._parents[asset].pop(what["parent_id"], None)
        elif name == "income.rule_set":
            self._rules[asset] = what["set_by"], []
        elif name == "income.share_set":
            self._rules[asset][1].append((what["payee"], what["basis_points"]))

    def shares_of(self, asset: str, amount: int, generation: int = 0) -> Counter[tuple[str, str]]:
        """Amounts by payee and asset."""
        parents = [(parent, share) for parent, share in self._parents[asset].items() if share]
        if generation == GENERATIONS:
            parents = []
        kept = WHOLE - sum(share for _, share in parents)
        *upwards, rest = divided(amount, [*(share for _, share in parents), kept])
        found: Counter[tuple[str, str]] = Counter()
        for (parent, _), part in zip(parents, upwards, strict=True):
            if part:
                found += self.shares_of(parent, part, generation + 1)
        set_by, shares = self._rules.get(asset, ("", []))
        if set_by != self.holders[asset]:
            shares = [(self.holders[asset], WHOLE)]
        for (payee, _), part in zip(shares, divided(rest, [share for _, share in shares]), strict=True):
            found[payee, asset] += part
        return +found


def divided(amount: int, shares: list[int]) -> list[int]:
    """Largest remainder; of equal remainders the first."""
    exact = [Fraction(amount * share, sum(shares)) for share in shares]
    parts = [int(part) for part in exact]
    order = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in order[: amount - sum(parts)]:
        parts[at] += 1
    return parts
