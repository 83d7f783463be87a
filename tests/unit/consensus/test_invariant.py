"""Contradictions of the program."""

import pytest

from consensus.invariant import InvariantBroken, invariant


def test_invariant_stops_only_when_the_claim_is_false():
    """Contradictions stop the program, also past handlers of ``Exception``."""
    invariant(True, "fine")

    with pytest.raises(InvariantBroken, match="two and two"):
        invariant(2 + 2 == 5, "two and two")
    assert not issubclass(InvariantBroken, Exception)
