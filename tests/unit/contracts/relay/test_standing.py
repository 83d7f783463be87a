"""Whether a client may be relied on now."""

import pytest

from contracts.kernel.outcome import OperationFailed
from contracts.relay.standing import active_client, connected_client, existing_client, has_expired
from tests.unit.contracts.relay.connected import CLIENT_ID, DAY_MS, chain, client, context
from tests.unit.contracts.world import TIME_MS


@pytest.mark.parametrize(
    ("changes", "time_ms", "code"),
    [
        ({"client_id": "chainnode-7"}, TIME_MS, "relay-client-unknown"),
        ({"status": "FROZEN"}, TIME_MS, "relay-client-frozen"),
        ({}, TIME_MS + DAY_MS, "relay-client-expired"),
        ({"counterparty_client": ""}, TIME_MS, "relay-counterparty-unknown"),
    ],
)
def test_client_is_not_relied_on(changes: dict[str, object], time_ms: int, code: str) -> None:
    """standing: unknown, frozen, expired or without a counterparty, each with its code."""
    with pytest.raises(OperationFailed) as refusal:
        connected_client(CLIENT_ID, context(time_ms=time_ms), chain(**changes))
    assert refusal.value.code == code


def test_client_is_relied_on_until_the_last_millisecond() -> None:
    """Issue, bad input: an expired client is refused."""
    last = context(time_ms=TIME_MS + DAY_MS - 1)
    assert connected_client(CLIENT_ID, last, chain()) == client()
    assert not has_expired(client(), last)
    assert has_expired(client(), context(time_ms=TIME_MS + DAY_MS))


def test_frozen_or_lonely_client_exists() -> None:
    """standing: governance reaches it all the same."""
    assert existing_client(CLIENT_ID, chain(status="FROZEN")).status == "FROZEN"
    assert active_client(CLIENT_ID, context(), chain(counterparty_client="")).counterparty_client == ""
