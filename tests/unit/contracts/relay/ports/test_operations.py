"""Form rules of what is told to other chains."""

import msgspec
import pytest

from contracts.kernel.outcome import OperationFailed
from tests.unit.contracts.relay.ports.desk import Desk
from tests.unit.contracts.relay.ports.market import answering, ordering
from tests.unit.contracts.relay.ports.samples import TELL


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"quantity": 2**31 - 1, "price": 2**62}, "trade-amount"),
        ({"accept_by_ms": 1}, "relay-order-deadlines"),
        ({"deliver_by_ms": 1}, "relay-order-deadlines"),
    ],
)
def test_order_arrives_is_accepted_and_delivered_in_this_order(fields: dict[str, int], code: str) -> None:
    """Equal moments are in order."""
    order = ordering(Desk())
    moment_ms = order.timeout_s * 1_000
    msgspec.structs.replace(order, accept_by_ms=moment_ms, deliver_by_ms=moment_ms).check()
    with pytest.raises(OperationFailed) as refused:
        msgspec.structs.replace(order, **fields).check()
    assert refused.value.code == code


@pytest.mark.parametrize(("answer", "evidence_id"), [("deliver", b""), ("accept", bytes(16)), ("decline", bytes(16))])
def test_evidence_stands_with_a_delivery_and_only_there(answer: str, evidence_id: bytes) -> None:
    """An acceptance shows nothing."""
    with pytest.raises(OperationFailed, match="bytes of id"):
        answering(Desk(), answer, evidence_id=evidence_id).check()


def test_issuer_is_announced_with_its_credential_type() -> None:
    """As it is accredited."""
    TELL.check()
    with pytest.raises(OperationFailed, match="issuer"):
        msgspec.structs.replace(TELL, kind="issuer").check()
