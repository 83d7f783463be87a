"""Execution: in memory, deterministic, and never stopped by what a client wrote."""

import subprocess
import sys

from chainnode.chain.executor import execute_block
from chainnode.proofs import merkle
from chainnode.types.receipt import decode_block_receipt, decode_receipt, silent_block_receipt
from contracts.identity.operations import CreateIdentity
from tests.support.local_chain import LocalChain, double_vote, envelope, evidence, key_of, transaction
from tests.support.shared import ROOT

NEWCOMER = key_of("newcomer")


def _mixed(chain: LocalChain) -> list:
    """Applied, refused by role or key, and refused because an earlier one of the block took its place."""
    return [
        transaction(1),
        transaction(2, operations=[evidence(7), evidence(8)]),
        transaction(3, operations=[evidence(7)]),
        transaction(4, signer="civic-notary"),
        transaction(5, operations=[evidence(9), evidence(9)]),
        transaction(6, signer="newcomer", sender="newcomer", operations=[CreateIdentity(NEWCOMER.public_key)]),
    ]


def test_same_block_on_same_state_gives_same_bytes() -> None:
    """The same block on the same state gives the same bytes on every machine."""
    results = []
    for _ in range(2):
        chain = LocalChain()
        candidate = chain.ledger.build(0, _mixed(chain), chain.now_ms)
        first = execute_block(candidate, chain.ledger.store.state)
        again = execute_block(candidate, chain.ledger.store.state)
        assert (first.receipt_bytes, first.results_root, list(first.changes.items())) == (
            again.receipt_bytes, again.results_root, list(again.changes.items()),
        )
        results.append((first.receipt_bytes, list(first.changes.items())))
    assert results[0] == results[1]


def test_execution_does_not_depend_on_the_hash_seed() -> None:
    """No iteration over sets or other arbitrary order: two processes with different hash seeds agree."""
    program = (
        "from tests.unit.chain.test_executor import _mixed\n"
        "from tests.support.local_chain import LocalChain\n"
        "from chainnode.chain.executor import execute_block\n"
        "chain = LocalChain()\n"
        "found = execute_block(chain.ledger.build(0, _mixed(chain), chain.now_ms), chain.ledger.store.state)\n"
        "print(found.results_root.hex(), sorted(found.changes) == list(found.changes), len(found.changes))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."}, cwd=ROOT,
            capture_output=True, check=True, text=True, timeout=30,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert " True " in outputs.pop()


def test_refused_transaction_gets_a_receipt_and_leaves_no_trace() -> None:
    """A transaction that cannot apply gets a receipt that says why; all its operations or none."""
    chain = LocalChain()
    candidate = chain.ledger.build(0, _mixed(chain), chain.now_ms)
    found = execute_block(candidate, chain.ledger.store.state)
    codes = [receipt.code for receipt in found.receipts]
    assert [code == "ok" for code in codes] == [True, True, False, False, False, True], codes
    assert codes[3] == "key-not-of-sender"
    assert found.receipts[3].failed_operation == -1
    assert found.receipts[4].failed_operation == 1
    assert not any(receipt.events for receipt in found.receipts if receipt.code != "ok")
    assert not any(evidence(9).evidence_id in key for key in found.changes)


def test_results_root_is_the_tree_over_the_receipts() -> None:
    """prev_results_root: RFC 6962 tree over the block's own receipt and the transactions', in block order."""
    chain = LocalChain()
    candidate = chain.build(1, 2, 3)
    found = execute_block(candidate, chain.ledger.store.state)
    leaves = [merkle.leaf_hash(data) for data in (found.block_receipt_bytes, *found.receipt_bytes)]
    assert found.results_root == merkle.root(leaves)
    assert [decode_receipt(data) for data in found.receipt_bytes] == found.receipts
    assert [(item.height, item.index) for item in found.receipts] == [(1, 0), (1, 1), (1, 2)]
    assert [item.tx_id for item in found.receipts] == [item.tx_id for item in candidate.transactions]


def test_empty_block_changes_nothing_when_there_is_nothing_to_note() -> None:
    """An empty block has its silent receipt alone; presence is noted once in 16 blocks, leaders when one was silent."""
    chain = LocalChain()
    chain.grow(2, 0)
    found = execute_block(chain.build(), chain.ledger.store.state)
    assert (found.receipts, found.changes, found.results_root) == ([], {}, merkle.leaf_hash(silent_block_receipt(3)))


def test_executing_writes_nothing_below() -> None:
    """Nothing touches the disk here: a block that is prepared but never decided leaves no trace."""
    chain = LocalChain()
    before = dict(chain.engine.iterate())
    found = execute_block(chain.build(1, 2), chain.ledger.store.state)
    assert found.changes
    assert dict(chain.engine.iterate()) == before
    assert envelope(1) == envelope(1)


def test_what_a_block_does_by_itself_stands_in_its_own_receipt() -> None:
    """BlockReceipt [tag 10, height, events]: leaf 0, before the receipts of the transactions."""
    chain = LocalChain()
    chain.grow(1)
    candidate = chain.ledger.build(1, [transaction(9)], chain.now_ms, [double_vote(chain, 2, height=1)])
    found = execute_block(candidate, chain.ledger.store.state)
    assert decode_block_receipt(found.block_receipt_bytes) == found.block_receipt
    names = [event.name for event in found.block_receipt.events]
    assert (found.block_receipt.height, names) == (
        2, ["governance.equivocation_proved", "governance.leader_suspended"],
    )  # fmt: skip
    leaves = [merkle.leaf_hash(data) for data in (found.block_receipt_bytes, *found.receipt_bytes)]
    assert found.results_root == merkle.root(leaves)
