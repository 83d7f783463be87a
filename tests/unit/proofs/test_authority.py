"""From the genesis hash to a certified header."""

import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.proofs.authority import check_authority, check_commit, read_header
from chainnode.proofs.bundle import Authority
from chainnode.proofs.errors import ProofInvalid
from chainnode.types.block import Header, block_hash
from chainnode.types.validator_set import voting_set
from consensus.certificates import decode_certificate, encode_certificate
from tests.support.small_chain import SmallChain


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    made = SmallChain(4)
    made.extend()
    made.extend()
    return made


def refused(chain: SmallChain, header: bytes, certificate: bytes) -> str:
    with pytest.raises(ProofInvalid) as caught:
        check_commit(header, read_header(header), certificate, voting_set(chain.sets[0]))
    return caught.value.code


def forged(header: bytes, **fields: object) -> bytes:
    return encode(msgspec.structs.replace(read_header(header), **fields))


def test_commit_by_a_quorum_counts(chain: SmallChain) -> None:
    """Three of four; more votes do no harm."""
    header, validators = chain.headers[1], voting_set(chain.sets[0])
    assert check_commit(header, read_header(header), chain.certificates[1], validators) == 3
    full = chain.certify(header, chain.sets[0], 4)
    assert check_commit(header, read_header(header), full, validators) == 4


def test_commit_of_anything_else_does_not(chain: SmallChain) -> None:
    """The certificate names this block, this height, this set, and all its signatures verify."""
    header = chain.headers[1]
    good = decode_certificate(chain.certificates[1])
    assert refused(chain, header, b"\xc0") == "certificate-malformed"
    assert refused(chain, header, chain.certificates[2]) == "certificate-block"
    # A rival at the same height and of the same set: nobody voted for it.
    assert refused(chain, forged(header, time_ms=1), chain.certificates[1]) == "certificate-block"
    other_height = encode_certificate(msgspec.structs.replace(good, height=2))
    assert refused(chain, header, other_height) == "certificate-block"
    other_view = encode_certificate(msgspec.structs.replace(good, view=1))
    assert refused(chain, header, other_view) == "certificate-signature"
    swapped = encode_certificate(msgspec.structs.replace(good, signatures=good.signatures[::-1]))
    assert refused(chain, header, swapped) == "certificate-signature"
    assert refused(chain, forged(header, validators_hash=bytes(32)), chain.certificates[1]) == "validators-hash"
    assert refused(chain, forged(header, epoch=1), chain.certificates[1]) == "validators-hash"
    prepared = encode_certificate(msgspec.structs.replace(good, kind=1))
    assert refused(chain, header, prepared) == "certificate-kind"


def test_header_must_be_canonical_and_known(chain: SmallChain) -> None:
    """Bytes that are not the one encoding of a header of this version are no header."""
    assert isinstance(read_header(chain.headers[1]), Header)
    for data, code in (
        (b"", "malformed"),
        (chain.headers[1] + b"\x00", "malformed"),
        (bytes(2_000), "too-large"),
        (forged(chain.headers[1], version=2), "block-version"),
    ):
        with pytest.raises(ProofInvalid) as caught:
            read_header(data)
        assert caught.value.code == code


def test_genesis_header_must_begin_a_chain(chain: SmallChain) -> None:
    """The trusted hash could be that of any header; only one of height 0 names the first set."""
    header = chain.headers[2]
    for genesis in (chain.headers[1], forged(chain.headers[0], next_validators_hash=bytes(32))):
        authority = Authority(chain.certificates[2], genesis, encode(chain.sets[0]), ())
        with pytest.raises(ProofInvalid) as caught:
            check_authority(authority, header, read_header(header), block_hash(genesis))
        assert caught.value.code == "genesis-header"


def test_header_of_another_chain_is_refused(chain: SmallChain) -> None:
    """Names are part of what was signed."""
    authority = Authority(chain.certificates[2], chain.headers[0], encode(chain.sets[0]), ())
    header = forged(chain.headers[2], chain_id="other")
    with pytest.raises(ProofInvalid) as caught:
        check_authority(authority, header, read_header(header), chain.genesis_hash)
    assert caught.value.code == "chain-id"
    height_zero = forged(chain.headers[2], height=0)
    with pytest.raises(ProofInvalid) as caught:
        check_authority(authority, height_zero, read_header(height_zero), chain.genesis_hash)
    assert caught.value.code == "epoch-link"
