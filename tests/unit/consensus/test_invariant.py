"""Contradictions of the program."""

import pytest

from consensus.invariant import InvariantBroken, invariant


def test_invariant_stops_only_when_the_claim_is_false():
    """Contradictions stop the program, also past handlers of ``Exception``."""
    invariant(True, "fine")

    with pytest.raises(InvariantBroken, match="two and two"):
        invariant(2 + 2 == 5, "two and two")
    assert not issubclass(InvariantBroken, Exception)


def test_invariant_of_the_core_is_that_of_the_node():
    """One class: the command line ends a node with its own words, whichever of the two contradicted itself."""
    from chainnode import errors

    assert errors.InvariantBroken is InvariantBroken
    assert errors.invariant is invariant
