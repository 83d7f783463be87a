import pytest

from chainnode.errors import Rejected
from chainnode.sdk.rights import further_terms, make_terms, new_salt
from contracts.rights.terms import RightTerms


def test_sets_come_out_sorted_and_without_repetition() -> None:
    """The ledger refuses unsorted sets; whoever writes terms by hand need not sort."""
    terms = make_terms("processing-use", purposes=["b", "a", "b"], regions={"DE", "CN"}, obligations_hash=b"d" * 32)
    assert (terms.purposes, terms.regions, terms.obligations_hash) == (("a", "b"), ("CN", "DE"), b"d" * 32)


@pytest.mark.parametrize(
    ("others", "code"),
    [
        ({"until_ms": 5, "from_ms": 6}, "right-terms"),
        ({"uses": 5}, "operation-malformed"),
        ({"regions": ["cn"]}, "operation-malformed"),
        ({"sublicensing_levels": 9}, "operation-malformed"),
    ],
)
def test_impossible_terms_are_refused_before_they_are_signed(others: dict[str, object], code: str) -> None:
    with pytest.raises(Rejected) as found:
        make_terms("holding", **others)  # type: ignore[arg-type]
    assert found.value.code == code


def test_further_terms_have_a_level_less_and_are_shared_and_revocable() -> None:
    parent = RightTerms("operating", ("a", "b"), exclusive=True, sublicensing_levels=2, irrevocable=True)
    below = further_terms(parent, kind="processing-use", purposes=("a",))
    assert below == RightTerms("processing-use", ("a",), sublicensing_levels=1)


@pytest.mark.parametrize(
    ("narrower", "code"),
    [({"purposes": ()}, "right-wider"), ({"sublicensing_levels": 2}, "right-wider"), ({"from_ms": -1}, "right-wider")],
)
def test_further_terms_are_never_wider(narrower: dict[str, object], code: str) -> None:
    parent = RightTerms("operating", ("a", "b"), sublicensing_levels=2)
    with pytest.raises(Rejected) as found:
        further_terms(parent, **narrower)
    assert found.value.code == code
    with pytest.raises(Rejected) as closed:
        further_terms(RightTerms("operating"))
    assert closed.value.code == "right-no-sublicence"


def test_salts_are_fresh() -> None:
    assert len({new_salt() for _ in range(100)}) == 100
