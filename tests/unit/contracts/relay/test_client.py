"""Clients begin, are connected, and are set on their feet again."""

import msgspec
import pytest

from chainnode.codec.canonical import encode
from contracts.governance.operations_proposal import Propose
from contracts.kernel.operation import encode_operation
from contracts.kernel.registry import OPERATIONS
from contracts.relay.consensus_state import kept_list, read_consensus
from contracts.relay.operations import RecoverAttestationClient, RecoverClient, RegisterCounterparty
from contracts.relay.path import PREFIX
from contracts.relay.record import read_client_count
from tests.support.light_chain import turning_chain
from tests.support.small_chain import TIME_MS
from tests.unit.contracts.relay import attested
from tests.unit.contracts.relay.connected import CLIENT_ID, THEIRS
from tests.unit.contracts.relay.remote import (
    NOW_MS,
    PERIOD_MS,
    Remote,
    beginning,
    client_of,
    connected,
    contradiction,
    following,
    must,
)
from tests.unit.contracts.world import World


def test_client_begins_with_the_agreed_header_and_its_list() -> None:
    """client: 'everything that a client later believes rests on the header that it begins with'."""
    remote = Remote(4)
    world = following(remote)
    client = client_of(world)
    assert (client.client_id, client.status, client.heights) == (CLIENT_ID, "ACTIVE", (0,))
    assert client.latest_ms == TIME_MS
    assert kept_list(client, client.lists[0], world.overlay) == encode(remote.sets[0])
    assert read_client_count(world.overlay) == 1


def test_client_begins_with_a_later_header_that_stands_on_the_genesis() -> None:
    """operations: the path leads from the genesis hash to the header's history root."""
    remote = Remote(4)
    remote.extend()
    remote.extend()
    good = beginning(remote, header=remote.headers[2], genesis_path=remote.path(2, 0))
    world = World()
    world.time_ms = NOW_MS
    must(world, "governor", good)
    assert client_of(world).heights == (2,)
    for wrong in (
        msgspec.structs.replace(good, genesis_path=()),
        msgspec.structs.replace(good, genesis_hash=bytes(32)),
    ):
        assert world.submit("governor", wrong).code == "relay-header-history"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"header": b"\x90"}, "relay-header-malformed"),
        ({"chain_id": "elsewhere"}, "relay-header-chain"),
        ({"validators": encode(turning_chain(1).sets[1])}, "relay-validators-differ"),
        ({"validators": b"\x90"}, "relay-validators-differ"),
    ],
)
def test_client_does_not_begin_with_what_does_not_fit(changes: dict[str, object], code: str) -> None:
    """Issue, bad input: header of another chain with the same name, forged header."""
    world = World()
    world.time_ms = NOW_MS
    assert world.submit("governor", beginning(Remote(4), **changes)).code == code
    assert read_client_count(world.overlay) == 0


@pytest.mark.parametrize(
    ("time_ms", "code"),
    [
        (TIME_MS - 10_000, "relay-header-ahead"),
        (TIME_MS - 9_999, "ok"),
        (TIME_MS + PERIOD_MS, "relay-header-expired"),
        (TIME_MS + PERIOD_MS - 1, "ok"),
    ],
)
def test_client_begins_within_drift_and_period(time_ms: int, code: str) -> None:
    """client: neither with a header of the future nor with one that has expired."""
    world = World()
    world.time_ms = time_ms
    assert world.submit("governor", beginning(Remote(4))).code == code


def test_clients_are_a_matter_of_the_consortium() -> None:
    """client: 'by vote of the consortium'; nobody else, and a proposal may carry each of them."""
    world = World()
    world.time_ms = NOW_MS
    assert world.submit("member", beginning(Remote(4))).code == "role-missing"
    for name in (
        "relay.create_client",
        "relay.create_attestation_client",
        "relay.register_counterparty",
        "relay.recover_client",
        "relay.recover_attestation_client",
    ):
        assert OPERATIONS[name].by_proposal
        assert OPERATIONS[name].rule.kind == "MAJORITY"
    carried = Propose("Follow small", (encode_operation(beginning(Remote(4))),), 86_400_000)
    assert world.submit("governor", carried).code == "ok"


def test_counterparty_is_registered_once() -> None:
    """operations: 'say, once, which client of the other chain follows this one'."""
    world = connected(Remote(4))
    assert (client_of(world).counterparty_client, client_of(world).counterparty_prefix) == (THEIRS, PREFIX)
    again = RegisterCounterparty(CLIENT_ID, "chainnode-7")
    assert world.submit("governor", again).code == "relay-counterparty-registered"


def test_frozen_client_goes_on_from_a_fresh_header_and_forgets_the_old_ones() -> None:
    """Reliability X4, X2: 'governance recovery only'."""
    remote = Remote(4)
    remote.extend()
    remote.extend()
    world = connected(remote)
    must(world, "stranger", remote.shown(0, 1), contradiction(remote, 2))
    must(world, "governor", RecoverClient(CLIENT_ID, remote.headers[2], remote.path(2, 0), encode(remote.sets[0])))
    client = client_of(world)
    assert (client.status, client.heights, client.recovered_height) == ("ACTIVE", (2,), world.height)
    assert client.counterparty_client == THEIRS
    assert [read_consensus(world.overlay, CLIENT_ID, height) is None for height in (0, 1, 2)] == [True, True, False]
    remote.extend()
    must(world, "stranger", remote.shown(2, 3))


def test_expired_client_is_recovered_and_a_sound_one_is_not() -> None:
    """client: 'a frozen or expired client'."""
    remote = Remote(4)
    world = connected(remote)
    recover = RecoverClient(CLIENT_ID, remote.headers[0], ())
    assert world.submit("governor", recover).code == "relay-client-alive"
    world.time_ms = TIME_MS + PERIOD_MS
    assert world.submit("governor", recover).code == "relay-header-expired"


def test_attestation_client_is_recovered_with_new_keys() -> None:
    """operations: 'give a frozen or expired client its keys anew'."""
    world = attested.followed()
    must(world, "stranger", attested.shown(11, NOW_MS - 1_000))
    must(world, "stranger", attested.shown(11, NOW_MS - 999))
    assert client_of(world, attested.CLIENT_ID).status == "FROZEN"
    keys = (attested.STRANGER.public_key,)
    must(world, "governor", RecoverAttestationClient(attested.CLIENT_ID, keys, 1, 12, NOW_MS))
    client = client_of(world, attested.CLIENT_ID)
    assert (client.status, client.attestors, client.heights) == ("ACTIVE", keys, (12,))
    assert world.submit("stranger", attested.shown(13, NOW_MS + 1)).code == "relay-attestor-unknown"
