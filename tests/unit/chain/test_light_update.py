"""What a node shows to light clients of its chain, checked by their own rules."""

import msgspec
import pytest

from chainnode.chain.light_update import LightUpdates
from chainnode.codec.canonical import encode
from chainnode.errors import NotFound, Rejected
from chainnode.lightclient.client_state import ClientOptions
from chainnode.lightclient.membership import verify_membership
from chainnode.lightclient.own_chain import consensus_state_of
from chainnode.lightclient.verification import begin, verify, verify_past
from chainnode.types.validator_set import ValidatorList
from contracts.governance.operations import RemoveValidator
from tests.support.local_chain import CHAIN_ID, CONSENSUS_KEYS, GENESIS_HASH, LocalChain, consortium_transaction
from tests.unit.chain.test_epochs import BOUNDARY, _extend

OPTIONS = ClientOptions(CHAIN_ID, GENESIS_HASH, 86_400_000)


@pytest.fixture(scope="module")
def chain() -> LocalChain:
    """Validator 1 leaves with block 100."""
    made = LocalChain()
    for height in range(1, BOUNDARY + 4):
        leaving = RemoveValidator(CONSENSUS_KEYS[1].public_key)
        _extend(made.ledger, [consortium_transaction(leaving, valid_until=60)] if height == 50 else [])
    return made


@pytest.mark.parametrize(
    ("trusted", "height"), [(0, 1), (1, 60), (99, 100), (100, 101), (50, 102), (100, 103), (101, 103)]
)
def test_client_accepts_what_a_ledger_shows_it(chain: LocalChain, trusted: int, height: int) -> None:
    """Within an epoch, to the next one by its last header, and over it with members of both."""
    light = chain.queries.light
    header, path = light.beginning(trusted)
    state = begin(header, path, OPTIONS)
    update = light.update(trusted, height)
    found = verify(state, update, OPTIONS, chain.now_ms)
    assert found == consensus_state_of(chain.queries.header(height))
    crossed = trusted < BOUNDARY < height
    assert bool(update.trusted_validators) == crossed
    older, path = light.past(trusted, height)
    assert verify_past(found, older, path, OPTIONS, chain.now_ms) == state


def test_client_sees_state_by_the_update_after_it(chain: LocalChain) -> None:
    """The root in the header at h is that of the ledger after block h - 1."""
    light, tip = chain.queries.light, chain.ledger.tip.height
    state = verify(begin(*light.beginning(99), OPTIONS), light.update(99, tip), OPTIONS, chain.now_ms)
    key = b"governance/validators"
    value = chain.queries.state(key)
    assert value is not None
    assert msgspec.msgpack.decode(value, type=ValidatorList).epoch == 1
    verify_membership(state, key, value, encode(chain.ledger.tree.prove(tip - 1, key)))


def test_heights_are_refused_when_they_do_not_rise_or_are_not_there(chain: LocalChain) -> None:
    """What is asked for by strangers is answered by a code."""
    light, tip = LightUpdates(chain.ledger.store), chain.ledger.tip.height
    for trusted, height in ((5, 5), (6, 5), (-1, 5)):
        with pytest.raises(Rejected) as caught:
            light.update(trusted, height)
        assert caught.value.code == "light-heights"
    above = tip + 1
    for asked in (lambda: light.update(5, above), lambda: light.beginning(above), lambda: light.ancestry(1, above)):
        with pytest.raises(NotFound) as missing:
            asked()
        assert missing.value.code == "block-not-found"
    with pytest.raises(Rejected):
        light.past(7, 7)
