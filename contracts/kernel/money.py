"""Money as the ledger counts it: whole minor units, parts of it, and nothing lost between them.

Amounts never become floats. What a division leaves over is given out unit by unit, so
that the parts always make the whole.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from chainnode.errors import Misuse

AMOUNT_MAX: Final = 2**63 - 1
"""Fits the signed 64-bit integers of every database and language that reads the ledger."""
BASIS_POINTS: Final = 10_000
"""The whole, in basis points."""
SHARES_MAX: Final = 1_024
"""Parts of one amount: receivers of one distribution with every ancestor of an asset."""

Amount = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MAX)]
"""Minor units of a currency (cents, fen); the currency stands beside it."""
PositiveAmount = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)]
"""An amount that must be there."""
Currency = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]
"""ISO 4217 code. The chain checks the form alone: currencies come and go."""
BasisPoints = Annotated[int, msgspec.Meta(ge=0, le=BASIS_POINTS)]
"""Ten-thousandths."""


def portion(amount: int, basis_points: int) -> int:
    """``basis_points`` of ``amount``, rounded down: never more than its share."""
    return amount * basis_points // BASIS_POINTS


def split(amount: int, shares: Sequence[int]) -> tuple[int, ...]:
    """``amount`` divided in proportion to ``shares``; the parts sum to ``amount`` exactly.

    Largest remainder: each part is rounded down, and what is left goes out one unit each to
    the parts that lost most by it, of equal ones to the first. Shares are integers of any
    common scale, such as basis points; a share of 0 receives nothing.

    Raises:
        Misuse: ``money-split``: a negative amount or share, no share above 0, or over 1,024 of them.

    Source: the method of Hamilton (largest remainder).
    """
    whole = sum(shares)
    if amount < 0 or whole <= 0 or len(shares) > SHARES_MAX or min(shares) < 0:
        raise Misuse("money-split", "an amount of at least 0 is split by 1 to 1,024 shares, one of them above 0")
    parts = [amount * share // whole for share in shares]
    left = amount - sum(parts)
    if left:
        by_loss = sorted(range(len(shares)), key=lambda at: (-(amount * shares[at] % whole), at))
        for at in by_loss[:left]:
            parts[at] += 1
    return tuple(parts)
