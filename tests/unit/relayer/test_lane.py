"""What a lane makes of what it is told: clients that cannot work, and refusals of one packet among many."""

import msgspec
import pytest

from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import Rejected
from chainnode.relayer.advance import Advance
from chainnode.relayer.chain import Chain, Tip, open_chain
from chainnode.relayer.lane import Lane, check_client
from chainnode.relayer.metrics import LaneCount
from chainnode.relayer.operation import Prepared, Ready
from chainnode.relayer.plan import Step
from chainnode.relayer.submission import Verdict
from contracts.relay.operations import UpdateClient
from tests.support.local_chain import CHAIN_ID
from tests.unit.relayer.test_advance import client_of
from tests.unit.relayer.test_plan import packet


def chain_of(chain_id: str) -> Chain:
    return open_chain(chain_id, chain_id, "00" * 32, ("http://127.0.0.1:9",), SigningKey(b"k" * 32))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ""),
        ({"kind": "attestation"}, "relay-client-kind"),
        ({"chain_id": "another"}, "relay-client-differs"),
        ({"status": "FROZEN"}, "relay-client-frozen"),
        ({"latest_ms": 0}, "relay-client-expired"),
        ({"counterparty_client": ""}, "relay-counterparty-unknown"),
        ({"counterparty_client": "chainnode-7"}, "relay-counterparty-differs"),
    ],
)
def test_client_that_cannot_work_is_named_with_its_reason(changes: dict[str, str | int], code: str) -> None:
    """The doctor says the same words."""
    client = msgspec.structs.replace(client_of(), **changes)
    host = Tip(9, client_of().trusting_period_ms, 0)
    if not code:
        check_client(client, chain_of(CHAIN_ID), "chainnode-1", host)
        return
    with pytest.raises(Rejected) as caught:
        check_client(client, chain_of(CHAIN_ID), "chainnode-1", host)
    assert caught.value.code == code


def lane_with(count: LaneCount) -> Lane:
    return Lane(chain_of("host"), "chainnode-2", chain_of("peer"), "chainnode-1", count)


def prepared(*sequences: int) -> Prepared:
    steps = [Step("receive", msgspec.structs.replace(packet(), sequence=number)) for number in sequences]
    update = UpdateClient("chainnode-2", 1, b"u")
    return Prepared([Ready(step, update) for step in steps], [])


MOVED = Advance((UpdateClient("chainnode-2", 1, b"u"),), None)  # type: ignore[arg-type]


def test_packet_at_fault_waits_by_itself_and_the_others_go_on() -> None:
    """The update is operation 0; the second packet is refused."""
    count = LaneCount()
    lane, found = lane_with(count), prepared(1, 2, 3)
    assert lane._judge(Verdict("relay-proof-mismatch", 4, 2), MOVED, found)
    ready = [lane._is_ready("receive", one.step.packet) for one in found.ready]
    assert ready == [True, False, True]
    assert count.failures == {"relay-proof-mismatch": 1}
    assert not count.carried


@pytest.mark.parametrize(
    ("code", "operation"), [("relay-packet-received", 1), ("relay-packet-unknown", 3), ("relay-update-known", 0)]
)
def test_what_another_relayer_did_is_no_failure(code: str, operation: int) -> None:
    """Dropped quietly: the next round asks what is due."""
    count = LaneCount()
    lane, found = lane_with(count), prepared(1, 2, 3)
    assert lane._judge(Verdict(code, 4, operation), MOVED, found)
    assert all(lane._is_ready("receive", one.step.packet) for one in found.ready)
    assert not count.failures


@pytest.mark.parametrize(("code", "operation"), [("relay-header-forged", 0), ("sender-unknown", -1)])
def test_refusal_of_the_update_or_of_the_whole_makes_the_lane_wait(code: str, operation: int) -> None:
    """No packet is to blame."""
    with pytest.raises(Rejected) as caught:
        lane_with(LaneCount())._judge(Verdict(code, 4, operation), MOVED, prepared(1))
    assert caught.value.code == code


def test_nothing_is_kept_about_settled_packets() -> None:
    """Memory follows what is under way."""
    lane, found = lane_with(LaneCount()), prepared(1, 2)
    for operation in (1, 2):
        lane._judge(Verdict("relay-proof-mismatch", 3, operation), MOVED, found)
    lane._forget({("receive", 2)})
    assert [lane._is_ready("receive", one.step.packet) for one in found.ready] == [True, False]
