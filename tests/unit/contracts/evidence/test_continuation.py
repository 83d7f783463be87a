import msgspec

from chainnode.codec.canonical import encode
from contracts.evidence.operations import (
    AppendEvidence,
    Countersign,
    RecordEvidence,
    RequestSignatures,
    RevokeEvidence,
    WithdrawSignature,
)
from contracts.evidence.record import EMPTY_LOG, LogEntry, log_chain, log_entry_key, read_evidence, read_log_head
from contracts.kernel.registry import describe
from tests.unit.contracts.world import World, did_of

ID, DIGEST = b"1" * 16, b"d" * 32
SUBMITTER, SIGNER = did_of("member"), did_of("exchange")
NOTE = AppendEvidence(SUBMITTER, ID, "sha256", b"n" * 32, title="note")


def recorded() -> World:
    world = World()
    assert world.submit("member", RecordEvidence(ID, "file", "sha256", DIGEST)).code == "ok"
    return world


def test_revoked_evidence_keeps_its_record_and_takes_nothing_more() -> None:
    world = recorded()
    receipt = world.submit("member", RevokeEvidence(ID, "wrong file"))
    found = read_evidence(world.overlay, SUBMITTER, ID)
    assert found is not None
    assert (found.status, found.digest) == ("REVOKED", DIGEST)
    assert receipt.events[0].attributes["reason"] == "wrong file"
    later = RecordEvidence(b"2" * 16, "file", "sha256", DIGEST, previous=ID)
    for operation in (NOTE, later, RequestSignatures(ID, (SIGNER,), 1), RevokeEvidence(ID, "again")):
        before = dict(world.content())
        assert world.submit("member", operation).code == "evidence-status"
        assert world.content() == before


def test_superseded_evidence_can_still_be_revoked_and_appended_to() -> None:
    world = recorded()
    world.submit("member", RecordEvidence(b"2" * 16, "file", "sha256", DIGEST, previous=ID))
    assert world.submit("member", NOTE).code == "ok"
    assert world.submit("member", RevokeEvidence(ID, "x")).code == "ok"
    third = RecordEvidence(b"3" * 16, "file", "sha256", DIGEST, previous=ID)
    assert world.submit("member", third).code == "evidence-previous-superseded"


def test_log_is_numbered_and_its_head_follows_from_all_entries() -> None:
    """Anyone with all entries can recompute the head."""
    world = recorded()
    for number in (1, 2, 3):
        receipt = world.submit("member", NOTE)
        assert receipt.events[0].attributes["number"] == number
        world.time_ms += 1
    chain = EMPTY_LOG.chain
    for number in (1, 2, 3):
        stored = world.overlay.get(log_entry_key(SUBMITTER, ID, number))
        assert stored is not None
        assert describe(log_entry_key(SUBMITTER, ID, number), stored)["number"] == number
        chain = log_chain(chain, msgspec_entry(stored))
    assert read_log_head(world.overlay, SUBMITTER, ID).chain == chain
    assert read_log_head(world.overlay, SUBMITTER, ID).count == 3


def msgspec_entry(stored: bytes) -> LogEntry:
    entry = msgspec.msgpack.decode(stored, type=LogEntry)
    assert encode(entry) == stored
    return entry


def test_only_submitter_and_standing_signers_append() -> None:
    world = recorded()
    assert world.submit("exchange", NOTE).code == "evidence-not-signer"
    world.submit("member", RequestSignatures(ID, (SIGNER,), 1))
    assert world.submit("exchange", NOTE).code == "evidence-not-signer"
    world.submit("exchange", Countersign(SUBMITTER, ID, DIGEST))
    assert world.submit("exchange", NOTE).code == "ok"
    world.submit("exchange", WithdrawSignature(SUBMITTER, ID, "x"))
    assert world.submit("exchange", NOTE).code == "evidence-not-signer"
