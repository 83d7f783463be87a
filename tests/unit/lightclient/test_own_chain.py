"""Our own headers as the client's rules see them."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from py_ecc.bls.g2_primitives import G1_to_pubkey, pubkey_to_G1
from py_ecc.optimized_bls12_381 import add, neg

from chainnode.codec.canonical import encode
from chainnode.lightclient.client_state import Untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.own_chain import OWN_CHAIN, SEAL_STRANGERS_MAX, consensus_state_of
from chainnode.lightclient.verification import verify
from chainnode.types.block import block_hash, decode_header
from chainnode.types.seal import Seal, seal_bytes
from chainnode.types.validator_set import ValidatorList, seal_key_of, validators_hash
from tests.support.light_chain import NOW_MS, LightChain, turning_chain
from tests.support.sealing import seal_by
from tests.support.small_chain import key_of


@pytest.fixture(scope="module")
def chain() -> LightChain:
    return turning_chain()


def test_state_is_the_header_without_what_clients_never_need(chain: LightChain) -> None:
    """Eight of a header's eighteen fields, and its hash."""
    header, found = decode_header(chain.headers[3]), consensus_state_of(chain.headers[3])
    assert OWN_CHAIN.read(chain.headers[3]) == ("small", found)
    assert (found.height, found.time_ms, found.epoch) == (header.height, header.time_ms, header.epoch)
    assert (found.state_root, found.history_root) == (header.prev_state_root, header.history_root)
    assert (found.validators_hash, found.next_validators_hash) == (header.validators_hash, header.next_validators_hash)
    assert found.block_hash == block_hash(chain.headers[3])


def test_every_member_has_one_vote(chain: LightChain) -> None:
    """By the key that signs votes; of the list with exactly this hash."""
    data, hash_ = encode(chain.sets[0]), validators_hash(chain.sets[0])
    keys = {member.consensus_key for member in chain.sets[0].validators}
    assert OWN_CHAIN.weights(data, hash_, "certificate") == dict.fromkeys(keys, 1)
    twice = encode(ValidatorList(0, chain.sets[0].validators[:1] * 2))
    for wrong, code in (
        (encode(chain.sets[1]), "validators-hash"),
        (b"\x90", "validators-malformed"),
        (twice, "validators-duplicate-key"),
    ):
        with pytest.raises(LightClientError) as caught:
            OWN_CHAIN.weights(wrong, hash_, "certificate")
        assert caught.value.code == code


def test_decision_names_who_signed(chain: LightChain) -> None:
    """Only those whose signatures were verified."""
    update = chain.update(1, 2)
    keys = [member.consensus_key for member in chain.sets[0].validators]
    assert OWN_CHAIN.check_decision(update, chain.trusted(2)) == frozenset(keys[:3])
    names = [member.name for member in chain.sets[0].validators]
    others = msgspec.structs.replace(update, decision=chain.certified_by(2, names[1:]))
    assert OWN_CHAIN.check_decision(others, chain.trusted(2)) == frozenset(keys[1:])
    with pytest.raises(LightClientError) as caught:
        OWN_CHAIN.check_decision(msgspec.structs.replace(update, decision=chain.certificates[1]), chain.trusted(2))
    assert caught.value.code == "certificate-block"
    OWN_CHAIN.check_keys(update, frozenset(keys))


def test_header_stands_on_every_block_before_it(chain: LightChain) -> None:
    """And on no other."""
    for older in range(5):
        OWN_CHAIN.check_ancestry(chain.trusted(older), chain.trusted(5), chain.path(5, older))
    for older, newer, path in ((5, 5, ()), (6, 5, ()), (1, 5, chain.path(5, 2)), (1, 5, (b"short",))):
        with pytest.raises(LightClientError) as caught:
            OWN_CHAIN.check_ancestry(chain.trusted(older), chain.trusted(newer), path)
        assert caught.value.code == "ancestry"


def sealed(chain: LightChain, trusted: int, height: int, names: Sequence[str]) -> Untrusted:
    update = chain.update(trusted, height)
    header = chain.headers[height]
    seal = seal_by(header, chain.sets[decode_header(header).epoch], names)
    return msgspec.structs.replace(update, decision_kind="seal", decision=seal)


def test_seal_moves_a_client_as_a_certificate_does() -> None:
    """In an epoch, into the next one, and across several by overlap; members are compared by their seal keys."""
    chain = turning_chain()
    for trusted, height in ((1, 2), (3, 4), (2, 5)):
        epoch = decode_header(chain.headers[height]).epoch
        names = [member.name for member in chain.sets[epoch].validators]
        for signers in (names, names[:3]):
            update = sealed(chain, trusted, height, signers)
            assert verify(chain.trusted(trusted), update, chain.options, NOW_MS).height == height
        with pytest.raises(LightClientError) as caught:
            verify(chain.trusted(trusted), sealed(chain, trusted, height, names[:2]), chain.options, NOW_MS)
        assert caught.value.code == "seal-no-quorum"


def test_seal_of_an_unknown_list_needs_proofs_of_its_strangers() -> None:
    """A list that the trusted header did not name may hold keys made to cancel others: their holders prove them."""
    chain = turning_chain()
    update = sealed(chain, 2, 8, [member.name for member in chain.sets[2].validators])
    strangers = frozenset(member.seal_key for member in chain.sets[2].validators[:2])
    OWN_CHAIN.check_keys(update, strangers)
    members = list(chain.sets[2].validators)
    members[0] = msgspec.structs.replace(members[0], seal_proof=members[1].seal_proof)
    forged = msgspec.structs.replace(update, validators=encode(ValidatorList(2, tuple(members))))
    OWN_CHAIN.check_keys(forged, strangers - {members[0].seal_key})
    with pytest.raises(LightClientError) as caught:
        OWN_CHAIN.check_keys(forged, strangers)
    assert caught.value.code == "seal-proof"
    with pytest.raises(LightClientError) as caught:
        OWN_CHAIN.check_keys(update, frozenset(bytes([number]) * 48 for number in range(SEAL_STRANGERS_MAX + 1)))
    assert caught.value.code == "seal-strangers"


def test_seal_is_refused_when_a_key_was_made_to_cancel_those_of_others() -> None:
    """Whoever chooses a key after the others can sign for all; what is missing is a proof that somebody holds it."""
    chain = turning_chain(1)
    honest = chain.sets[0].validators[:2]
    mine = seal_key_of(key_of("mallory"))
    keys: list[Any] = [mine.public_key, *(member.seal_key for member in honest)]
    own_point, *points = map(pubkey_to_G1, keys)
    rogue = G1_to_pubkey(add(own_point, neg(add(*points))))
    entry = msgspec.structs.replace(
        honest[0], name="mallory", consensus_key=key_of("mallory").public_key, node_key=key_of("mallory").public_key,
        seal_key=bytes(rogue), seal_proof=mine.prove_possession(),
    )
    made = ValidatorList(7, (*honest, entry))
    own = validators_hash(made)
    header = msgspec.structs.replace(
        decode_header(chain.headers[2]), epoch=7, validators_hash=own, next_validators_hash=own
    )
    data = encode(header)
    signature = mine.sign(seal_bytes("small", 7, own, 2, block_hash(data)))
    seal = encode(Seal(7, 2, block_hash(data), b"\x07", signature))
    update = Untrusted(data, "seal", seal, encode(made), encode(chain.sets[0]), chain.path(2, 1))
    assert len(OWN_CHAIN.check_decision(update, consensus_state_of(data))) == 3, "the sum of the keys does verify"
    with pytest.raises(LightClientError) as caught:
        verify(chain.trusted(1), update, chain.options, NOW_MS)
    assert caught.value.code == "seal-proof"


def test_every_bit_of_a_seal_counts() -> None:
    """Whom it names, which block, and the signature itself."""
    chain = turning_chain(1)
    update = sealed(chain, 1, 2, [member.name for member in chain.sets[0].validators[:3]])
    for bit in range(8 * len(update.decision)):
        changed = bytearray(update.decision)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(LightClientError):
            verify(
                chain.trusted(1), msgspec.structs.replace(update, decision=bytes(changed)), chain.options, NOW_MS
            )
