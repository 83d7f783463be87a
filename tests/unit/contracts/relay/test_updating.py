"""A client learns of more of its chain, from whoever shows it."""

import msgspec
import pytest

from chainnode.codec.canonical import encode
from contracts.relay.consensus_state import kept_list, read_consensus
from contracts.relay.operations import AddPastHeader, UpdateClient
from contracts.relay.record import HEIGHTS_MAX
from tests.support.light_chain import turning_chain
from tests.support.sealing import seal_by
from tests.support.small_chain import TIME_MS
from tests.unit.contracts.relay import attested
from tests.unit.contracts.relay.connected import CLIENT_ID
from tests.unit.contracts.relay.remote import NOW_MS, Remote, client_of, connected, following, forked, must


def test_anybody_shows_a_header() -> None:
    """updating: 'nothing is taken on trust, so anybody may'."""
    remote = Remote(4)
    remote.extend()
    remote.extend()
    world = connected(remote)
    receipt = must(world, "stranger", remote.shown(0, 2))
    assert receipt.events[0].attributes == {"client_id": CLIENT_ID, "height": 2, "time_ms": TIME_MS + 2_000}
    client = client_of(world)
    assert (client.heights, client.latest_height, client.latest_ms) == ((0, 2), 2, TIME_MS + 2_000)
    assert read_consensus(world.overlay, CLIENT_ID, 2) == remote.trusted(2)


def test_lists_that_the_client_keeps_are_left_out() -> None:
    """updating: each list travels once; an epoch's change brings the new one."""
    chain = turning_chain(2)
    world = following(chain)
    last = len(chain.headers) - 1
    whole = chain.update(0, last)
    slim = msgspec.structs.replace(whole, trusted_validators=b"")
    must(world, "stranger", UpdateClient(CLIENT_ID, 0, encode(slim)))
    client = client_of(world)
    assert kept_list(client, client.lists[-1], world.overlay) == whole.validators
    chain.extend()
    empty = msgspec.structs.replace(chain.update(last, last + 1), validators=b"")
    must(world, "stranger", UpdateClient(CLIENT_ID, last, encode(empty)))


def test_seal_does_what_a_certificate_does() -> None:
    """updating: 96 bytes instead of a list of signatures; too few, another block and a changed bit are told apart."""
    chain = turning_chain(1)
    world = following(chain)
    names = [member.name for member in chain.sets[0].validators]

    def sealed(height: int, signers: list[str], of: int = 0) -> UpdateClient:
        seal = seal_by(chain.headers[of or height], chain.sets[0], signers)
        update = msgspec.structs.replace(chain.update(0, height), decision_kind="seal", decision=seal)
        return UpdateClient(CLIENT_ID, 0, encode(update))

    assert world.submit("stranger", sealed(2, names[:2])).code == "relay-signers-few"
    assert world.submit("stranger", sealed(2, names[:3], of=1)).code == "relay-header-forged"
    must(world, "stranger", sealed(2, names[:3]))
    assert client_of(world).heights == (0, 2)


def test_header_between_two_kept_ones_is_learnt_from_the_lower() -> None:
    """updating: relayers may bring headers in any order."""
    remote = Remote(4)
    for _ in range(4):
        remote.extend()
    world = connected(remote)
    must(world, "stranger", remote.shown(0, 4), remote.shown(0, 2))
    assert client_of(world).heights == (0, 2, 4)
    assert client_of(world).latest_height == 4


def test_members_who_left_vouch_for_nothing_by_an_old_header() -> None:
    """updating: from a kept header the client follows, but held against the nearest ones that it keeps as well."""
    chain = turning_chain(2)
    world = following(chain)
    must(world, "stranger", UpdateClient(CLIENT_ID, 0, encode(chain.update(0, 5))))
    between = world.submit("stranger", UpdateClient(CLIENT_ID, 0, encode(chain.update(0, 2))))
    assert between.code == "relay-header-outdated", "its set has handed over to that of the kept header above"
    must(world, "stranger", AddPastHeader(CLIENT_ID, 5, chain.headers[2], chain.path(5, 2)))
    skipped = world.submit("stranger", UpdateClient(CLIENT_ID, 2, encode(chain.update(2, 8))))
    assert skipped.code == "relay-header-outdated", "the kept header at 5 names another set than the one of 8"
    must(world, "stranger", UpdateClient(CLIENT_ID, 5, encode(chain.update(5, 8))))


def test_past_header_is_learnt_without_a_signature() -> None:
    """operations: 'the kept one's history proves it'."""
    remote = Remote(4)
    for _ in range(3):
        remote.extend()
    world = connected(remote)
    must(world, "stranger", remote.shown(0, 3))
    must(world, "stranger", AddPastHeader(CLIENT_ID, 3, remote.headers[1], remote.path(3, 1)))
    assert read_consensus(world.overlay, CLIENT_ID, 1) == remote.trusted(1)
    wrong = AddPastHeader(CLIENT_ID, 3, remote.headers[2], remote.path(3, 1))
    assert world.submit("stranger", wrong).code == "relay-header-history"
    upwards = AddPastHeader(CLIENT_ID, 1, remote.headers[3], ())
    assert world.submit("stranger", upwards).code == "relay-header-order"
    foreign = AddPastHeader(attested.CLIENT_ID, 10, remote.headers[1], ())
    assert attested.followed().submit("stranger", foreign).code == "relay-client-kind"


@pytest.mark.parametrize("keep_all", [False, True])
def test_oldest_header_makes_room(keep_all: bool) -> None:
    """record: 'headers that a client keeps; the oldest leaves', but the archive of a main chain grows."""
    remote = Remote(1)
    for _ in range(HEIGHTS_MAX + 2):
        remote.extend()
    world = connected(remote, keep_all=keep_all)
    for height in range(1, HEIGHTS_MAX + 2):
        must(world, "stranger", remote.shown(height - 1, height))
    client = client_of(world)
    assert client.heights == tuple(range(2, HEIGHTS_MAX + 2))
    assert (read_consensus(world.overlay, CLIENT_ID, 1) is not None) is keep_all
    assert world.submit("stranger", remote.shown(1, HEIGHTS_MAX + 2)).code == "relay-height-unknown"


def test_decided_header_that_contradicts_a_kept_one_freezes() -> None:
    """Reliability X2: 'equivocating headers, same height both valid: client frozen'."""
    remote = Remote(4)
    remote.extend()
    remote.extend()
    world = connected(remote)
    must(world, "stranger", remote.shown(0, 2))
    fork = msgspec.structs.replace(forked(remote, 2), ancestry=remote.path(2, 0))
    receipt = must(world, "member", UpdateClient(CLIENT_ID, 0, encode(fork)))
    assert receipt.events[0].name == "relay.client_frozen"
    assert client_of(world).status == "FROZEN"
    remote.extend()
    assert world.submit("stranger", remote.shown(2, 3)).code == "relay-client-frozen"


def test_attested_heights_are_learnt_in_order_of_time() -> None:
    """lightclient: 'another time for a height already attested' and a higher one not later are misbehaviour."""
    world = attested.followed()
    must(world, "stranger", attested.shown(12, NOW_MS - 2_000))
    assert world.submit("stranger", attested.shown(12, NOW_MS - 2_000)).code == "relay-update-known"
    assert world.submit("stranger", attested.shown(13, NOW_MS + 10_000)).code == "relay-header-ahead"
    must(world, "stranger", attested.shown(11, NOW_MS - 1_000))
    assert client_of(world, attested.CLIENT_ID).status == "FROZEN"


def test_every_bit_of_an_update_counts() -> None:
    """Issue, bad input: forged header; a changed bit anywhere is refused with a code of the operation."""
    remote = Remote(4)
    remote.extend()
    world = connected(remote)
    good = remote.shown(0, 1)
    for place in range(0, len(good.update), 7):
        bad = good.update[:place] + bytes([good.update[place] ^ 1]) + good.update[place + 1 :]
        code = world.submit("stranger", UpdateClient(CLIENT_ID, 0, bad)).code
        assert code.startswith("relay-"), (place, code)
    must(world, "stranger", good)
