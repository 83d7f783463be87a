"""Proofs are verified before anybody else sees them."""

import pytest

from chainnode.codec.canonical import encode
from chainnode.lightclient.own_chain import consensus_state_of
from chainnode.relayer.operation import key_of, prepare
from chainnode.relayer.plan import Step
from contracts.relay.operations import TimeOutPacket
from contracts.relay.path import acknowledgement_key, commitment_key, receipt_key
from tests.support.local_chain import LocalChain
from tests.unit.relayer.test_plan import TIMEOUT_S, answer, packet


class LedgerChain:
    """The port of a relayer over a ledger in memory."""

    def __init__(self, chain: LocalChain) -> None:
        self._chain = chain

    async def proofs(self, keys: list[bytes], height: int) -> list[bytes]:
        return [encode(proof) for proof in self._chain.queries.prove_paths(keys, height - 1)]


@pytest.fixture(scope="module")
def chain() -> LocalChain:
    """Nothing was ever sent or received on it."""
    made = LocalChain()
    made.grow(8)
    return made


def test_each_step_is_proved_by_its_own_key() -> None:
    """Commitment of what was sent, answer to it, or that no receipt stands: with the peer's client in the path."""
    assert key_of(Step("receive", packet())) == commitment_key("chainnode-1", 1)
    assert key_of(Step("acknowledge", packet(), answer(3))) == acknowledgement_key("chainnode-2", 1)
    assert key_of(Step("time-out", packet())) == receipt_key("chainnode-2", 1)


async def test_absence_is_proved_and_what_is_not_there_is_not_submitted(chain: LocalChain) -> None:
    """A node that invents a packet or an answer costs a request and no transaction."""
    state = consensus_state_of(chain.queries.header(7))
    steps = [
        Step("time-out", packet()),
        Step("receive", packet(sent_height=3)),
        Step("acknowledge", packet(), answer(3)),
    ]
    found = await prepare(steps, state, "chainnode-1", LedgerChain(chain))  # type: ignore[arg-type]
    assert state.time_ms >= TIMEOUT_S * 1_000
    [ready] = found.ready
    assert ready.step is steps[0]
    assert isinstance(ready.operation, TimeOutPacket)
    assert (ready.operation.sequence, ready.operation.proof_height) == (1, 7)
    assert [step for step, _ in found.refused] == steps[1:]
    assert {code for _, code in found.refused} <= {"proof-kind", "root-mismatch"}


@pytest.mark.parametrize(
    "step", [Step("receive", packet(sent_height=7)), Step("acknowledge", packet(), answer(7))], ids=["sent", "answered"]
)
async def test_what_the_header_does_not_cover_yet_waits(chain: LocalChain, step: Step) -> None:
    """A header commits to the state before its block; such a step is neither ready nor refused."""
    state = consensus_state_of(chain.queries.header(7))
    found = await prepare([step], state, "chainnode-1", LedgerChain(chain))  # type: ignore[arg-type]
    assert (found.ready, found.refused) == ([], [])
