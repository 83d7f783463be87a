"""The first block's effect: what the founders agreed on, the same on every node."""

import msgspec
import pytest

from chainnode.chain.genesis import genesis_commit
from chainnode.codec.canonical import encode
from chainnode.errors import ConfigError, DecodeError
from chainnode.store.block_commit import batch_of, tip_of
from chainnode.types.block import decode_header
from chainnode.types.genesis import EMPTY_TREE_ROOT, decode_genesis, genesis_hash
from contracts.governance.operations import GrantRole
from contracts.kernel.operation import encode_operation
from tests.support.local_chain import CHAIN_ID, GENESIS, GENESIS_HASH, LocalChain, make_genesis


def test_commit_is_the_same_for_everybody_who_holds_the_document() -> None:
    """The genesis hash is the chain's identity, and the state it leads to follows from it alone."""
    first, second = genesis_commit(GENESIS), genesis_commit(GENESIS)
    assert first == second
    assert first.block_hash == GENESIS_HASH == genesis_hash(GENESIS)
    assert batch_of(first, tip_of(first, None)).operations == batch_of(second, tip_of(second, None)).operations


def test_document_becomes_state_without_transactions_or_receipts() -> None:
    """Operations set up identities, roles and parameters; nobody signed them as transactions."""
    commit = genesis_commit(GENESIS)
    header = decode_header(commit.stored.header)
    assert (commit.height, commit.receipts, commit.tx_ids, header.height) == (0, (), (), 0)
    assert commit.state_changes
    assert commit.state_root != bytes(32)
    assert commit.results_root == EMPTY_TREE_ROOT
    assert commit.stored.certificate == b""


def test_ledger_on_genesis_stands_at_height_zero() -> None:
    """A node that has seen nothing but the genesis document."""
    ledger = LocalChain().ledger
    assert (ledger.tip.height, ledger.tip.block_hash, ledger.chain_id) == (0, GENESIS_HASH, CHAIN_ID)
    assert not ledger.tip.proof_due
    assert len(ledger.validators.validators) == ledger.surroundings.validators.size == 4


def test_another_chain_has_another_hash() -> None:
    """Two documents that differ anywhere are two chains."""
    assert genesis_hash(make_genesis("elsewhere")) != GENESIS_HASH


def test_document_that_cannot_be_applied_is_an_operators_mistake() -> None:
    """Raises ConfigError: an operation of the genesis document cannot be applied."""
    document = decode_genesis(GENESIS)
    nobody = encode_operation(GrantRole("did:cnode:local-chain:" + "a" * 32, "exchange"))
    broken = msgspec.structs.replace(document, operations=(*document.operations, msgspec.Raw(nobody)))
    with pytest.raises(ConfigError):
        genesis_commit(encode(broken))
    unreadable = msgspec.structs.replace(document, operations=(msgspec.Raw(encode(["no.such.operation", 1])),))
    with pytest.raises(ConfigError):
        genesis_commit(encode(unreadable))


@pytest.mark.parametrize("data", [b"", GENESIS[:-1], GENESIS + b"\x00"], ids=["empty", "cut", "longer"])
def test_bytes_that_are_no_document_are_refused(data: bytes) -> None:
    """Raises DecodeError: not a genesis document."""
    with pytest.raises(DecodeError):
        genesis_commit(data)
