"""Clients follow their table: every row is taken, every other step refused, in whatever order the steps come.

Creating is no step on an existing client: it makes another one. So each machine's clients are created first.
"""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainnode.types.receipt import OK, Receipt
from contracts.kernel.operation import Operation
from contracts.relay.operations import (
    CreateAttestationClient,
    RecoverAttestationClient,
    SubmitMisbehaviour,
    UpdateClient,
)
from contracts.relay.record import CLIENT, read_client
from tests.unit.contracts.relay import attested
from tests.unit.contracts.relay.remote import NOW_MS, must
from tests.unit.contracts.world import World

PERIOD_MS = 60_000
IDS = ("attestation-1", "attestation-2")
KEYS = tuple(key.public_key for key in attested.KEYS)


class Clients(World):
    """Two attestation clients, a counter for heights, and a clock that this test moves."""

    def __init__(self, count: int = 2) -> None:
        super().__init__()
        self.time_ms = NOW_MS
        self.at = 10
        for _ in range(count):
            create = CreateAttestationClient(attested.FOREIGN, KEYS, 2, self.at, NOW_MS, trusting_period_ms=PERIOD_MS)
            must(self, "governor", create)

    def status(self, client_id: str) -> str | None:
        found = read_client(self.overlay, client_id)
        return None if found is None else found.status

    def latest_ms(self, client_id: str) -> int:
        found = read_client(self.overlay, client_id)
        return self.time_ms if found is None else found.latest_ms


def update(world: Clients, client_id: str) -> Operation:
    world.at += 1
    world.time_ms = max(world.time_ms, world.latest_ms(client_id)) + 1
    return UpdateClient(client_id, 0, attested.state_word(world.at, world.time_ms, client_id=client_id))


def freeze(world: Clients, client_id: str) -> Operation:
    world.at += 1
    words = [attested.state_word(world.at, world.time_ms + more, client_id=client_id) for more in (0, 1)]
    return SubmitMisbehaviour(client_id, 0, "states", words[0], words[1])


def recover(world: Clients, client_id: str) -> Operation:
    return RecoverAttestationClient(client_id, KEYS, 2, world.at, world.time_ms)


def expire_and_recover(world: Clients, client_id: str) -> Operation:
    world.time_ms = max(world.time_ms, world.latest_ms(client_id) + PERIOD_MS)
    return recover(world, client_id)


STEPS: dict[str, Callable[[Clients, str], Operation]] = {
    "update": update,
    "freeze": freeze,
    "recover": expire_and_recover,
}


def attempt(world: Clients, client_id: str, action: str) -> Receipt:
    """One step, held to the table; a client that has expired meanwhile says so, and recovers."""
    operation = STEPS[action](world, client_id)
    before, content = world.status(client_id), dict(world.content())
    found = read_client(world.overlay, client_id)
    expired = found is not None and found.expires_ms() <= world.time_ms
    receipt = world.submit("governor" if action == "recover" else "stranger", operation)
    after = CLIENT.after(before, action)
    if before is None:
        assert receipt.code == "relay-client-unknown"
    elif expired and before == "ACTIVE" and action != "recover":
        assert receipt.code == "relay-client-expired"
    elif after is None:
        assert receipt.code == CLIENT.code
    else:
        assert (receipt.code, world.status(client_id)) == (OK, after), receipt.info
    if receipt.code != OK:
        assert world.content() == content
    return receipt


@pytest.mark.parametrize("status", [None, *CLIENT.statuses()])
@pytest.mark.parametrize("action", sorted(STEPS))
def test_every_row_is_taken_and_every_other_step_refused(status: str | None, action: str) -> None:
    """record: the table ``CLIENT``."""
    assert {row[1] for row in CLIENT.transitions} == {*STEPS, "create"}
    world = Clients(0 if status is None else 1)
    if status == "FROZEN":
        must(world, "stranger", freeze(world, IDS[0]))
    assert world.status(IDS[0]) == status
    attempt(world, IDS[0], action)


def test_sound_client_is_not_recovered() -> None:
    """record: the row ``ACTIVE, recover`` is for a client that has expired."""
    world = Clients(1)
    assert world.submit("governor", recover(world, IDS[0])).code == "relay-client-alive"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(sorted(STEPS))), max_size=12))
def test_clients_keep_to_their_table_and_leave_each_other_alone(steps: list[tuple[str, str]]) -> None:
    """standing: a frozen client refuses all but its recovery; what happens to one says nothing about another."""
    world = Clients()
    for client_id, action in steps:
        other = IDS[client_id == IDS[0]]
        before = world.status(other)
        attempt(world, client_id, action)
        assert world.status(other) == before
