"""Proofs of equivocation on their way into a block."""

from chainnode.node.accusation import ACCUSATIONS_MAX, Accusations
from consensus.equivocation import decode_equivocation
from consensus.outputs import Evidence
from tests.unit.consensus.rig import A, B, prepare, view_change


def _evidence(sender: int, height: int = 8, **fields: object) -> Evidence:
    return Evidence(prepare(sender, A, height=height, **fields), prepare(sender, B, height=height, **fields))


def test_one_proof_for_each_accused_is_kept() -> None:
    """More of one sender say nothing new."""
    kept = Accusations()
    assert [kept.add(_evidence(1)), kept.add(_evidence(1, 9)), kept.add(_evidence(2))] == [True, False, True]
    assert not kept.add(Evidence(view_change(3), view_change(3, 2)))
    assert [decode_equivocation(item).accused for item in kept.select(lambda items: None)] == [1, 2]
    assert len(kept) == 2


def test_what_the_voters_would_refuse_goes_for_good() -> None:
    """R10: on the chain already, too old, or of an earlier epoch: it can never be used again."""
    kept = Accusations()
    kept.add(_evidence(1))
    kept.add(_evidence(2))
    fault = lambda items: "equivocation-known" if decode_equivocation(items[0]).accused == 1 else None  # noqa: E731
    assert [decode_equivocation(item).accused for item in kept.select(fault)] == [2]
    assert len(kept) == 1
    assert kept.add(_evidence(1, 20))


def test_number_of_proofs_is_bounded() -> None:
    """Every queue has a bound; and one block carries 16."""
    kept = Accusations()
    added = [kept.add(_evidence(number % 100, epoch=number // 100)) for number in range(ACCUSATIONS_MAX + 5)]
    assert added == [True] * ACCUSATIONS_MAX + [False] * 5
    assert len(kept.select(lambda items: None)) == 16
