"""Proposals: everything that binds bytes to a block hash is checked before anything is fetched."""

import msgspec
import pytest

from chainnode.chain.candidate import complete, evidence_root, open_proposal, open_stored
from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError, Rejected
from chainnode.types.block import Proposal, StoredBlock, block_hash, decode_body, decode_header, decode_proposal
from chainnode.types.genesis import EMPTY_TREE_ROOT
from consensus.certificates import encode_certificate
from tests.support.local_chain import LocalChain, certificate_of, envelope, forged


@pytest.fixture(scope="module")
def chain() -> LocalChain:
    made = LocalChain()
    made.extend(1)
    return made


def _altered(proposal: bytes, **changes: object) -> tuple[bytes, bytes]:
    """The proposal with some parts replaced, and the hash its (perhaps replaced) header has."""
    parts = msgspec.structs.replace(decode_proposal(proposal), **changes)
    return block_hash(parts.header), encode(parts)


def test_proposal_reads_back_as_the_block_it_was_made_from(chain: LocalChain) -> None:
    """A proposal names its transactions by leaf hashes; with their bodies it is the block again."""
    candidate = chain.build(2, 3, 4)
    opened = open_proposal(candidate.block_hash, candidate.proposal_bytes())
    assert opened.leaf_hashes == [item.leaf_hash for item in candidate.transactions]
    assert opened.last_certificate == chain.ledger.surroundings.tip_certificate
    again = complete(opened, candidate.transactions)
    assert (again.body_bytes(), again.header_bytes) == (candidate.body_bytes(), candidate.header_bytes)


def test_proposal_is_refused_when_any_bound_part_is_altered(chain: LocalChain) -> None:
    """The header binds every byte of a body before it is fetched: leaves, their order and count, certificate, items."""
    candidate = chain.build(2, 3, 4)
    data = candidate.proposal_bytes()
    leaves = decode_proposal(data).leaf_hashes
    cases: list[tuple[str, dict[str, object]]] = [
        ("leaf-hashes", {"leaf_hashes": leaves[:-1]}),
        ("leaf-hashes", {"leaf_hashes": leaves + b"\x00"}),
        ("tx-root", {"leaf_hashes": leaves[:-32]}),
        ("tx-root", {"leaf_hashes": b""}),
        ("tx-root", {"leaf_hashes": leaves + leaves[-32:]}),
        ("tx-root", {"leaf_hashes": leaves[32:64] + leaves[:32] + leaves[64:]}),
        ("tx-root", {"leaf_hashes": bytes([leaves[0] ^ 1]) + leaves[1:]}),
        ("last-certificate-hash", {"last_certificate": b""}),
        ("last-certificate-hash", {"last_certificate": decode_proposal(data).last_certificate + b"\x00"}),
        ("evidence-root", {"misbehaviour": (b"somebody did something",)}),
    ]
    for code, changes in cases:
        _, altered = _altered(data, **changes)
        with pytest.raises(Rejected) as caught:
            open_proposal(candidate.block_hash, altered)
        assert caught.value.code == code, changes.keys()


def test_proposal_of_another_block_is_refused(chain: LocalChain) -> None:
    """The message names a block hash; the proposal must be that block and no other."""
    candidate, other = chain.build(2), chain.build(3)
    with pytest.raises(Rejected, match="another block") as caught:
        open_proposal(candidate.block_hash, other.proposal_bytes())
    assert caught.value.code == "block-hash"


@pytest.mark.parametrize("field", ["tx_count", "tx_root", "evidence_root", "last_certificate_hash"])
def test_header_that_lies_about_its_parts_is_refused_under_its_own_hash(chain: LocalChain, field: str) -> None:
    """A header hashed honestly over a false root binds nothing: the parts are compared with the roots."""
    candidate = chain.build(2, 3)
    header = candidate.header
    found = getattr(header, field)
    lie = msgspec.structs.replace(header, **{field: found + 1 if isinstance(found, int) else bytes(32)})
    hash_, data = _altered(candidate.proposal_bytes(), header=encode(lie))
    with pytest.raises(Rejected) as caught:
        open_proposal(hash_, data)
    assert caught.value.code == {"tx_count": "tx-root", "tx_root": "tx-root", "evidence_root": "evidence-root",
                                 "last_certificate_hash": "last-certificate-hash"}[field]


def test_same_transaction_count_with_duplicate_tail_does_not_share_a_root(chain: LocalChain) -> None:
    """RFC 6962 trees have no duplicate-tail ambiguity (CVE-2012-2459): [a, b, c] and [a, b, c, c] differ."""
    candidate = chain.build(2, 3, 4)
    leaves = decode_proposal(candidate.proposal_bytes()).leaf_hashes
    lie = msgspec.structs.replace(candidate.header, tx_count=4)
    hash_, data = _altered(candidate.proposal_bytes(), header=encode(lie), leaf_hashes=leaves + leaves[-32:])
    with pytest.raises(Rejected) as caught:
        open_proposal(hash_, data)
    assert caught.value.code == "tx-root"


@pytest.mark.parametrize("data", [b"", b"\xc0", b"\x95\x04", b"\x00" * 100], ids=["empty", "nil", "cut", "zeros"])
def test_garbage_is_no_proposal(data: bytes) -> None:
    """Raises DecodeError: the bytes are not a canonical proposal."""
    with pytest.raises(DecodeError):
        open_proposal(bytes(32), data)


def test_trailing_byte_makes_a_proposal_unreadable(chain: LocalChain) -> None:
    """Canonical means one encoding: nothing may follow."""
    candidate = chain.build(2)
    with pytest.raises(DecodeError):
        open_proposal(candidate.block_hash, candidate.proposal_bytes() + b"\x00")


def test_stored_block_reads_back_with_its_operations(chain: LocalChain) -> None:
    """The journal and peers hold whole blocks; opened, they execute like any other."""
    candidate = chain.build(2, 3)
    opened = open_stored(candidate.stored(encode_certificate(certificate_of(candidate))))
    assert opened.block_hash == candidate.block_hash
    assert opened.body_bytes() == candidate.body_bytes()
    assert all(item.operations for item in opened.transactions)


def test_stored_block_with_another_body_is_refused(chain: LocalChain) -> None:
    """A peer cannot attach other transactions, another certificate or misbehaviour to a certified header."""
    candidate, other = chain.build(2, 3), chain.build(4, 5)
    stored = candidate.stored(b"")
    with pytest.raises(Rejected) as caught:
        open_stored(StoredBlock(stored.header, other.body_bytes(), b""))
    assert caught.value.code == "tx-root"
    body = decode_body(stored.body)
    for code, changes in (
        ("last-certificate-hash", {"last_certificate": b""}),
        ("evidence-root", {"misbehaviour": (b"x",)}),
        ("tx-root", {"transactions": body.transactions[::-1]}),
    ):
        with pytest.raises(Rejected) as caught:
            open_stored(StoredBlock(stored.header, encode(msgspec.structs.replace(body, **changes)), b""))
        assert caught.value.code == code


def test_resigned_envelope_is_another_leaf(chain: LocalChain) -> None:
    """The leaf of tx_root is the whole envelope: the same payload under other signatures is not what was proposed."""
    candidate = chain.build(2)
    mine = candidate.transactions[0]
    payload = decode_body(candidate.body_bytes()).transactions[0]
    assert payload == mine.envelope
    other = forged(mine)
    assert other.tx_id == mine.tx_id and other.leaf_hash != mine.leaf_hash
    body = msgspec.structs.replace(decode_body(candidate.body_bytes()), transactions=(other.envelope,))
    with pytest.raises(Rejected) as caught:
        open_stored(StoredBlock(candidate.header_bytes, encode(body), b""))
    assert caught.value.code == "tx-root"


def test_empty_block_has_empty_roots() -> None:
    """RFC 6962, section 2.1: the hash of an empty tree."""
    candidate = LocalChain().build()
    assert candidate.header.tx_root == candidate.header.evidence_root == evidence_root(()) == EMPTY_TREE_ROOT
    assert decode_header(candidate.header_bytes) == candidate.header
    assert evidence_root([b"a", b"b"]) != evidence_root([b"b", b"a"])


def test_proposal_is_small_whatever_the_envelopes_weigh(chain: LocalChain) -> None:
    """32-byte ids of one proposal: a large body never travels with the PRE_PREPARE."""
    candidate = chain.build(2, memo="m" * 200)
    assert len(candidate.proposal_bytes()) < 1_024 + len(chain.ledger.surroundings.tip_certificate)
    assert envelope(2, memo="m" * 200) not in candidate.proposal_bytes()
    assert isinstance(decode_proposal(candidate.proposal_bytes()), Proposal)
