"""What a seal shows, and what it does not."""

import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.proofs.authority import read_header
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.seal import check_seal
from chainnode.types.seal import Seal, decode_seal, signers_bitmap
from chainnode.types.validator_set import ValidatorList, validators_hash
from tests.support.sealing import seal_by
from tests.support.small_chain import SmallChain

NAMES = tuple(f"validator-0-{index}" for index in range(4))


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    made = SmallChain(4)
    made.extend()
    made.extend()
    return made


def refused(header: bytes, seal: bytes, validators: ValidatorList) -> str:
    with pytest.raises(ProofInvalid) as caught:
        check_seal(header, read_header(header), seal, validators)
    return caught.value.code


def changed(seal: bytes, **fields: object) -> bytes:
    return encode(msgspec.structs.replace(decode_seal(seal), **fields))


def test_seal_of_a_quorum_counts(chain: SmallChain) -> None:
    """Three of four, whichever they are; more do no harm."""
    header, members = chain.headers[1], chain.sets[0]
    for names in (NAMES[:3], NAMES[1:], NAMES):
        assert check_seal(header, read_header(header), seal_by(header, members, names), members) == len(names)


def test_seal_of_anything_else_does_not(chain: SmallChain) -> None:
    """It names this block, this height, this set, a quorum of it, and a signature of exactly those who are named."""
    header, other, members = chain.headers[1], chain.headers[2], chain.sets[0]
    seal = seal_by(header, members, NAMES[:3])
    assert refused(header, b"\xc0", members) == "seal-malformed"
    assert refused(other, seal, members) == "seal-block"
    assert refused(header, changed(seal, height=2), members) == "seal-block"
    assert refused(header, changed(seal, epoch=1), members) == "seal-block"
    assert refused(header, seal_by(header, members, NAMES[:2]), members) == "seal-no-quorum"
    assert refused(header, changed(seal, signers=b"\x07\x00"), members) == "seal-signers"
    assert refused(header, changed(seal, signers=b"\x17"), members) == "seal-signers"
    assert refused(header, changed(seal, signers=signers_bitmap((0, 1, 3))), members) == "seal-signature"
    assert refused(header, changed(seal, signers=signers_bitmap((0, 1, 2, 3))), members) == "seal-signature"
    moved = seal_by(other, members, NAMES[:3])
    assert refused(header, changed(seal, signature=decode_seal(moved).signature), members) == "seal-signature"
    assert refused(header, seal, ValidatorList(1, members.validators)) == "validators-hash"
    assert refused(header, seal, ValidatorList(0, members.validators[:3])) == "validators-hash"


def test_member_without_a_key_is_no_signer() -> None:
    """Its place in the bitmap stands for a key that nobody has."""
    chain = SmallChain(4)
    bare = msgspec.structs.replace(chain.sets[0].validators[0], seal_key=b"", seal_proof=b"")
    members = ValidatorList(0, (bare, *chain.sets[0].validators[1:]))
    header = _header_of(chain, members)
    seal = seal_by(header, members, NAMES[1:])
    assert check_seal(header, read_header(header), seal, members) == 3
    assert refused(header, changed(seal, signers=b"\x0f"), members) == "seal-key"


def _header_of(chain: SmallChain, members: ValidatorList) -> bytes:
    own = validators_hash(members)
    header = read_header(chain.headers[0])
    return encode(msgspec.structs.replace(header, height=1, validators_hash=own, next_validators_hash=own))


def test_every_single_bit_change_is_refused(chain: SmallChain) -> None:
    """Nothing of a seal is free: one in seven bits is turned over here, and all of the bitmap's."""
    header, members = chain.headers[1], chain.sets[0]
    seal = seal_by(header, members, NAMES[:3])
    assert isinstance(decode_seal(seal), Seal)
    for bit in range(0, len(seal) * 8, 7):
        turned = bytearray(seal)
        turned[bit // 8] ^= 1 << bit % 8
        assert refused(header, bytes(turned), members).startswith("seal-")
