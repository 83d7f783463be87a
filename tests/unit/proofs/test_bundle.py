"""The bundle's MessagePack form."""

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest

from chainnode.errors import DecodeError
from chainnode.proofs import merkle
from chainnode.proofs.bundle import (
    BUNDLE_BYTES_MAX,
    Bundle,
    StatePresent,
    decode_bundle,
    encode_bundle,
    kind_of,
    without_authority,
)
from chainnode.proofs.sparse import StateProof
from tests.support.small_chain import SmallChain, envelope, validator_list

RECORD = ["evidence.record", bytes(16), "file", "sha256", bytes(32), True]


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    made = SmallChain(1)
    made.extend([envelope([RECORD])], {b"k": b"v"}, next_set=validator_list(1, 1))
    made.extend()
    made.extend()
    return made


def test_bundle_is_plain_message_pack(chain: SmallChain) -> None:
    """Bundle [tag 9, version, claim, headers, history, authority]; the format belongs to no library."""
    bundle = chain.bundle(chain.evidence(1, 0, bytes(16), bytes(32)).claim, (1, 2), later=3)
    plain = msgpack.unpackb(encode_bundle(bundle))
    receipt = [chain.receipts[1][0], [merkle.leaf_hash(chain.opened[1])]]
    claim = ["evidence-existed", bytes(16), bytes(32), 0, None, chain.envelopes[1][0], 0, [], receipt]
    assert plain[:3] == [9, 1, claim]
    assert plain[3] == chain.headers[1:3]
    assert plain[4][0] == chain.headers[3]
    assert plain[5][0:2] == [chain.certificates[3], chain.headers[0]]
    assert plain[5][3][0][:2] == [chain.headers[1], chain.certificates[1]]
    assert msgpack.packb(plain) == encode_bundle(bundle)


def test_bundle_of_each_kind_survives_its_encoding(chain: SmallChain) -> None:
    """Lossless, and each claim knows its kind."""
    kinds = set()
    for bundle in (
        chain.included(1, 0),
        chain.included(1, 0, receipt=False),
        chain.evidence(1, 0, bytes(16), bytes(32)),
        chain.state_at(1, b"k", b"v"),
        chain.state_at(1, b"x", None),
        chain.opened_at(1),
    ):
        assert decode_bundle(encode_bundle(bundle)) == bundle
        kinds.add(kind_of(bundle.claim))
    assert kinds == {"transaction-included", "evidence-existed", "state-present", "state-absent", "block-opened"}


def test_bundle_without_authority_keeps_the_rest(chain: SmallChain) -> None:
    """For a reader who trusts the hash of its last header."""
    bundle = chain.included(1, 0)
    bare = without_authority(bundle)
    assert bare.authority is None
    assert msgspec.structs.replace(bare, authority=bundle.authority) == bundle


def test_bundle_is_bounded(chain: SmallChain) -> None:
    """A verifier reads no more than 4 MiB, three headers of 1 KiB at most, keys and values within their limits."""
    with pytest.raises(DecodeError) as caught:
        decode_bundle(bytes(BUNDLE_BYTES_MAX + 1))
    assert caught.value.code == "too-large"
    header = chain.headers[1]
    for wrong in (
        Bundle(1, StatePresent(b"", b"v", StateProof(())), (header,), None, None),
        Bundle(1, StatePresent(b"k", b"", StateProof(())), (header,), None, None),
        Bundle(1, StatePresent(b"k" * 513, b"v", StateProof(())), (header,), None, None),
        Bundle(1, StatePresent(b"k", b"v", StateProof(())), (), None, None),
        Bundle(1, StatePresent(b"k", b"v", StateProof(())), (header,) * 3, None, None),
        Bundle(1, StatePresent(b"k", b"v", StateProof(())), (bytes(1025),), None, None),
    ):
        with pytest.raises(DecodeError) as caught:
            decode_bundle(encode_bundle(wrong))
        assert caught.value.code == "malformed"
