"""Reads of the committed chain: what is there, what is not, and never what is not durable."""

import pytest

from chainnode.errors import NotFound, Rejected, StoreCorrupt
from chainnode.limits import PAGE_ITEMS_MAX
from chainnode.store import layout
from chainnode.store.key_value import WriteBatch
from chainnode.types.block import block_hash, decode_header
from chainnode.types.ids import did_of_key
from tests.support.local_chain import CHAIN_ID, CLIENT, GENESIS, LocalChain, evidence, key_of


@pytest.fixture(scope="module")
def chain() -> LocalChain:
    made = LocalChain()
    made.extend(1, 2, 3)
    made.extend(4, operations=[evidence(41), evidence(42)])
    made.extend(5, signer="civic-notary")
    return made


def test_block_is_found_by_height_and_by_hash(chain: LocalChain) -> None:
    """Every height from genesis to tip, and nothing else."""
    queries = chain.queries
    for height in range(4):
        stored = queries.block(height)
        assert decode_header(stored.header).height == height
        assert queries.block_by_hash(block_hash(stored.header)) == stored
        assert queries.certificate(height) == stored.certificate
        assert queries.header(height) == stored.header
    assert queries.genesis() == GENESIS
    for read in (queries.block, queries.header, queries.certificate, queries.receipts):
        for height in (-1, 4, 2**53):
            with pytest.raises(NotFound) as caught:
                read(height)
            assert caught.value.code == "block-not-found"
    with pytest.raises(NotFound):
        queries.block_by_hash(bytes(32))


def test_transaction_is_found_in_its_block_with_its_outcome(chain: LocalChain) -> None:
    """A committed transaction, refused or not, keeps its place and its receipt."""
    queries = chain.queries
    for height, numbers in ((1, (1, 2, 3)), (2, (4,)), (3, (5,))):
        candidate = queries.block(height)
        receipts = queries.receipts(height)
        for index, _ in enumerate(numbers):
            tx_id = receipts[index].tx_id
            found = queries.transaction(tx_id)
            assert (found.height, found.index, queries.locate(tx_id)) == (height, index, (height, index))
            assert found.receipt == queries.receipt(tx_id) == receipts[index]
            assert found.time_ms == decode_header(candidate.header).time_ms
    assert queries.receipts(3)[0].code == "key-not-of-sender"
    assert queries.locate(bytes(32)) is None
    for read in (queries.transaction, queries.receipt):
        with pytest.raises(NotFound) as caught:
            read(bytes(32))
        assert caught.value.code == "transaction-not-found"


def test_transaction_that_is_not_where_the_index_says_is_corruption() -> None:
    """'A receipt names its transaction': a place that is whole, yet another's, is noticed."""
    chain = LocalChain()
    chain.extend(1, 2)
    chain.extend(3)
    ids = [receipt.tx_id for receipt in chain.queries.receipts(1)]
    batch = WriteBatch()
    key = layout.TRANSACTION + ids[0]
    batch.put(key, layout.seal(key, layout.position_bytes(1, 1)))
    chain.engine.write(batch, sync=True)
    for read in (chain.queries.transaction, chain.queries.receipt):
        assert read(ids[1]).tx_id == ids[1]
        with pytest.raises(StoreCorrupt):
            read(ids[0])


@pytest.mark.parametrize("byte", [0, 7, 8, 11])
def test_flipped_bit_in_the_place_of_a_transaction_is_corruption_whoever_asks(byte: int) -> None:
    """Who waits for a commit is told the height, and a proof is made of what stands there: neither may be another's."""
    chain = LocalChain()
    chain.extend(1, 2)
    chain.extend(3)
    tx_id = chain.queries.receipts(1)[0].tx_id
    key = layout.TRANSACTION + tx_id
    stored = bytearray(chain.engine.get(key) or b"")
    stored[byte] ^= 1
    batch = WriteBatch()
    batch.put(key, bytes(stored))
    chain.engine.write(batch, sync=True)
    queries = chain.queries
    for read in (queries.locate, queries.transaction, queries.receipt, queries.prove_transaction):
        with pytest.raises(StoreCorrupt):
            read(tx_id)


@pytest.mark.parametrize("place", [(1, 0), (0, 1), (0, 1_000), (500, 0), (layout.BLOCK_INDEX, 0)])
def test_index_that_leads_to_another_event_is_corruption(place: tuple[int, int]) -> None:
    """'An event names its facts': an index record that is wrong is noticed, and no event is left out in silence."""
    chain = LocalChain()
    chain.extend(1, 2)
    chain.extend(3)
    name, attribute, value = "evidence.recorded", "evidence_id", (1).to_bytes(16, "big")
    assert len(chain.queries.events(name, attribute, value, None, 10)[0]) == 1
    batch = WriteBatch()
    batch.put(layout.index_key(layout.index_fact(name, attribute, value), 1), layout.event_place(*place))
    chain.engine.write(batch, sync=True)
    with pytest.raises(StoreCorrupt):
        chain.queries.events(name, attribute, value, None, 10)


def test_events_are_paged_in_the_order_of_the_ledger(chain: LocalChain) -> None:
    """Events by name, oldest first; the cursor goes on where the page ended."""
    queries = chain.queries
    found, seen = [], 0
    cursor = None
    while True:
        page, cursor = queries.events("evidence.recorded", "", None, cursor, 2)
        found += page
        seen += 1
        if cursor is None:
            break
    places = [(view.height, view.tx_index, view.event_index) for view in found]
    assert places == sorted(places) == [(1, 0, 0), (1, 1, 0), (1, 2, 0), (2, 0, 0), (2, 0, 1)]
    assert seen == 3
    submitter = did_of_key(CHAIN_ID, key_of(CLIENT).public_key)
    by_submitter, _ = queries.events("evidence.recorded", "submitter", submitter, None, 100)
    assert [view.tx_id for view in by_submitter] == [view.tx_id for view in found]
    by_digest, _ = queries.events("evidence.recorded", "digest", evidence(42).digest, None, 100)
    assert [(view.height, view.event_index) for view in by_digest] == [(2, 1)]


def test_events_of_unknown_name_attribute_or_value_are_none(chain: LocalChain) -> None:
    """What nobody wrote is an empty page, not an error."""
    for name, attribute, value in (
        ("no.such", "", None), ("evidence.recorded", "no-such", "x"), ("evidence.recorded", "digest", bytes(32)),
        ("evidence.recorded", "digest", 7), ("", "", None),
    ):
        assert chain.queries.events(name, attribute, value, None, 10) == ([], None)


@pytest.mark.parametrize("limit", [0, -1])
def test_page_of_no_items_is_no_page(chain: LocalChain, limit: int) -> None:
    """T23: pagination with limit 0 or below is answered, bounded, never a crash."""
    page, cursor = chain.queries.events("evidence.recorded", "", None, None, limit)
    assert len(page) <= 1
    assert len(chain.queries.state_range(b"", None, limit)) <= 1
    assert page or cursor is None


def test_page_is_bounded_however_much_is_asked(chain: LocalChain) -> None:
    """T23: limit=10^9 is clamped."""
    assert len(chain.queries.state_range(b"", None, 10**9)) <= PAGE_ITEMS_MAX
    page, _ = chain.queries.events("evidence.recorded", "", None, None, 10**9)
    assert len(page) == 5


@pytest.mark.parametrize("cursor", [b"", b"\xff", b"\x93\x01\x02", b"\x93\xa1a\x02\x03", b"\x90"])
def test_forged_cursor_is_refused(chain: LocalChain, cursor: bytes) -> None:
    """Rejected ``cursor``: not one of ours."""
    with pytest.raises(Rejected) as caught:
        chain.queries.events("evidence.recorded", "", None, cursor, 10)
    assert caught.value.code == "cursor"


def test_cursor_beyond_the_ledger_is_an_empty_page(chain: LocalChain) -> None:
    """A well-formed cursor of another chain or a later moment only finds nothing."""
    for cursor in (b"\x93\xcf\x00\x00\x00\x00\x7f\xff\xff\xff\x00\x00", b"\x93\xce\x7f\xff\xff\xff\x00\x00"):
        assert chain.queries.events("evidence.recorded", "", None, cursor, 10) == ([], None)


@pytest.mark.parametrize("cursor", [b"\x93\xff\x00\x00", b"\x93\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"])
def test_cursor_with_impossible_numbers_is_refused(chain: LocalChain, cursor: bytes) -> None:
    """A height of -1 or 2^64 - 1 in a forged cursor is the client's fault, never ours."""
    with pytest.raises(Rejected) as caught:
        chain.queries.events("evidence.recorded", "", None, cursor, 10)
    assert caught.value.code == "cursor"


def test_state_is_read_by_key_and_by_prefix(chain: LocalChain) -> None:
    """Values after the tip, in key order, from after a key on."""
    queries = chain.queries
    pairs = queries.state_range(b"", None, 100)
    assert [key for key, _ in pairs] == sorted(key for key, _ in pairs)
    assert all(queries.state(key) == value for key, value in pairs)
    key = pairs[3][0]
    assert queries.state_range(b"", key, 100) == pairs[4:]
    assert queries.state_range(key[:4], None, 100) == [pair for pair in pairs if pair[0].startswith(key[:4])]
    assert queries.state(b"nothing/here") is None


def test_what_is_read_of_the_whole_chain(chain: LocalChain) -> None:
    """Tip, validators, parameters: as the ledger holds them."""
    assert chain.queries.tip() == chain.ledger.tip
    assert chain.queries.validators() == chain.ledger.validators
    assert chain.queries.parameters() == chain.ledger.surroundings.parameters
    assert chain.queries.chain_id == CHAIN_ID
