from contracts.disputes.record import (
    LIFECYCLE,
    MEASURES_OF,
    dispute_id_of,
    measure_order,
    read_dispute,
    ruling_digest,
)
from tests.unit.contracts.disputes.court import CASE, CLAIMANT, HOLDER, UPHELD, heard


def test_id_belongs_to_its_complainant() -> None:
    assert dispute_id_of(CLAIMANT, "x") != dispute_id_of(HOLDER, "x")
    assert read_dispute(heard().overlay, bytes(32)) is None


def test_orders_and_votes_of_two_cases_never_meet() -> None:
    assert len({measure_order(CASE, 0), measure_order(CASE, 1), measure_order(bytes(32), 0), CASE}) == 4
    assert ruling_digest(CASE, UPHELD) != ruling_digest(bytes(32), UPHELD)


def test_arbitrators_are_those_of_the_round() -> None:
    found = read_dispute(heard().overlay, CASE)
    assert found is not None
    assert len(found.arbitrators()) == 3


def test_ended_cases_stay_ended() -> None:
    for status in ("WITHDRAWN", "DISMISSED", "CLOSED", "LIFTED"):
        assert LIFECYCLE.actions(status) == ()
    assert sorted(MEASURES_OF) == ["asset", "right", "trade"]
