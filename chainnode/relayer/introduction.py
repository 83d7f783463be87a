"""How a chain introduces itself to another one: by the header that a light client of it begins with.

The node that is asked is not believed: the header must stand on the genesis block. Whether that is the chain which was
meant, and the header one that it decided, only people can tell, by the two hashes.
"""

from chainnode.lightclient.client_state import ClientOptions
from chainnode.lightclient.verification import begin
from chainnode.sdk.client import Client
from chainnode.sdk.errors import Unavailable
from contracts.relay.operations import CreateClient


async def introduction(client: Client) -> tuple[CreateClient, bytes]:
    """The operation that begins to follow the chain of ``client`` at its newest header, and that header's hash.

    Raises:
        LightClientError: the node's answer contradicts itself.
        ChainError: as the client's.
    """
    status = await client.status()
    try:
        genesis_hash = bytes.fromhex(status.genesis_hash)
    except ValueError as error:
        raise Unavailable("bad-answer", f"the node's genesis hash cannot be read: {error}") from error
    first = await client.light_header(status.height)
    made = CreateClient(status.chain_id, genesis_hash, first.header, first.ancestry)
    options = ClientOptions(made.chain_id, genesis_hash, made.trusting_period_ms, made.clock_drift_ms)
    return made, begin(made.header, made.genesis_path, options).block_hash
