"""A chain introduces itself by a header that stands on its genesis block."""

from types import SimpleNamespace

import pytest

from chainnode.lightclient.client_state import PlacedHeader
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.own_chain import consensus_state_of
from chainnode.relayer.introduction import introduction
from tests.support.local_chain import CHAIN_ID, GENESIS_HASH, LocalChain
from tests.unit.chain.test_epochs import _extend

HEIGHT = 3


class LedgerClient:
    """A node's client over a ledger in memory, which may tell another genesis hash."""

    def __init__(self, chain: LocalChain, genesis_hash: bytes) -> None:
        self._chain = chain
        self._genesis_hash = genesis_hash

    async def status(self) -> SimpleNamespace:
        return SimpleNamespace(chain_id=CHAIN_ID, genesis_hash=self._genesis_hash.hex(), height=HEIGHT)

    async def light_header(self, height: int) -> PlacedHeader:
        header, ancestry = self._chain.queries.light.beginning(height)
        return PlacedHeader(header, ancestry)


@pytest.fixture(scope="module")
def chain() -> LocalChain:
    made = LocalChain()
    for _ in range(HEIGHT):
        _extend(made.ledger, [])
    return made


async def test_introduction_names_the_newest_header_of_the_chain(chain: LocalChain) -> None:
    """README: the operation by which another chain begins to follow this one, and the hash that people compare."""
    made, header_hash = await introduction(LedgerClient(chain, GENESIS_HASH))  # type: ignore[arg-type]
    assert (made.chain_id, made.genesis_hash) == (CHAIN_ID, GENESIS_HASH)
    assert consensus_state_of(made.header).height == HEIGHT
    assert consensus_state_of(made.header).block_hash == header_hash


async def test_introduction_is_refused_when_the_header_does_not_stand_on_the_genesis_block(chain: LocalChain) -> None:
    """The node that is asked is not believed."""
    with pytest.raises(LightClientError) as found:
        await introduction(LedgerClient(chain, bytes(32)))  # type: ignore[arg-type]
    assert found.value.code == "genesis-hash"
