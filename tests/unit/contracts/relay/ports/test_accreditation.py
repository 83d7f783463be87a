"""Whom one chain trusts another one recognises, as long as the first one does."""

import msgspec
import pytest

from chainnode.codec.canonical import encode
from contracts.identity.accreditation import read_accreditation
from contracts.identity.operations_accreditation import Accredit, EndAccreditation
from contracts.relay.packet import ERROR_ACKNOWLEDGEMENT
from contracts.relay.ports import accreditation
from contracts.relay.ports.message import DONE
from contracts.relay.ports.operations import AnnounceAccreditation
from contracts.relay.ports.record import AUDIENCE_MAX, Told, read_audience, read_recognised
from contracts.relay.record import OPEN_PER_SENDER_MAX, client_key, quota_key
from tests.unit.contracts.relay.connected import CLIENT_ID, client
from tests.unit.contracts.relay.pair import FIRST, SECOND, pair
from tests.unit.contracts.relay.ports.desk import NOW_MS, Desk, theirs, trusted
from tests.unit.contracts.relay.ports.samples import END, ROOM_S, TELL, vouching
from tests.unit.contracts.world import did_of

SUBJECT = did_of("stranger", FIRST)


def heard(desk: Desk, did: str) -> tuple[str, int]:
    found = read_recognised(desk.overlay, CLIENT_ID, did, "buyer")
    assert found is not None
    return found.status, found.ended_ms


def told(desk: Desk) -> Told:
    (found,) = read_audience(desk.overlay, did_of("stranger"), "buyer", "").told
    return found


def test_accreditation_is_recognised_and_its_end_follows_by_itself() -> None:
    """Issue: an accreditation of A is recognised on B and ends when A revokes it."""
    chains = pair()
    first, second = chains.first, chains.second
    first.must("governor", Accredit(SUBJECT, "buyer", valid_until_ms=first.time_ms + 9_999_999))
    first.must("stranger", AnnounceAccreditation(CLIENT_ID, SUBJECT, "buyer", first.soon()))
    assert chains.carry(first) == ["ok"]
    found = read_recognised(second.overlay, CLIENT_ID, SUBJECT, "buyer")
    assert found is not None
    assert (found.status, found.chain_id, found.accredited_by) == ("STANDING", FIRST, first.did("governor"))
    assert found.holds_at(found.valid_until_ms - 1)
    assert not found.holds_at(found.valid_until_ms)
    first.must("governor", EndAccreditation(SUBJECT, "buyer", reason="misuse"))
    assert chains.carry(first) == ["ok"]
    found = read_recognised(second.overlay, CLIENT_ID, SUBJECT, "buyer")
    assert found is not None
    assert (found.status, found.reason) == ("ENDED", "misuse")
    assert read_audience(first.overlay, SUBJECT, "buyer", "").told[0].status == "KNOWN"


def test_end_that_overtakes_the_announcement_stands() -> None:
    """A late announcement cannot revive what has ended."""
    chains = pair()
    first, second = chains.first, chains.second
    first.must("governor", Accredit(SUBJECT, "buyer"))
    first.must("governor", AnnounceAccreditation(CLIENT_ID, SUBJECT, "buyer", first.soon()))
    first.must("governor", EndAccreditation(SUBJECT, "buyer"))
    begun, ended = first.packets()
    assert chains.deliver(first, ended).events[-1].attributes["code"] == "ok"
    assert chains.deliver(first, begun).events[-1].attributes["code"] == "relay-message-overtaken"
    found = read_recognised(second.overlay, CLIENT_ID, SUBJECT, "buyer")
    assert found is not None
    assert found.status == "ENDED"
    assert chains.acknowledge(first, begun).code == "ok"
    assert chains.acknowledge(first, ended).code == "ok"
    assert read_audience(first.overlay, SUBJECT, "buyer", "").told[0].status == "KNOWN"


def test_end_holds_here_even_where_it_cannot_be_told() -> None:
    """A frozen client must not keep an accreditation alive on its own chain; anybody may tell it later."""
    desk = vouching()
    desk.must("governor", TELL)
    frozen = msgspec.structs.replace(client(chain_id=SECOND), status="FROZEN")
    stored = desk.overlay.get(client_key(CLIENT_ID))
    desk.overlay.put(client_key(CLIENT_ID), encode(frozen))
    desk.must("governor", END)
    record = read_accreditation(desk.overlay, did_of("stranger"), "buyer")
    assert record is not None
    assert record.status == "ENDED"
    assert (told(desk).status, told(desk).sequence, told(desk).ended) == ("FAILED", 0, True)
    assert stored is not None
    desk.overlay.put(client_key(CLIENT_ID), stored)
    desk.must("exchange", TELL)
    assert (told(desk).status, told(desk).ended) == ("SENT", True)


def test_full_quota_of_who_ends_it_does_not_stop_the_end() -> None:
    """Nor does anything else that ``send`` refuses."""
    desk = vouching()
    desk.must("governor", TELL)
    desk.overlay.put(quota_key(CLIENT_ID, did_of("governor")), encode(OPEN_PER_SENDER_MAX))
    desk.must("governor", END)
    assert told(desk).status == "FAILED"
    desk.must("stranger", TELL)


def test_end_is_told_to_as_many_clients_as_an_audience_has_in_one_small_transaction() -> None:
    """What it writes is more than its size would allow, and bounded."""
    desk = vouching()
    names = [f"chainnode-{number}" for number in range(1, AUDIENCE_MAX + 1)]
    for name in names:
        found = client(client_id=name, chain_id=f"other-{name}")
        desk.overlay.put(client_key(name), encode(found))
        desk.must("governor", msgspec.structs.replace(TELL, client_id=name))
    receipt = desk.must("governor", msgspec.structs.replace(END, reason="界" * 256))
    assert [event.attributes["client_id"] for event in receipt.events if event.name == "relay.packet_sent"] == names
    audience = read_audience(desk.overlay, did_of("stranger"), "buyer", "")
    assert {(told.status, told.ended) for told in audience.told} == {("SENT", True)}


def test_end_that_was_told_to_nobody_sends_nothing() -> None:
    """Most accreditations never leave their chain."""
    desk = vouching()
    receipt = desk.must("governor", END)
    assert [event.name for event in receipt.events] == ["identity.accreditation_ended"]


@pytest.mark.parametrize(("name", "code"), [("exchange", "relay-announce-not-yours"), ("stranger", "ok")])
def test_accreditor_and_accredited_announce_first(name: str, code: str) -> None:
    """Nobody else decides where somebody's accreditation is told."""
    assert vouching().submit(name, TELL).code == code


def test_renewal_is_news_and_repetition_is_not() -> None:
    """The period travels with it."""
    desk = vouching()
    desk.must("governor", TELL)
    assert desk.submit("governor", TELL).code == "relay-announcement-same"
    assert desk.settle(DONE) == "ok"
    assert desk.submit("stranger", TELL).code == "relay-announcement-same"
    desk.height += 1
    desk.must("governor", Accredit(did_of("stranger"), "buyer", valid_until_ms=NOW_MS + 5_000))
    desk.must("exchange", TELL)


def test_renewal_in_the_block_that_told_it_is_told_by_a_later_block() -> None:
    """A shorter period does not stay hidden behind the longer one that was told first; and it is told once."""
    desk = vouching()
    desk.height += 1
    desk.must("governor", TELL)
    desk.must("governor", Accredit(did_of("stranger"), "buyer", valid_until_ms=NOW_MS + 5_000))
    assert desk.submit("exchange", TELL).code == "relay-announcement-same"
    desk.height += 1
    desk.must("exchange", TELL)
    assert desk.submit("exchange", TELL).code == "relay-announcement-same"
    desk.height += 1
    assert desk.submit("exchange", TELL).code == "relay-announcement-same"


def test_refused_or_lost_announcement_may_be_told_again_by_anybody() -> None:
    """Nothing happened on the other chain."""
    desk = vouching()
    desk.must("governor", TELL)
    assert desk.settle(ERROR_ACKNOWLEDGEMENT) == "ok"
    assert told(desk).status == "FAILED"
    desk.must("exchange", TELL)
    assert desk.lapse() == "ok"
    assert told(desk).status == "FAILED"


def test_never_accredited_and_unfit_kinds_are_not_announced() -> None:
    """Only what stands on the ledger is told."""
    desk = Desk()
    assert desk.submit("governor", TELL).code == "accreditation-unknown"
    unfit = AnnounceAccreditation(CLIENT_ID, did_of("stranger"), "issuer", ROOM_S)
    assert desk.submit("governor", unfit).code == "accreditation-type"
    assert desk.hear(accreditation.PORT, trusted(kind="issuer")) == "relay-value-malformed"


def test_expired_accreditation_is_not_announced() -> None:
    """Expiry is kept."""
    desk = Desk()
    desk.must("governor", Accredit(did_of("stranger"), "buyer", valid_until_ms=NOW_MS + 10))
    desk.time_ms = NOW_MS + 10
    assert desk.submit("governor", TELL).code == "relay-accreditation-over"


def test_new_accreditation_after_an_end_is_recognised_anew() -> None:
    """Newer news count, in either direction."""
    desk = Desk()
    assert desk.hear(accreditation.PORT, trusted(5)) == "ok"
    assert desk.hear(accreditation.PORT, trusted(6, ended_ms=NOW_MS)) == "ok"
    assert heard(desk, theirs("stranger")) == ("ENDED", NOW_MS)
    assert desk.hear(accreditation.PORT, trusted(7)) == "ok"
    assert heard(desk, theirs("stranger")) == ("STANDING", 0)


def test_recognition_writes_nothing_of_this_chains_own() -> None:
    """No local identity is impersonated: an accreditation from elsewhere is none of this chain."""
    desk = Desk()
    assert desk.hear(accreditation.PORT, trusted()) == "ok"
    assert read_accreditation(desk.overlay, theirs("stranger"), "buyer") is None
