"""One tip, one way forward: what is committed, what is refused, and what leaves no trace."""

from dataclasses import replace

import msgspec
import pytest

from chainnode.chain.candidate import Candidate, open_stored
from chainnode.chain.ledger import Ledger, LedgerDiverged
from chainnode.codec.canonical import encode
from chainnode.errors import InvariantBroken, NotFound, Rejected, StoreCorrupt, StoreError
from chainnode.proofs.verifier import verify_bundle
from chainnode.store import layout
from chainnode.store.key_value import WriteBatch
from chainnode.store.layout import height_key, seal
from chainnode.store.ledger_store import LedgerStore
from chainnode.types.block import block_hash
from chainnode.types.ids import did_of_key
from chainnode.types.parameters import ChainParameters
from chainnode.types.receipt import BlockReceipt
from consensus.certificates import encode_certificate
from contracts.governance.operations import SetParameters
from contracts.identity.operations import CreateIdentity
from contracts.identity.record import identity_key
from tests.support.local_chain import (
    CHAIN_ID,
    GENESIS_HASH,
    LocalChain,
    certificate_of,
    consortium_proposal,
    double_vote,
    key_of,
    transaction,
)


def _content(ledger: Ledger) -> tuple[object, ...]:
    """All that a ledger shows, whatever path led there."""
    around = ledger.surroundings
    return (
        ledger.tip, around.tip_certificate, around.validators, around.parameters, ledger.validators, ledger.chain_id,
        {number: ledger.height_of(transaction(number, valid_until=50).tx_id) for number in range(1, 30)},
    )


def test_blocks_are_committed_in_order_with_their_results() -> None:
    """``commit`` is the only function that extends the chain: block, certificate, state and tip in one batch."""
    chain = LocalChain()
    before = chain.ledger.tip
    candidate = chain.build(1, 2)
    receipts = chain.commit(candidate)
    assert receipts is not None
    assert [receipt.code for receipt in receipts] == ["ok", "ok"]
    tip = chain.ledger.tip
    assert (tip.height, tip.block_hash, tip.proof_due) == (1, candidate.block_hash, True)
    assert tip.state_root not in {before.state_root, bytes(32)}
    assert tip.history_root != before.history_root
    chain.extend()
    tip = chain.ledger.tip
    assert not chain.extend().transactions
    assert not chain.ledger.tip.proof_due
    assert chain.ledger.tip.state_root == tip.state_root


def test_committed_state_is_that_of_the_tip() -> None:
    """What admission reads follows the tip: nothing read before a block is shown after it."""
    chain = LocalChain()
    key = identity_key(did_of_key(CHAIN_ID, key_of("newcomer").public_key))
    assert chain.ledger.committed_state().get(key) is None
    operations = [CreateIdentity(key_of("newcomer").public_key)]
    chain.extend(1, signer="newcomer", sender="newcomer", operations=operations)
    assert chain.ledger.committed_state().get(key) == chain.queries.state(key) is not None


def test_next_header_states_our_results_of_the_previous_block() -> None:
    """prev_state_root, prev_results_root: the state and the receipts after the *previous* block."""
    chain = LocalChain()
    chain.extend(1)
    tip = chain.ledger.tip
    header = chain.build(2).header
    assert (header.prev_state_root, header.prev_results_root, header.parent_hash) == (
        tip.state_root, tip.results_root, tip.block_hash,
    )
    assert header.time_ms == chain.now_ms


def test_block_time_never_stands_still_when_the_clock_goes_back() -> None:
    """C16: wall clock minus ten years: block time stays above the parent's."""
    chain = LocalChain()
    chain.extend(1)
    assert chain.ledger.build(0, [], 0).header.time_ms == chain.ledger.tip.time_ms + 1


def test_build_leaves_out_what_is_on_the_chain_already() -> None:
    """A leader whose pool lags must not propose what no voter accepts."""
    chain = LocalChain()
    old = chain.extend(1).transactions[0]
    fresh = transaction(2)
    assert chain.ledger.build(0, [old, fresh], chain.now_ms).transactions == [fresh]


def test_same_block_again_is_no_news() -> None:
    """The same block again is ignored: own quorum, DECIDED and sync may all bring it."""
    chain = LocalChain()
    blocks = chain.grow(3)
    before, written = _content(chain.ledger), dict(chain.engine.iterate())
    for candidate in blocks:
        assert chain.commit(candidate) is None
    assert _content(chain.ledger) == before
    assert dict(chain.engine.iterate()) == written


@pytest.mark.parametrize("height", [1, 2, 3])
def test_another_block_at_a_decided_height_is_a_fork(height: int) -> None:
    """Another block at a decided height is a fork (R11); nothing is written."""
    chain, other = LocalChain(), LocalChain()
    chain.grow(3)
    other.extend(77)
    other.grow(2)
    rival = other.queries.block(height)
    written = dict(chain.engine.iterate())
    with pytest.raises(LedgerDiverged) as caught:
        chain.ledger.commit(open_stored(rival), rival.certificate)
    assert caught.value.reason == "fork"
    assert caught.value.details["height"] == str(height)
    assert caught.value.details["decided"] == block_hash(rival.header).hex()
    assert dict(chain.engine.iterate()) == written


@pytest.mark.parametrize(
    ("field", "reason"), [("prev_state_root", "header-state-root"), ("prev_results_root", "header-results-root")]
)
def test_certified_root_unlike_ours_is_reported_with_a_diagnosis(field: str, reason: str) -> None:
    """A difference between our state and a certified root: one of us computes wrongly (SPEC R11)."""
    chain = LocalChain()
    chain.extend(1)
    candidate = _with_header(chain.build(2), **{field: b"\x07" * 32})
    written = dict(chain.engine.iterate())
    with pytest.raises(LedgerDiverged) as caught:
        chain.commit(candidate)
    details = caught.value.details
    assert caught.value.reason == details["rule"] == reason
    assert details["own_state_root"] == chain.ledger.tip.state_root.hex()
    assert details["height"] == "2"
    assert "07" * 32 in {details["certified_state_root"], details["certified_results_root"]}
    assert len(details["own_receipts"]) == 16
    assert dict(chain.engine.iterate()) == written


def test_decided_block_on_another_parent_is_divergence() -> None:
    """The host applies a block only on the parent that is its tip."""
    chain = LocalChain()
    chain.extend(1)
    with pytest.raises(LedgerDiverged) as caught:
        chain.commit(_with_header(chain.build(2), parent_hash=bytes(32)))
    assert caught.value.reason == "header-parent"


def test_block_beyond_the_next_height_is_a_defect_of_the_caller() -> None:
    """Blocks are committed in order; a gap can only come from our own code."""
    chain, other = LocalChain(), LocalChain()
    other.grow(2)
    with pytest.raises(InvariantBroken):
        chain.ledger.commit(open_stored(other.queries.block(2)), b"")


def test_reopened_ledger_equals_the_one_that_was_closed() -> None:
    """All that lives in memory is rebuilt from the store: tip, history, replay window, certificate."""
    chain = LocalChain()
    chain.extend(1, 2)
    chain.extend()
    chain.extend(3)
    again = chain.reopened()
    assert _content(again) == _content(chain.ledger)
    candidate = chain.build(4)
    certificate = encode_certificate(certificate_of(candidate))
    again.commit(candidate, certificate)
    chain.ledger.store._tip = LedgerStore(chain.engine).tip()
    assert again.tip.height == 4
    assert again.tip == chain.reopened().tip


def test_two_ledgers_that_commit_the_same_blocks_hold_the_same_bytes() -> None:
    """State roots agree, whatever was prepared, restarted or discarded on the way."""
    chain, follower = LocalChain(), LocalChain()
    for number in range(1, 6):
        candidate = chain.extend(number, number + 100)
        follower.ledger.prepare(follower.build(number + 500))
        follower.commit(candidate)
        follower.ledger = follower.reopened()
    assert dict(chain.engine.iterate()) == dict(follower.engine.iterate())


def test_prepared_block_is_not_visible_until_it_is_committed() -> None:
    """Execute ahead of the decision, in memory only."""
    chain = LocalChain()
    before, written = _content(chain.ledger), dict(chain.engine.iterate())
    candidate = chain.build(1)
    chain.ledger.prepare(candidate)
    chain.ledger.prepare(candidate)
    assert _content(chain.ledger) == before
    assert dict(chain.engine.iterate()) == written
    with pytest.raises(NotFound):
        chain.queries.block(1)
    direct = LocalChain()
    direct.commit(candidate)
    chain.commit(candidate)
    assert _content(chain.ledger) == _content(direct.ledger)


def test_prepared_block_is_dropped_when_another_is_decided() -> None:
    """PrepareExecution: optional; discard the overlay if another block is decided."""
    chain, direct = LocalChain(), LocalChain()
    first, second = chain.build(1, 2, 3), chain.build(4)
    chain.ledger.prepare(first)
    chain.commit(second)
    direct.commit(second)
    assert dict(chain.engine.iterate()) == dict(direct.engine.iterate())
    # The loser stands on a parent that is no longer the tip: preparing it again does nothing.
    chain.ledger.prepare(first)
    following = chain.build(5)
    chain.commit(following)
    direct.commit(following)
    assert dict(chain.engine.iterate()) == dict(direct.engine.iterate())


def test_failed_disk_leaves_the_tip_where_it_was() -> None:
    """StoreError: the disk failed; nothing may be signed until the store is opened again. Reads see the old tip."""
    chain = LocalChain()
    chain.extend(1)
    candidate = chain.build(2)
    before = chain.ledger.tip
    chain.engine.close()
    with pytest.raises(StoreError) as caught:
        chain.commit(candidate)
    assert caught.value.code == "store-closed"
    assert chain.ledger.tip == before


def test_proofs_stay_possible_at_the_last_heights_only() -> None:
    """Drop state versions older than the last ``proof_heights``."""
    chain = LocalChain(proof_heights=3)
    assert not chain.ledger.prune()
    chain.grow(8, transactions=3)
    while chain.ledger.prune():
        pass
    tip = chain.ledger.tip.height
    for height in range(tip - 3, tip + 1):
        assert chain.ledger.tree.root(height)
    with pytest.raises(NotFound) as caught:
        chain.ledger.tree.root(tip - 4)
    assert caught.value.code == "state-version"
    chain.extend(9_999_999)


def test_state_is_made_from_changes_where_its_tree_was_not_stored_and_damage_is_noticed() -> None:
    """Blocks 1 to 3 store no page of the tree: a restarted node has their versions all the same."""
    chain = LocalChain(proof_heights=4)
    chain.grow(3, transactions=2)
    changes = height_key(layout.CHANGES, 2)
    whole = chain.engine.get(changes)
    assert whole is not None
    again = chain.reopened()
    assert [again.tree.root(height) for height in range(4)] == [chain.ledger.tree.root(height) for height in range(4)]
    other = bytearray(whole[:-4])
    other[40] ^= 1
    forged = seal(changes, bytes(other))
    for value, code in ((None, "state-page"), (forged, "data-corrupt"), (whole[1:], "data-corrupt")):
        batch = WriteBatch()
        batch.operations.append((changes, value))
        chain.engine.write(batch, sync=True)
        with pytest.raises(StoreCorrupt) as caught:
            chain.reopened()
        assert caught.value.code == code


def test_node_that_keeps_proofs_of_fewer_heights_from_now_on_starts_again() -> None:
    """The setting may change with any start; what is stored stays whole."""
    chain = LocalChain(proof_heights=64)
    chain.grow(12, transactions=6)
    chain.ledger = Ledger(LedgerStore(chain.engine), tree_cache_bytes=0, proof_heights=5)
    chain.grow(7, transactions=6)
    again = Ledger(LedgerStore(chain.engine), tree_cache_bytes=0, proof_heights=5)
    for height in range(20):
        assert again.tree.root(height) == chain.ledger.tree.root(height)
        again.tree.prove(height, b"identity/x")


def test_version_that_was_pruned_by_half_is_gone_when_proofs_are_kept_for_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A start between two pieces of pruning, with a greater ``proof_heights``: an answer with a code, no damage."""
    monkeypatch.setattr(layout, "STALE_PER_RECORD", 1)
    chain = LocalChain(proof_heights=4)
    chain.grow(18, transactions=6)
    assert chain.ledger.prune(), "one piece of several"
    pruned = chain.ledger.store.pruned()
    assert pruned > 0
    again = Ledger(LedgerStore(chain.engine), tree_cache_bytes=0, proof_heights=1_000)
    again.prune()
    for height in range(pruned):
        with pytest.raises(NotFound) as caught:
            again.tree.prove(height, b"identity/x")
        assert caught.value.code == "state-version"
    for height in range(pruned, 19):
        again.tree.prove(height, b"identity/x")


def test_block_that_does_something_by_itself_is_certified_and_its_events_are_found() -> None:
    """Proof block: its results are due a certificate; events, receipt and proof of the block are read like others."""
    chain = LocalChain()
    chain.grow(2, 0)
    assert not chain.ledger.tip.proof_due
    candidate = chain.ledger.build(2, [], chain.now_ms, [double_vote(chain, 2, height=2)])
    chain.commit(candidate)
    assert chain.ledger.tip.proof_due
    assert chain.reopened().tip == chain.ledger.tip
    with pytest.raises(Rejected, match="not there yet"):
        chain.queries.prove_opened(3)
    chain.grow(1, 0)
    names = ["governance.equivocation_proved", "governance.leader_suspended"]
    assert [event.name for event in chain.queries.block_receipt(3).events] == names
    (found,), _ = chain.queries.events("governance.equivocation_proved", "", None, None, 10)
    assert (found.height, found.tx_index, found.tx_id) == (3, -1, b"")
    shown = verify_bundle(chain.queries.prove_opened(3), genesis_hash=GENESIS_HASH)
    assert shown.opened == chain.queries.block_receipt(3)
    silent = verify_bundle(chain.queries.prove_opened(2), genesis_hash=GENESIS_HASH)
    assert silent.opened == chain.queries.block_receipt(2) == BlockReceipt(2, ())
    for height in (0, 9):
        with pytest.raises(NotFound):
            chain.queries.prove_opened(height)


def test_parameters_hold_from_the_next_block_on_for_a_running_and_a_restarted_node() -> None:
    """Parameter changes take effect from the next block consistently on every node."""
    chain = LocalChain()
    wider = ChainParameters(validity_window=1_500, block_transactions_max=3, view_timeout_ms=3_000)
    consortium_proposal(chain, SetParameters(wider))
    assert chain.ledger.surroundings.parameters == chain.reopened().surroundings.parameters == wider
    assert chain.ledger.validity_window == 1_500
    assert chain.ledger.fresh_fault(chain.build(1, 2, 3, 4, valid_until=1_400), 0, chain.now_ms) == "block-transactions"
    late = chain.ledger.tip.height + 1_500
    chain.extend(1, valid_until=late)
    chain.grow(1_100, 0)
    again = chain.build(1, valid_until=late)
    assert again.transactions == [], "a wider window remembers longer"
    assert chain.reopened().height_of(transaction(1, valid_until=late).tx_id) == chain.ledger.height_of(
        transaction(1, valid_until=late).tx_id
    )


def _with_header(candidate: Candidate, **changes: object) -> Candidate:
    header = msgspec.structs.replace(candidate.header, **changes)
    data = encode(header)
    return replace(candidate, header=header, header_bytes=data, block_hash=block_hash(data))
