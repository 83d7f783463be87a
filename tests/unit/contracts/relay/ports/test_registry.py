"""A product of one chain in the catalogue of another: with its origin, as it stands there, and never more than that."""

import pytest

from contracts.kernel.outcome import OperationFailed
from contracts.market.operations import Delist, RepriceListing
from contracts.market.record import read_listing
from contracts.relay.packet import ERROR_ACKNOWLEDGEMENT
from contracts.relay.ports import registry
from contracts.relay.ports.message import DONE
from contracts.relay.ports.record import (
    AnnouncementRecord,
    MirroredListing,
    read_announcement,
    read_mirrored_asset,
    read_mirrored_listing,
)
from tests.unit.contracts.relay.connected import CLIENT_ID
from tests.unit.contracts.relay.pair import FIRST, pair
from tests.unit.contracts.relay.ports.desk import (
    NOW_MS,
    THEIR_ASSET,
    THEIR_LISTING,
    Desk,
    asset_view,
    listing_view,
    offered,
    shown,
)
from tests.unit.contracts.relay.ports.market import ASSET, LISTING, PRICE, announcing, listed, producing
from tests.unit.contracts.relay.ports.samples import selling


def told(desk: Desk, subject_id: bytes = LISTING) -> AnnouncementRecord:
    found = read_announcement(desk.overlay, CLIENT_ID, subject_id)
    assert found is not None
    return found


def mirrored(desk: Desk) -> MirroredListing:
    found = read_mirrored_listing(desk.overlay, CLIENT_ID, THEIR_LISTING)
    assert found is not None
    return found


def test_product_of_one_chain_stands_in_the_catalogue_of_another_with_its_origin_and_proof() -> None:
    """Issue: a data product listed on chain A appears in chain B's catalogue with its origin and proof."""
    chains = listed()
    asset = read_mirrored_asset(chains.second.overlay, CLIENT_ID, ASSET)
    offer = read_mirrored_listing(chains.second.overlay, CLIENT_ID, LISTING)
    assert asset is not None
    assert offer is not None
    assert (asset.chain_id, asset.asset.holder, asset.asset.status) == (FIRST, chains.first.did("member"), "CERTIFIED")
    assert (offer.listing.price, offer.listing.currency, offer.listing.status) == (PRICE, "CNY", "LISTED")
    assert asset.origin_height < asset.proof_height <= chains.first.height
    record = read_announcement(chains.first.overlay, CLIENT_ID, LISTING)
    assert record is not None
    assert record.status == "KNOWN"


def test_withdrawn_listing_is_announced_again_by_anybody() -> None:
    """Status follows: what was told and has changed, anybody may tell."""
    chains = listed()
    chains.first.must("member", Delist(LISTING))
    chains.first.must("stranger", announcing(chains.first))
    assert chains.carry(chains.first) == ["ok"]
    offer = read_mirrored_listing(chains.second.overlay, CLIENT_ID, LISTING)
    assert offer is not None
    assert offer.listing.status == "DELISTED"


def test_time_out_of_an_announcement_is_proved_and_it_can_be_told_again() -> None:
    """A packet that was not received in time is settled by proof of absence."""
    chains = pair()
    producing(chains.first)
    chains.first.must("member", announcing(chains.first, timeout_s=chains.first.soon(60)))
    (packet,) = chains.first.packets()
    receipt = chains.time_out(chains.first, packet)
    assert receipt.code == "ok", receipt.info
    assert chains.deliver(chains.first, packet).code == "relay-packet-late"
    record = read_announcement(chains.first.overlay, CLIENT_ID, LISTING)
    assert record is not None
    assert record.status == "FAILED"
    chains.first.must("stranger", announcing(chains.first))
    assert chains.carry(chains.first) == ["ok"]


@pytest.mark.parametrize(("name", "listing"), [("exchange", LISTING), ("member", b""), ("exchange", b"")])
def test_those_concerned_announce_first(name: str, listing: bytes) -> None:
    """Holder and registrar of the asset, seller and exchange of the listing."""
    desk = selling()
    desk.must(name, announcing(desk, listing))
    assert told(desk, listing or ASSET).subject == ("listing" if listing else "asset")


def test_changed_price_is_news_and_only_the_last_answer_counts() -> None:
    """An answer to an earlier packet says nothing about the later one."""
    desk = selling()
    desk.must("member", announcing(desk))
    desk.must("member", RepriceListing(LISTING, 2 * PRICE))
    desk.must("member", announcing(desk))
    assert desk.settle(b"\x01", sequence=1) == "ok"
    assert (told(desk).status, told(desk).sequence) == ("SENT", 2)
    assert desk.settle(DONE, sequence=2) == "ok"
    assert told(desk).status == "KNOWN"


def test_refused_announcement_may_be_repeated_unchanged() -> None:
    """Nothing happened on the other chain."""
    desk = selling()
    desk.must("member", announcing(desk))
    assert desk.settle(ERROR_ACKNOWLEDGEMENT) == "ok"
    assert told(desk).status == "FAILED"
    desk.must("stranger", announcing(desk))


def test_only_what_is_in_order_is_announced_at_first() -> None:
    """A delisted offer is no news to a chain that never saw it."""
    desk = selling()
    desk.must("member", Delist(LISTING))
    assert desk.submit("member", announcing(desk)).code == "listing-status"
    assert read_announcement(desk.overlay, CLIENT_ID, LISTING) is None


def test_older_news_never_replaces_newer() -> None:
    """Packets keep no order among them."""
    desk = Desk()
    assert desk.hear(registry.PORT, offered(7, price=2), sequence=9) == "ok"
    assert desk.hear(registry.PORT, offered(6, price=1), sequence=8) == "relay-message-overtaken"
    assert desk.hear(registry.PORT, offered(7, price=1), sequence=8) == "relay-message-overtaken"
    assert mirrored(desk).listing.price == 2


def test_listing_that_comes_late_leaves_the_newer_asset_as_it_is() -> None:
    """Two listings of one asset are told by two packets; the asset in the older one is not news."""
    desk = Desk()
    assert desk.hear(registry.PORT, shown(9, asset_view(status="REVOKED")), sequence=2) == "ok"
    assert desk.hear(registry.PORT, offered(8), sequence=1) == "ok"
    asset = read_mirrored_asset(desk.overlay, CLIENT_ID, THEIR_ASSET)
    assert asset is not None
    assert asset.asset.status == "REVOKED"
    assert desk.hear(registry.PORT, shown(8), sequence=3) == "relay-message-overtaken"


def test_listing_keeps_its_asset() -> None:
    """A mirror cannot be turned into an offer of something else."""
    desk = Desk()
    assert desk.hear(registry.PORT, offered()) == "ok"
    other = b"B" * 32
    moved = shown(6, asset_view(asset_id=other), listing_view(asset_id=other))
    assert desk.hear(registry.PORT, moved) == "relay-listing-of-another"
    mixed = shown(6, asset_view(asset_id=other), listing_view())
    assert desk.hear(registry.PORT, mixed) == "relay-listing-of-another"
    assert mirrored(desk).listing.asset_id == THEIR_ASSET


def test_mirror_is_no_asset_and_no_listing_of_this_chain() -> None:
    """Names from elsewhere never collide with local ones: the ids of our own asset, told by another chain."""
    desk = selling()
    before = dict(desk.content())
    view = asset_view(asset_id=ASSET)
    assert desk.hear(registry.PORT, shown(5, view, listing_view(listing_id=LISTING, asset_id=ASSET))) == "ok"
    after = desk.content()
    assert {key for key in after if after[key] != before.get(key)} == {key for key in after if b"relay-mirror" in key}
    assert read_listing(desk.overlay, LISTING).price == PRICE
    with pytest.raises(OperationFailed, match="no listing"):
        read_listing(Desk().overlay, THEIR_LISTING)


def test_mirror_is_tradable_while_its_certificate_holds() -> None:
    """What a reader may order."""
    desk = Desk()
    assert desk.hear(registry.PORT, shown(asset=asset_view(valid_until_ms=NOW_MS + 5))) == "ok"
    asset = read_mirrored_asset(desk.overlay, CLIENT_ID, THEIR_ASSET)
    assert asset is not None
    assert registry.is_tradable(asset, NOW_MS + 4)
    assert not registry.is_tradable(asset, NOW_MS + 5)
