"""From one trusted header to another, and every way in which that is refused."""

import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.lightclient.client_state import ClientOptions, ConsensusState, Untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.verification import begin, check_nearest, check_options, is_expired, verify, verify_past
from chainnode.types.block import decode_header
from consensus.certificates import decode_certificate, encode_certificate
from tests.support.light_chain import NOW_MS, PERIOD_MS, LightChain, members, turning_chain
from tests.support.small_chain import TIME_MS


@pytest.fixture(scope="module")
def chain() -> LightChain:
    """Sets change after blocks 3, 6, 9 and 12; one of four members each time."""
    return turning_chain()


def refused(trusted: ConsensusState, update: Untrusted, options: ClientOptions, now_ms: int = NOW_MS) -> str:
    with pytest.raises(LightClientError) as caught:
        verify(trusted, update, options, now_ms)
    return caught.value.code


def altered(update: Untrusted, **fields: object) -> Untrusted:
    return msgspec.structs.replace(update, **fields)


def forged(update: Untrusted, **fields: object) -> Untrusted:
    """The same update with another header, which nobody signed."""
    return altered(update, header=encode(msgspec.structs.replace(decode_header(update.header), **fields)))


def test_client_follows_its_chain_when_it_sees_every_header(chain: LightChain) -> None:
    """Also over four changes of the set, each named by the last header of an epoch."""
    state = begin(chain.headers[0], (), chain.options)
    for height in range(1, len(chain.headers)):
        state = verify(state, chain.update(height - 1, height), chain.options, NOW_MS)
        assert state == chain.trusted(height)


@pytest.mark.parametrize(("trusted", "height"), [(0, 2), (1, 3), (3, 4), (3, 6), (2, 6), (2, 8), (0, 9), (5, 10)])
def test_client_skips_headers_when_enough_of_its_members_signed(chain: LightChain, trusted: int, height: int) -> None:
    """The same set, the one named as next, or a later one with more than a third of it among the signers."""
    found = verify(chain.trusted(trusted), chain.update(trusted, height), chain.options, NOW_MS)
    assert found.block_hash == chain.trusted(height).block_hash


@pytest.mark.parametrize(("trusted", "height"), [(2, 10), (0, 13), (2, 14)])
def test_client_does_not_skip_when_too_few_of_its_members_signed(chain: LightChain, trusted: int, height: int) -> None:
    """One of four is no third: that one may be the faulty one."""
    assert refused(chain.trusted(trusted), chain.update(trusted, height), chain.options) == "overlap"


def test_signers_count_for_the_overlap_when_members_merely_stand_in_the_list(chain: LightChain) -> None:
    """Two of the four of epoch 0 are in epoch 2, but only the two newcomers and one of them signed."""
    later, trusted = chain.update(2, 8), chain.trusted(2)
    signers = [v.name for v in chain.sets[2].validators]
    some = chain.certified_by(8, signers[1:])
    assert refused(trusted, altered(later, decision=some), chain.options) == "overlap"
    everybody = chain.certified_by(8, signers)
    assert verify(trusted, altered(later, decision=everybody), chain.options, NOW_MS).height == 8


def test_full_trust_asks_for_more_when_the_options_say_so(chain: LightChain) -> None:
    """A consortium may ask for more than a third."""
    half = msgspec.structs.replace(chain.options, trust_numerator=1, trust_denominator=2)
    assert refused(chain.trusted(2), chain.update(2, 8), half) == "overlap"
    assert verify(chain.trusted(2), chain.update(2, 8), chain.options, NOW_MS).height == 8


@pytest.mark.parametrize(("numerator", "denominator"), [(1, 4), (33, 100), (4, 3), (2, 1)])
def test_trust_level_is_refused_when_it_could_hold_no_honest_member(numerator: int, denominator: int) -> None:
    """At least a third, at most the whole."""
    options = ClientOptions("small", bytes(32), 1, 0, numerator, denominator)
    with pytest.raises(LightClientError) as caught:
        check_options(options)
    assert caught.value.code == "trust-level"
    check_options(ClientOptions("small", bytes(32), 1, 0, 2, 3))


def test_header_is_refused_when_it_was_forged(chain: LightChain) -> None:
    """Nobody signed it, whatever it says."""
    update, trusted = chain.update(1, 2), chain.trusted(1)
    for fields, code in (
        ({"prev_state_root": bytes(32)}, "certificate-block"),
        ({"time_ms": TIME_MS + 1_999}, "certificate-block"),
        ({"history_root": bytes(32)}, "ancestry"),
        ({"height": 3}, "ancestry"),
        ({"chain_id": "smalL"}, "chain-id"),
        ({"epoch": 1}, "validators-hash"),
        ({"validators_hash": bytes(32)}, "epoch-set"),
        ({"validators_hash": bytes(32), "epoch": 1}, "trusted-validators-missing"),
        ({"version": 2}, "header-block-version"),
    ):
        assert refused(trusted, forged(update, **fields), chain.options) == code, fields


def test_header_is_refused_when_it_carries_more_than_is_hashed(chain: LightChain) -> None:
    """A field that no hash covers, or another way to write the same value: neither is the one encoding."""
    update, trusted = chain.update(1, 2), chain.trusted(1)
    fields = msgspec.msgpack.decode(update.header)
    assert (
        refused(trusted, altered(update, header=encode([*fields, b"extra"])), chain.options) == "header-not-canonical"
    )
    assert refused(trusted, altered(update, header=update.header + b"\xc0"), chain.options) == "header-malformed"
    assert refused(trusted, altered(update, header=b""), chain.options) == "header-malformed"
    certificate = msgspec.msgpack.decode(update.decision)
    longer = altered(update, decision=encode([*certificate, 1]))
    assert refused(trusted, longer, chain.options) in {"certificate-malformed", "certificate-not-canonical"}
    wider = altered(update, validators=update.validators + b"\x00")
    assert refused(trusted, wider, chain.options) == "validators-malformed"


def test_chain_of_the_same_name_is_refused_when_its_genesis_is_another(chain: LightChain) -> None:
    """The same keys, the same name, started again: every signature is right, and the history is not."""
    again = LightChain(4, genesis_ms=TIME_MS - 5)
    for _ in range(4):
        again.extend()
    assert again.sets[0] == chain.sets[0]
    assert refused(chain.trusted(1), again.update(1, 3), chain.options) == "ancestry"
    with pytest.raises(LightClientError) as caught:
        begin(again.headers[3], again.path(3, 0), chain.options)
    assert caught.value.code == "genesis-hash"
    for header, path in ((again.headers[0], ()), (chain.headers[0], (bytes(32),)), (chain.headers[3], ())):
        with pytest.raises(LightClientError) as caught:
            begin(header, path, chain.options)
        assert caught.value.code == "genesis-hash"


def test_client_begins_anywhere_when_the_header_stands_on_the_genesis(chain: LightChain) -> None:
    """Those who create a client agree on one hash of the chain's past, and on the header."""
    for height in (1, 2, 7, 15):
        assert begin(chain.headers[height], chain.path(height, 0), chain.options) == chain.trusted(height)
    other = msgspec.structs.replace(chain.options, chain_id="other")
    with pytest.raises(LightClientError) as caught:
        begin(chain.headers[2], chain.path(2, 0), other)
    assert caught.value.code == "chain-id"


def test_header_is_refused_when_too_few_signed_or_one_signed_twice(chain: LightChain) -> None:
    """Three of four; a bitmap cannot name anybody twice, a signature repeated does not verify."""
    update, trusted = chain.update(1, 2), chain.trusted(1)
    names = [v.name for v in chain.sets[0].validators]
    few = altered(update, decision=chain.certified_by(2, names[:2]))
    assert refused(trusted, few, chain.options) == "certificate-no-quorum"
    good = decode_certificate(update.decision)
    twice = msgspec.structs.replace(good, signatures=(good.signatures[0], *good.signatures[:2]))
    assert refused(trusted, altered(update, decision=encode_certificate(twice)), chain.options) == (
        "certificate-signature"
    )
    stranger = msgspec.structs.replace(good, signers=b"\x13")
    assert refused(trusted, altered(update, decision=encode_certificate(stranger)), chain.options) == (
        "certificate-unknown-signer"
    )
    assert refused(trusted, altered(update, decision_kind="seal"), chain.options) == "seal-malformed"


def test_list_is_refused_when_it_is_not_the_named_one(chain: LightChain) -> None:
    """Both lists are checked by hash, also where no rule needs the second."""
    update, trusted = chain.update(1, 2), chain.trusted(1)
    other = encode(members(0, "a", "b", "c", "d"))
    assert refused(trusted, altered(update, validators=other), chain.options) == "validators-hash"
    assert refused(trusted, altered(update, trusted_validators=other), chain.options) == "validators-hash"
    same = altered(update, trusted_validators=update.validators)
    assert verify(trusted, same, chain.options, NOW_MS).height == 2
    later = chain.update(2, 8)
    assert refused(chain.trusted(2), altered(later, trusted_validators=b""), chain.options) == (
        "trusted-validators-missing"
    )
    assert refused(chain.trusted(2), altered(later, trusted_validators=later.validators), chain.options) == (
        "validators-hash"
    )


def test_self_made_set_is_refused_when_it_signs_for_itself(chain: LightChain) -> None:
    """A quorum of its own list, in a later epoch, on the true history: only the trusted members are missing."""
    alone = LightChain(4)
    alone.sets.append(members(7, "mallory-1", "mallory-2", "mallory-3"))
    alone.extend(forged={"epoch": 7})
    header = alone.headers[1]
    update = Untrusted(
        header,
        "certificate",
        alone.certify(header, alone.sets[1]),
        encode(alone.sets[1]),
        encode(alone.sets[0]),
        alone.path(1, 0),
    )
    assert refused(alone.trusted(0), update, alone.options) == "overlap"


def test_second_set_of_an_epoch_is_refused(chain: LightChain) -> None:
    """The trusted header names the set of its epoch: another cannot have decided, whoever is in it."""
    update = chain.update(4, 5)
    for epoch in (0, 1):
        other = forged(update, validators_hash=bytes(32), epoch=epoch)
        assert refused(chain.trusted(4), other, chain.options) == "epoch-set"


def outdated(chain: LightChain, found: int, trusted: int, below: int | None, above: int | None) -> bool:
    """Whether the header at ``found`` is held back by what else is kept."""
    states = [None if height is None else chain.trusted(height) for height in (below, above)]
    try:
        check_nearest(chain.trusted(found), chain.trusted(trusted), *states)
    except LightClientError as error:
        assert error.code == "set-outdated"
        return True
    return False


def test_old_header_vouches_for_nothing_that_a_nearer_one_contradicts(chain: LightChain) -> None:
    """Sets change after 3, 6, 9 and 12: whoever left since must not decide by an old header that names them."""
    assert not outdated(chain, 5, 4, 4, None), "the nearest lower one is the trusted one: the rules of verify decide"
    assert not outdated(chain, 8, 2, 2, None), "skipping from the nearest, by overlap"
    assert not outdated(chain, 5, 1, 4, None), "another trusted one, but the nearest names the same set"
    assert not outdated(chain, 4, 1, 3, None), "... as its next one"
    assert outdated(chain, 8, 1, 5, None), "the nearest knows another set"
    assert outdated(chain, 2, 1, 4, None), "a block of the first set cannot stand above one of the second"
    assert not outdated(chain, 5, 4, 4, 6), "between two headers of its own set"
    assert outdated(chain, 3, 2, 2, 4), "the last block of a set comes by the history of the next one's"
    assert not outdated(chain, 5, 2, 5, 8), "in the place of a kept one: its set is what counts"
    forged_set = msgspec.structs.replace(chain.trusted(5), validators_hash=bytes(32))
    with pytest.raises(LightClientError):
        check_nearest(forged_set, chain.trusted(4), chain.trusted(5), None)
    assert not outdated(chain, 5, 9, None, 6), "below everything that is kept"


def test_client_is_expired_when_its_header_is_older_than_the_trusting_period(chain: LightChain) -> None:
    """At the very millisecond it is."""
    trusted = chain.trusted(1)
    end = trusted.time_ms + PERIOD_MS
    assert (is_expired(trusted, chain.options, end - 1), is_expired(trusted, chain.options, end)) == (False, True)
    assert refused(trusted, chain.update(1, 2), chain.options, end) == "client-expired"
    assert verify(trusted, chain.update(1, 2), chain.options, end - 1).height == 2
    with pytest.raises(LightClientError) as caught:
        verify_past(trusted, chain.headers[0], chain.path(1, 0), chain.options, end)
    assert caught.value.code == "client-expired"


def test_header_is_refused_when_its_time_is_ahead_of_ours(chain: LightChain) -> None:
    """Less than the drift ahead is accepted, the drift itself is not."""
    time_ms = chain.trusted(2).time_ms
    limit = time_ms - chain.options.clock_drift_ms
    assert refused(chain.trusted(1), chain.update(1, 2), chain.options, limit) == "time-ahead"
    assert verify(chain.trusted(1), chain.update(1, 2), chain.options, limit + 1).height == 2


def test_header_is_refused_when_it_is_stale_or_not_later(chain: LightChain) -> None:
    """An update leads upwards, and time with it."""
    assert refused(chain.trusted(2), chain.update(1, 2), chain.options) == "height-not-above"
    assert refused(chain.trusted(3), chain.update(1, 2), chain.options) == "height-not-above"
    slow = LightChain(4)
    slow.extend()
    slow.extend(forged={"time_ms": TIME_MS + 1_000})
    assert refused(slow.trusted(1), slow.update(1, 2), slow.options) == "time-not-later"


def test_every_older_header_is_known_when_one_header_is(chain: LightChain) -> None:
    """The history root vouches for all blocks before it, without a signature."""
    trusted = chain.trusted(14)
    for height in range(14):
        found = verify_past(trusted, chain.headers[height], chain.path(14, height), chain.options, NOW_MS)
        assert found == chain.trusted(height)


def test_older_header_is_refused_when_its_path_leads_elsewhere(chain: LightChain) -> None:
    """A path fits one block at one place."""
    trusted = chain.trusted(9)
    for header, path, code in (
        (chain.headers[4], chain.path(9, 5), "ancestry"),
        (chain.headers[5], chain.path(9, 4), "ancestry"),
        (chain.headers[4], chain.path(8, 4), "ancestry"),
        (chain.headers[4], (), "ancestry"),
        (chain.headers[9], (), "height-not-below"),
        (chain.headers[10], chain.path(11, 10), "height-not-below"),
        (chain.headers[4][:-1], chain.path(9, 4), "header-malformed"),
    ):
        with pytest.raises(LightClientError) as caught:
            verify_past(trusted, header, path, chain.options, NOW_MS)
        assert caught.value.code == code
    other = msgspec.structs.replace(chain.options, chain_id="other")
    with pytest.raises(LightClientError) as caught:
        verify_past(trusted, chain.headers[4], chain.path(9, 4), other, NOW_MS)
    assert caught.value.code == "chain-id"
