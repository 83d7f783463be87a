"""Where it stands: below the client through which it came, and read back as it was written."""

import msgspec

from contracts.kernel.registry import describe
from contracts.relay.ports import accreditation, registry
from contracts.relay.ports.record import (
    Audience,
    RecognisedAccreditation,
    Told,
    announcement_key,
    audience_key,
    mirrored_asset_key,
    mirrored_listing_key,
    read_announcement,
    read_audience,
    read_mirrored_asset,
    read_mirrored_listing,
    read_recognised,
    recognised_key,
    write_announcement,
    write_audience,
)
from tests.unit.contracts.relay.connected import CLIENT_ID
from tests.unit.contracts.relay.ports.desk import NOW_MS, THEIR_ASSET, THEIR_LISTING, Desk, offered, theirs, trusted
from tests.unit.contracts.relay.ports.market import LISTING, announcing
from tests.unit.contracts.relay.ports.samples import selling
from tests.unit.contracts.world import did_of


def test_what_comes_from_elsewhere_stands_below_its_client() -> None:
    """Two clients never meet under one key."""
    desk = Desk()
    assert desk.hear(registry.PORT, offered()) == "ok"
    assert desk.hear(accreditation.PORT, trusted()) == "ok"
    did = theirs("stranger")
    assert read_mirrored_asset(desk.overlay, CLIENT_ID, THEIR_ASSET) is not None
    assert read_mirrored_asset(desk.overlay, "chainnode-2", THEIR_ASSET) is None
    assert read_mirrored_listing(desk.overlay, "chainnode-2", THEIR_LISTING) is None
    assert read_recognised(desk.overlay, "chainnode-2", did, "buyer") is None
    for key, kind in (
        (mirrored_asset_key(CLIENT_ID, THEIR_ASSET), "MirroredAsset"),
        (mirrored_listing_key(CLIENT_ID, THEIR_LISTING), "MirroredListing"),
        (recognised_key(CLIENT_ID, did, "buyer", ""), "RecognisedAccreditation"),
    ):
        value = desk.overlay.get(key)
        assert value is not None
        assert describe(key, value)["type"] == kind


def test_announcements_and_audiences_read_back() -> None:
    """As written; an accreditation that was told to nobody has an empty audience."""
    desk = selling()
    desk.must("member", announcing(desk))
    found = read_announcement(desk.overlay, CLIENT_ID, LISTING)
    assert found is not None
    write_announcement(desk.overlay, found)
    assert read_announcement(desk.overlay, CLIENT_ID, LISTING) == found
    assert announcement_key(CLIENT_ID, LISTING) != announcement_key("chainnode-2", LISTING)
    did = did_of("member")
    assert read_audience(desk.overlay, did, "buyer", "").told == ()
    audience = Audience(did, "issuer", "Degree", (Told(CLIENT_ID, "SENT", 3, False, 9),))
    write_audience(desk.overlay, audience)
    assert read_audience(desk.overlay, did, "issuer", "Degree") == audience
    value = desk.overlay.get(audience_key(did, "issuer", "Degree"))
    assert value is not None
    assert describe(audience_key(did, "issuer", "Degree"), value)["told"][0]["sequence"] == 3


def test_recognition_holds_from_its_first_moment_up_to_its_last() -> None:
    """As the accreditation itself does."""
    desk = Desk()
    assert desk.hear(accreditation.PORT, trusted(valid_from_ms=NOW_MS + 1, valid_until_ms=NOW_MS + 3)) == "ok"
    found = read_recognised(desk.overlay, CLIENT_ID, theirs("stranger"), "buyer")
    assert found is not None
    assert [found.holds_at(NOW_MS + at) for at in range(4)] == [False, True, True, False]
    ended: RecognisedAccreditation = msgspec.structs.replace(found, status="ENDED")
    assert not ended.holds_at(NOW_MS + 2)
