"""What freezes a client, and what does not."""

import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.lightclient.client_state import ConsensusState, Untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.misbehaviour import check_misbehaviour, conflict
from chainnode.types.block import decode_header
from chainnode.types.validator_set import validators_hash
from tests.support.light_chain import NOW_MS, PERIOD_MS, LightChain, certificate_by, members, turning_chain


@pytest.fixture(scope="module")
def chain() -> LightChain:
    return turning_chain()


def shown(update: Untrusted) -> Untrusted:
    """A header of an update, as it is shown for misbehaviour: without its history."""
    return msgspec.structs.replace(update, ancestry=())


def rival(chain: LightChain, trusted: int, height: int, **fields: object) -> Untrusted:
    """Another header at this height, which a quorum of the same set signed as well."""
    update = chain.update(trusted, height)
    header = encode(msgspec.structs.replace(decode_header(update.header), **fields))
    validators = chain.sets[decode_header(header).epoch]
    names = [member.name for member in validators.validators[:3]]
    decision = certificate_by(header, validators, names)
    return msgspec.structs.replace(update, header=header, decision=decision, ancestry=())


def refused(
    trusted: ConsensusState, first: Untrusted, second: Untrusted, chain: LightChain, *, now_ms: int = NOW_MS
) -> str:
    with pytest.raises(LightClientError) as caught:
        check_misbehaviour(trusted, first, second, chain.options, now_ms)
    return caught.value.code


@pytest.mark.parametrize(("trusted", "height"), [(0, 2), (3, 5), (2, 8), (5, 5), (6, 4)])
def test_two_decided_blocks_of_one_height_are_misbehaviour(chain: LightChain, trusted: int, height: int) -> None:
    """Whichever comes first, in the trusted header's set or a later one; also at and below the trusted height."""
    first = shown(chain.update(trusted, height))
    second = rival(chain, trusted, height, prev_state_root=bytes(32))
    check_misbehaviour(chain.trusted(trusted), first, second, chain.options, NOW_MS)
    check_misbehaviour(chain.trusted(trusted), second, first, chain.options, NOW_MS)


def test_higher_block_that_is_not_later_is_misbehaviour(chain: LightChain) -> None:
    """Time goes on with every block."""
    first = shown(chain.update(0, 2))
    time_ms = decode_header(first.header).time_ms
    check_misbehaviour(chain.trusted(0), first, rival(chain, 0, 3, time_ms=time_ms), chain.options, NOW_MS)
    later = rival(chain, 0, 3, time_ms=time_ms + 1)
    assert refused(chain.trusted(0), first, later, chain) == "no-conflict"


def test_headers_of_one_chain_are_no_misbehaviour(chain: LightChain) -> None:
    """The same block twice, or two that follow each other, even certified by other members."""
    first = shown(chain.update(0, 2))
    assert refused(chain.trusted(0), first, first, chain) == "no-conflict"
    assert refused(chain.trusted(0), first, shown(chain.update(0, 3)), chain) == "no-conflict"
    names = [member.name for member in chain.sets[0].validators]
    again = msgspec.structs.replace(first, decision=chain.certified_by(2, names[1:]))
    assert refused(chain.trusted(0), first, again, chain) == "no-conflict"


def test_client_is_not_frozen_when_a_header_was_not_decided(chain: LightChain) -> None:
    """Otherwise anybody could stop the traffic between two chains."""
    trusted, first = chain.trusted(0), shown(chain.update(0, 2))
    second = rival(chain, 0, 2, prev_state_root=bytes(32))
    few = certificate_by(second.header, chain.sets[0], [m.name for m in chain.sets[0].validators[:2]])
    assert refused(trusted, first, msgspec.structs.replace(second, decision=few), chain) == "certificate-no-quorum"
    assert refused(trusted, first, msgspec.structs.replace(second, decision=first.decision), chain) == (
        "certificate-block"
    )
    own = members(9, "mallory-1", "mallory-2", "mallory-3", "mallory-4")
    header = encode(
        msgspec.structs.replace(decode_header(second.header), epoch=9, validators_hash=validators_hash(own))
    )
    made = Untrusted(
        header,
        "certificate",
        certificate_by(header, own, [m.name for m in own.validators]),
        encode(own),
        encode(chain.sets[0]),
    )
    assert refused(trusted, first, made, chain) == "overlap"


def test_misbehaviour_is_refused_when_it_is_of_another_chain_late_or_carries_more(chain: LightChain) -> None:
    """The bounds of an update hold here too."""
    trusted, first = chain.trusted(0), shown(chain.update(0, 2))
    second = rival(chain, 0, 2, prev_state_root=bytes(32))
    assert refused(trusted, rival(chain, 0, 2, chain_id="other"), second, chain) == "chain-id"
    assert refused(trusted, chain.update(0, 2), second, chain) == "ancestry-unbound"
    end = trusted.time_ms + PERIOD_MS
    assert refused(trusted, first, second, chain, now_ms=end) == "client-expired"
    assert refused(trusted, msgspec.structs.replace(first, header=b"\x90"), second, chain) == "header-malformed"


def test_states_conflict_when_they_cannot_be_of_one_chain(chain: LightChain) -> None:
    """The rule itself, for states that were verified one after the other."""
    low, high = chain.trusted(2), chain.trusted(3)
    assert not conflict(low, high) and not conflict(high, low) and not conflict(low, low)
    assert conflict(low, msgspec.structs.replace(low, block_hash=bytes(32)))
    assert conflict(low, msgspec.structs.replace(high, time_ms=low.time_ms))
    assert conflict(msgspec.structs.replace(high, time_ms=low.time_ms), low)
