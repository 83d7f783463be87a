"""Whether a client may be relied on now."""

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from contracts.relay.record import ClientRecord, read_client


def existing_client(client_id: str, state: State) -> ClientRecord:
    """The client that an operation names.

    Raises:
        OperationFailed: ``relay-client-unknown``.
    """
    found = read_client(state, client_id)
    if found is None:
        raise OperationFailed("relay-client-unknown", f"this chain has no client {client_id}")
    return found


def active_client(client_id: str, context: Context, state: State) -> ClientRecord:
    """The client, which may vouch for its chain at the block's time.

    Raises:
        OperationFailed: ``relay-client-unknown``, ``relay-client-frozen`` or ``relay-client-expired``.
    """
    found = existing_client(client_id, state)
    if found.status == "FROZEN":
        raise OperationFailed("relay-client-frozen", f"{client_id} is frozen: {found.chain_id} contradicted itself")
    if has_expired(found, context):
        raise OperationFailed("relay-client-expired", f"{client_id} expired at {found.expires_ms()}")
    return found


def connected_client(client_id: str, context: Context, state: State) -> ClientRecord:
    """The client, active, and with its counterparty on the other chain registered.

    Raises:
        OperationFailed: as ``active_client``, or ``relay-counterparty-unknown``.
    """
    found = active_client(client_id, context, state)
    if not found.counterparty_client:
        raise OperationFailed("relay-counterparty-unknown", f"no counterparty of {client_id} is registered")
    return found


def has_expired(client: ClientRecord, context: Context) -> bool:
    """Whether the newest header that the client verified is as old as its trusting period."""
    return client.expires_ms() <= context.time_ms
