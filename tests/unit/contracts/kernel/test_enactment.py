"""Proposals on trial and carried out."""

import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import Rejected
from contracts.evidence.operations import RecordEvidence
from contracts.governance.operations import GrantRole, SetPolicy
from contracts.kernel import enactment
from contracts.kernel.enactment import simulate
from contracts.kernel.operation import encode_operation
from contracts.kernel.policy import FORBIDDEN, roles_key
from tests.unit.contracts.governance.council import GRANT, Council
from tests.unit.contracts.world import CHAIN, did_of


def tried(council: Council, *operations: object) -> enactment.Simulated:
    raws = [item if isinstance(item, bytes) else encode_operation(item) for item in operations]  # type: ignore[arg-type]
    return simulate(raws, council.overlay.get, chain_id=CHAIN, height=council.height, time_ms=council.time_ms)


def test_simulation_tells_the_outcome_and_writes_nothing() -> None:
    council = Council()
    before = council.content()
    found = tried(council, GRANT)
    assert council.content() == before
    assert (found.outcome.code, [event.name for event in found.outcome.events]) == ("ok", ["governance.role_granted"])
    assert (found.counts[0].needed, found.counts[0].electorate, found.counts[0].approvals) == (2, 3, 0)
    assert roles_key(did_of("stranger")) in [key for key, _, _ in found.changes]
    number = council.approved([GRANT])
    council.open()
    assert council.status(number) == "ENACTED"
    assert {key for key, _, _ in found.changes} <= council.content().keys()


def test_simulation_names_the_refusal_and_then_nothing_changes() -> None:
    found = tried(Council(), GRANT, GrantRole(did_of("member"), "member"))
    assert (found.outcome.code, found.outcome.failed_operation) == ("role-held", 1)
    assert (found.outcome.events, found.changes) == ((), ())


def test_simulation_refuses_what_no_proposal_may_hold() -> None:
    assert tried(Council(), RecordEvidence(bytes(16), "file", "sha256", bytes(32))).outcome.code == (
        "proposal-operation-unfit"
    )
    with pytest.raises(Rejected, match="no operation of this chain"):
        tried(Council(), encode(["x.y"]))


@pytest.mark.parametrize(("limit", "code"), [("ENACTED_EVENTS_MAX", "too-many-events")])
def test_proposal_is_bounded_like_a_transaction(limit: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enactment, limit, 0)
    assert tried(Council(), GRANT).outcome.code == code


def test_proposal_cannot_write_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enactment, "TRANSACTION_STATE_BYTES", 0)
    monkeypatch.setattr(enactment, "TRANSACTION_STATE_FACTOR", 1)
    assert tried(Council(), SetPolicy("evidence.record", FORBIDDEN)).outcome.code == "too-much-state"
    assert tried(Council(), GRANT).outcome.code == "ok", "the list of holders is rationed otherwise"
