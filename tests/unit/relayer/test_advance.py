"""How a client is brought to a header: by steps that its own rules accept."""

import msgspec
import pytest

from chainnode.lightclient.client_state import ClientOptions, ConsensusState, Untrusted, decode_untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.own_chain import consensus_state_of
from chainnode.lightclient.verification import begin, verify
from chainnode.relayer.advance import STEPS_MAX, advance
from contracts.governance.operations import RemoveValidator
from contracts.relay.client import options_of
from contracts.relay.record import ClientRecord
from tests.support.local_chain import CHAIN_ID, CONSENSUS_KEYS, GENESIS_HASH, LocalChain, consortium_transaction
from tests.unit.chain.test_epochs import BOUNDARY, _extend

TRUSTING_MS = 86_400_000
OPTIONS = ClientOptions(CHAIN_ID, GENESIS_HASH, TRUSTING_MS)


class LedgerChain:
    """The port of a relayer over a ledger in memory; ``reach`` blocks are what one step may bridge."""

    def __init__(self, chain: LocalChain, reach: int = 1_000) -> None:
        self._chain = chain
        self._reach = reach
        self.asked: list[tuple[int, int]] = []

    async def update(self, trusted: int, height: int) -> Untrusted:
        self.asked.append((trusted, height))
        if height - trusted > self._reach:
            raise LightClientError("overlap", "too few members of the trusted set signed")
        return self._chain.queries.light.update(trusted, height)


@pytest.fixture(scope="module")
def chain() -> LocalChain:
    """Validator 1 leaves with block 100."""
    made = LocalChain()
    for height in range(1, BOUNDARY + 4):
        leaving = RemoveValidator(CONSENSUS_KEYS[1].public_key)
        _extend(made.ledger, [consortium_transaction(leaving, valid_until=60)] if height == 50 else [])
    return made


def client_of(*lists: bytes) -> ClientRecord:
    return ClientRecord(
        client_id="chainnode-1",
        kind="chainnode",
        chain_id=CHAIN_ID,
        status="ACTIVE",
        latest_height=1,
        latest_ms=1,
        trusting_period_ms=TRUSTING_MS,
        clock_drift_ms=10_000,
        genesis_hash=GENESIS_HASH,
        attestors=(),
        threshold=0,
        keep_all=False,
        heights=(1,),
        lists=lists,
        counterparty_client="chainnode-1",
        counterparty_prefix=b"",
        created_height=1,
        recovered_height=0,
    )


def state_at(chain: LocalChain, height: int) -> ConsensusState:
    header, path = chain.queries.light.beginning(height)
    return begin(header, path, OPTIONS)


async def test_one_step_leads_over_an_epoch_where_enough_known_members_signed(chain: LocalChain) -> None:
    """Skipping verification: three of four stay."""
    client, trusted = client_of(), state_at(chain, 1)
    found = await advance(client, trusted, BOUNDARY + 3, LedgerChain(chain), chain.now_ms)  # type: ignore[arg-type]
    [step] = found.steps
    assert (step.client_id, step.trusted_height) == ("chainnode-1", 1)
    assert verify(trusted, decode_untrusted(step.update), options_of(client), chain.now_ms) == found.reached
    assert found.reached == consensus_state_of(chain.queries.header(BOUNDARY + 3))


async def test_header_between_is_taken_where_a_step_is_too_wide(chain: LocalChain) -> None:
    """Halved until it holds, and each step rests on the one before."""
    followed = LedgerChain(chain, reach=30)
    found = await advance(client_of(), state_at(chain, 1), BOUNDARY, followed, chain.now_ms)  # type: ignore[arg-type]
    assert 1 < len(found.steps) <= STEPS_MAX
    state = state_at(chain, 1)
    for step in found.steps:
        assert step.trusted_height == state.height
        own = decode_untrusted(step.update)
        # A list that an earlier step brought does not travel again.
        full = chain.queries.light.update(state.height, consensus_state_of(own.header).height)
        state = verify(state, full, OPTIONS, chain.now_ms)
    assert state == found.reached
    assert [bool(decode_untrusted(step.update).validators) for step in found.steps] == [
        at == 0 for at in range(len(found.steps))
    ]


async def test_no_more_steps_than_one_transaction_takes(chain: LocalChain) -> None:
    """The next transaction goes on from there."""
    followed = LedgerChain(chain, reach=4)
    found = await advance(client_of(), state_at(chain, 1), BOUNDARY, followed, chain.now_ms)  # type: ignore[arg-type]
    assert len(found.steps) == STEPS_MAX
    assert 1 < found.reached.height < BOUNDARY


async def test_known_list_stays_at_home(chain: LocalChain) -> None:
    """A list that the client keeps may be left empty."""
    trusted = state_at(chain, 1)
    client = client_of(trusted.validators_hash)
    found = await advance(client, trusted, 60, LedgerChain(chain), chain.now_ms)  # type: ignore[arg-type]
    assert decode_untrusted(found.steps[0].update).validators == b""


async def test_what_the_client_would_refuse_is_not_submitted(chain: LocalChain) -> None:
    """A forged header costs a request and no transaction."""

    class Forger(LedgerChain):
        async def update(self, trusted: int, height: int) -> Untrusted:
            found = await super().update(trusted, height)
            return msgspec.structs.replace(found, ancestry=(b"\0" * 32, *found.ancestry[1:]))

    with pytest.raises(LightClientError) as caught:
        await advance(client_of(), state_at(chain, 1), 60, Forger(chain), chain.now_ms)  # type: ignore[arg-type]
    assert caught.value.code == "ancestry"


async def test_step_that_no_header_makes_possible_ends(chain: LocalChain) -> None:
    """Halving stops at the next header; it does not go on for ever."""
    followed = LedgerChain(chain, reach=0)
    with pytest.raises(LightClientError):
        await advance(client_of(), state_at(chain, 1), BOUNDARY, followed, chain.now_ms)  # type: ignore[arg-type]
    assert len(followed.asked) < 12
