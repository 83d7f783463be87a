import pytest

from contracts.disputes.operations import DecideDispute
from contracts.disputes.record import Measure, Ruling, Subject
from tests.unit.contracts.disputes.court import ABOUT, ARBITERS, CASE, CLAIMANT, heard

TRADE = Subject("trade", bytes(32))


@pytest.mark.parametrize(
    "measure",
    [
        Measure("cancel", ABOUT),
        Measure("freeze", TRADE),
        Measure("transfer", Subject("right", bytes(32)), CLAIMANT),
        Measure("transfer", ABOUT),
        Measure("freeze", ABOUT, CLAIMANT),
        Measure("refund", TRADE),
        Measure("cancel", TRADE, amount=1),
    ],
)
def test_measure_that_makes_no_sense_is_refused(measure: Measure) -> None:
    operation = DecideDispute(CASE, Ruling("upheld", bytes(32), (measure,)))
    assert heard().submit(ARBITERS[0], operation).code == "dispute-measure"


def test_rejected_complaint_leads_to_no_measures() -> None:
    operation = DecideDispute(CASE, Ruling("rejected", bytes(32), (Measure("freeze", ABOUT),)))
    assert heard().submit(ARBITERS[0], operation).code == "dispute-measure"
