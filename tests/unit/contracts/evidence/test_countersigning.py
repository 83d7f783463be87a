import pytest

from contracts.evidence.operations import (
    Countersign,
    RecordEvidence,
    RequestSignatures,
    RevokeEvidence,
    WithdrawSignature,
)
from contracts.evidence.record import SigningRecord, read_signing
from tests.unit.contracts.world import World, did_of

ID, DIGEST = b"1" * 16, b"d" * 32
SUBMITTER = did_of("member")
NAMES = ("exchange", "governor", "stranger")
SIGNERS = tuple(did_of(name) for name in NAMES)
SIGN = Countersign(SUBMITTER, ID, DIGEST, "witnessed")
WITHDRAW = WithdrawSignature(SUBMITTER, ID, "by mistake")


def asked(threshold: int = 2, sign_by_ms: int = 0) -> World:
    world = World()
    world.submit("member", RecordEvidence(ID, "e-contract", "sha256", DIGEST))
    assert world.submit("member", RequestSignatures(ID, SIGNERS, threshold, sign_by_ms)).code == "ok"
    return world


def signing(world: World) -> SigningRecord:
    found = read_signing(world.overlay, SUBMITTER, ID)
    assert found is not None
    return found


def test_threshold_completes_the_signing_once_and_later_signatures_join() -> None:
    """n-of-m completion, with the time at which it was first met."""
    world = asked()
    first = world.submit("exchange", SIGN)
    assert [event.name for event in first.events] == ["evidence.countersigned"]
    assert signing(world).status == "OPEN"
    world.height, world.time_ms = 2, world.time_ms + 5
    second = world.submit("stranger", SIGN)
    assert [event.name for event in second.events] == ["evidence.signing_settled", "evidence.countersigned"]
    completed = signing(world)
    assert (completed.status, completed.completed_height, completed.completed_ms) == ("COMPLETE", 2, world.time_ms)
    world.height = 3
    assert world.submit("governor", SIGN).code == "ok"
    assert (signing(world).standing(), signing(world).completed_height) == (3, 2)
    assert signing(world).signatures[0].statement == "witnessed"


def test_withdrawal_below_the_threshold_breaks_the_signing_and_a_new_signature_mends_it() -> None:
    world = asked()
    world.submit("exchange", SIGN)
    world.submit("stranger", SIGN)
    receipt = world.submit("exchange", WITHDRAW)
    assert receipt.events[0].attributes["status"] == "BROKEN"
    found = signing(world)
    assert (found.status, found.standing(), found.signatures[0].reason) == ("BROKEN", 1, "by mistake")
    assert found.completed_height == 1, "that it once was complete remains to be read"
    assert world.submit("exchange", WITHDRAW).code == "evidence-not-signed"
    assert world.submit("exchange", SIGN).code == "ok"
    assert signing(world).status == "COMPLETE"


def test_withdrawal_above_the_threshold_keeps_it_complete() -> None:
    world = asked(threshold=1)
    world.submit("exchange", SIGN)
    world.submit("stranger", SIGN)
    world.submit("exchange", WITHDRAW)
    assert signing(world).status == "COMPLETE"


def test_signature_counts_until_the_last_millisecond() -> None:
    world = asked()
    world = asked(sign_by_ms=world.time_ms + 10)
    world.time_ms += 10
    assert world.submit("exchange", SIGN).code == "ok"
    world.time_ms += 1
    assert world.submit("stranger", SIGN).code == "evidence-signing-late"
    assert world.submit("exchange", WITHDRAW).code == "ok", "a withdrawal is never late"


def test_nobody_signs_a_revoked_record_but_signatures_can_be_withdrawn() -> None:
    world = asked()
    world.submit("exchange", SIGN)
    world.submit("member", RevokeEvidence(ID, "x"))
    assert world.submit("stranger", SIGN).code == "evidence-status"
    assert world.submit("exchange", WITHDRAW).code == "ok"


@pytest.mark.parametrize(("signers", "threshold"), [(SIGNERS[:1], 2), ((SIGNERS[0], SIGNERS[0]), 1), (("",), 1)])
def test_request_that_cannot_be_met_is_refused(signers: tuple[str, ...], threshold: int) -> None:
    assert World().submit("member", RequestSignatures(ID, signers, threshold)).code == "evidence-signers"


def test_only_the_submitter_asks_for_signatures() -> None:
    world = World()
    world.submit("member", RecordEvidence(ID, "file", "sha256", DIGEST))
    assert world.submit("exchange", RequestSignatures(ID, SIGNERS, 1)).code == "evidence-unknown"
    past = RequestSignatures(ID, SIGNERS, 1, world.time_ms - 1)
    assert world.submit("member", past).code == "evidence-signing-late"
