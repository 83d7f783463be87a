import pytest

from contracts.kernel.outcome import OperationFailed
from contracts.market.record import (
    BOARD,
    LISTING,
    board_id_of,
    board_key,
    listing_id_of,
    listing_key,
    read_board,
    read_listing,
    serial_key,
    write_board,
    write_listing,
)
from tests.unit.contracts.market.trading import BOARD_ID, LISTING_ID, Trading
from tests.unit.contracts.world import did_of


def test_ids_follow_from_who_opens_a_thing_and_what_it_calls_it() -> None:
    """Nobody can take another's id, and a board is never a listing."""
    ids = {
        board_id_of("did:a", "x"),
        board_id_of("did:b", "x"),
        board_id_of("did:a", "y"),
        listing_id_of("did:a", "x"),
        listing_id_of("did:b", "x"),
    }
    assert len(ids) == 5
    assert board_key(bytes(32)) == b"market-board/" + b"00" * 32
    assert listing_key(bytes(32)) == b"market-listing/" + b"00" * 32
    assert serial_key("did:a:b") == b"market-serial/did:a:b"


def test_records_are_read_as_they_were_written() -> None:
    trading = Trading()
    state = trading.world.overlay
    board, listing = read_board(state, BOARD_ID), read_listing(state, LISTING_ID)
    assert (board.operator, board.currency, board.status) == (did_of("exchange"), "CNY", "OPEN")
    assert (listing.seller, listing.quantity, listing.taken) == (did_of("member"), 10, 0)
    write_board(state, board)
    write_listing(state, listing)
    assert (read_board(state, BOARD_ID), read_listing(state, LISTING_ID)) == (board, listing)


def test_what_does_not_exist_is_refused_by_its_own_code() -> None:
    state = Trading().world.overlay
    for read, code in ((read_board, "board-unknown"), (read_listing, "listing-unknown")):
        with pytest.raises(OperationFailed) as found:
            read(state, bytes(32))
        assert found.value.code == code


def test_closed_boards_and_ended_listings_are_final() -> None:
    assert BOARD.actions("CLOSED") == ()
    assert LISTING.actions("DELISTED") == LISTING.actions("EXPIRED") == ()
    assert "resume" not in LISTING.actions("WITHHELD"), "the seller cannot undo what the exchange decided"
    assert "restore" not in LISTING.actions("SUSPENDED"), "nor the exchange what the seller decided"
