"""The chain as this node holds it: one tip, one way forward.

``commit`` is the only function that extends the chain, whoever found the decision (own
quorum, a peer's DECIDED, catch-up). It executes the block if that was not done ahead, checks that
our results agree with what the certified headers say, and writes everything in one
synced batch. A difference between our state and a certified root is ``LedgerDiverged``:
the node must stop signing, because one of us computes wrongly (SPEC R11).
"""

from collections.abc import Sequence
from typing import Final

from chainnode.chain.candidate import Candidate, evidence_root
from chainnode.chain.event_index import index_entries
from chainnode.chain.executor import Execution, execute_block
from chainnode.chain.replay import ReplayWindow
from chainnode.chain.surroundings import Tip, surroundings_of
from chainnode.chain.upgrade import Upgrade, pending_upgrade
from chainnode.chain.validation import check_fresh, check_misbehaviour, check_place, check_roots
from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import ZERO_HASH
from chainnode.crypto.signature_memory import SignatureMemory
from chainnode.errors import ChainError, InvariantBroken, Rejected, StoreCorrupt, invariant
from chainnode.proofs.history import HistoryFrontier, decode_frontier
from chainnode.proofs.merkle import leaf_hash
from chainnode.proofs.merkle import root as merkle_root
from chainnode.state.deferred import DeferredTree
from chainnode.state.overlay import Overlay
from chainnode.state.tree import TreeUpdate, root_key, root_version
from chainnode.state.view import State
from chainnode.store import block_commit
from chainnode.store.ledger_store import LedgerStore
from chainnode.types.block import BLOCK_VERSION, Header, block_hash, certificate_hash, decode_header
from chainnode.types.receipt import Receipt, silent_block_receipt
from chainnode.types.transaction import Transaction
from chainnode.types.validator_set import ValidatorList
from contracts.governance.queries import read_parameters


class LedgerDiverged(Exception):
    """A certified block contradicts what this node holds or computed."""

    def __init__(self, reason: str, details: dict[str, str]) -> None:
        super().__init__(reason)
        self.reason: Final = reason
        self.details: Final = details


class UpgradeNeeded(LedgerDiverged):
    """The next block belongs to a feature that this program does not know."""

    def __init__(self, upgrade: Upgrade) -> None:
        super().__init__(
            "upgrade-needed",
            {
                "feature": upgrade.feature,
                "height": str(upgrade.height),
                "message": f"from height {upgrade.height} on the chain needs a version that knows {upgrade.feature}",
            },
        )


class _TreeNodes:
    """The store's tree entries as the state tree reads them."""

    def __init__(self, store: LedgerStore) -> None:
        self._store: Final = store
        self.get = store.tree_node
        self.changes = store.tree_changes

    def version_at(self, version: int) -> int | None:
        """As ``VersionReader.version_at``."""
        found = self._store.tree_node_before(root_key(0), root_key(version + 1))
        return None if found is None else root_version(found)


class Ledger:
    """Blocks, state and results up to the tip; speculative work above it."""

    def __init__(self, store: LedgerStore, *, tree_cache_bytes: int, proof_heights: int) -> None:
        """Take over an open ``store`` and rebuild what lives in memory.

        Keeps state proofs possible at the last ``proof_heights`` heights.

        Raises:
            StoreCorrupt: ``data-corrupt``, ``state-page``: the state tree is not that of the tip.
        """
        self.store: Final = store
        self.signatures: Final = SignatureMemory()
        """Of the validators' messages: those of a block's last certificate were votes seen before, as a rule."""
        self._proof_heights = proof_heights
        self._frontier: HistoryFrontier = decode_frontier(store.frontier())
        stored = store.tip()
        self.tree: Final = DeferredTree(
            _TreeNodes(store), tree_cache_bytes, tip=stored.height, heights_max=max(1, proof_heights)
        )
        # Proofs may be kept for longer than before this start: what was pruned, perhaps by half, stays gone.
        self.tree.keep_from(store.pruned())
        if self.tree.root(stored.height) != stored.state_root:
            raise StoreCorrupt("data-corrupt", "the stored state tree is not that of the tip", tip=stored.height)
        header = decode_header(_needed(store.header(stored.height)))
        self.chain_id: Final = header.chain_id
        tip = Tip(
            stored.height, stored.block_hash, stored.time_ms, stored.state_root, stored.results_root,
            self._frontier.root(), proof_due=stored.height > 0 and _holds_results(header, stored.results_root),
        )
        self._committed = Overlay(store.state)
        window = read_parameters(self._committed).validity_window
        replay = ReplayWindow(window)
        replay.load(store.recent_transaction_ids(max(0, tip.height - window + 1)))
        certificate = store.certificate(tip.height) or b""
        self.surroundings = surroundings_of(self.chain_id, tip, certificate, self._committed, replay)
        self._prepared: tuple[Execution, TreeUpdate] | None = None
        self.newest_receipts: tuple[int, Sequence[Receipt]] = (tip.height, ())
        """Height and receipts of the last block committed by this process."""

    @property
    def tip(self) -> Tip:
        """The last durable block and its results."""
        return self.surroundings.tip

    @property
    def validators(self) -> ValidatorList:
        """Who agrees on the next height."""
        return self.surroundings.members

    @property
    def tip_height(self) -> int:
        """Height of the last durable block."""
        return self.surroundings.tip.height

    @property
    def validity_window(self) -> int:
        """How many blocks ahead a transaction's expiry may lie."""
        return self.surroundings.parameters.validity_window

    def height_of(self, tx_id: bytes) -> int | None:
        """The height that holds ``tx_id``, when within the validity window."""
        return self.surroundings.replay.height_of(tx_id)

    def committed_state(self) -> State:
        """The state after the tip; to be read, writes to it go nowhere."""
        return self._committed

    def build(
        self, proposer: int, transactions: Sequence[Transaction], now_ms: int, misbehaviour: Sequence[bytes] = ()
    ) -> Candidate:
        """A fresh block on the tip, by validator ``proposer``, with these pending transactions in this order.

        ``misbehaviour`` holds items that ``misbehaviour_fault`` finds nothing against.
        """
        around = self.surroundings
        tip = around.tip
        chosen = [t for t in transactions if around.replay.height_of(t.tx_id) is None]
        certificate = around.tip_certificate
        header = Header(
            version=BLOCK_VERSION,
            chain_id=around.chain_id,
            epoch=around.validators.epoch,
            height=tip.height + 1,
            parent_hash=tip.block_hash,
            time_ms=max(now_ms, tip.time_ms + 1),
            proposer=proposer,
            tx_root=merkle_root([transaction.leaf_hash for transaction in chosen]),
            tx_count=len(chosen),
            body_bytes=sum(len(transaction.envelope) for transaction in chosen),
            evidence_root=evidence_root(misbehaviour),
            prev_state_root=tip.state_root,
            prev_results_root=tip.results_root,
            history_root=tip.history_root,
            validators_hash=around.validators.hash,
            next_validators_hash=around.next_validators_hash,
            last_certificate_hash=certificate_hash(certificate) if certificate else ZERO_HASH,
        )
        data = encode(header)
        return Candidate(block_hash(data), data, header, chosen, certificate, tuple(misbehaviour))

    def fresh_fault(self, candidate: Candidate, leader: int, now_ms: int) -> str | None:
        """The code of the first rule a fresh proposal breaks, or None (SPEC R2)."""
        try:
            check_fresh(
                candidate, self.surroundings, leader=leader, now_ms=now_ms, verify_signature=self.signatures.verify
            )
        except ChainError as error:
            return error.code
        return None

    def misbehaviour_fault(self, items: Sequence[bytes]) -> str | None:
        """The code of the first reason why the next block could not carry these items, or None (SPEC R10)."""
        try:
            check_misbehaviour(items, self.surroundings)
        except ChainError as error:
            return error.code
        return None

    def prepare(self, candidate: Candidate) -> None:
        """Execute ahead of the decision, in memory only; a later ``commit`` of this block is then cheap."""
        if candidate.header.height == self.tip.height + 1 and candidate.header.parent_hash == self.tip.block_hash:
            self._executed(candidate)

    def upgrade_needed(self) -> UpgradeNeeded | None:
        """Why this program cannot execute the next block, if so."""
        found = pending_upgrade(self._committed)
        return UpgradeNeeded(found) if found is not None and found.height <= self.tip.height + 1 else None

    def _executed(self, candidate: Candidate) -> tuple[Execution, TreeUpdate]:
        held = self._prepared
        if held is not None and held[0].block_hash == candidate.block_hash:
            return held
        needed = self.upgrade_needed()
        if needed is not None:
            raise needed
        execution = execute_block(candidate, self.store.state)
        update = self.tree.update(self.tip.height, candidate.header.height, execution.changes)
        self._prepared = (execution, update)
        return self._prepared

    def commit(self, candidate: Candidate, certificate: bytes) -> list[Receipt] | None:
        """Extend the chain by a decided block, durably; the caller has verified ``certificate``.

        Returns its receipts, or None when exactly this block is already part of the chain.

        Raises:
            LedgerDiverged: another block is decided at that height, or the certified header
                contradicts our own results; as ``UpgradeNeeded``: it is beyond this program.
            StoreError: the disk failed; nothing may be signed until the store is opened again.
        """
        height = candidate.header.height
        if height <= self.tip.height:
            self._check_same(candidate)
            return None
        invariant(height == self.tip.height + 1, "blocks are committed in order")
        try:
            check_place(candidate.header, self.surroundings)
            check_roots(candidate.header, self.tip)
        except Rejected as error:
            raise LedgerDiverged(error.code, self._diagnosis(candidate, error)) from error
        execution, update = self._executed(candidate)
        self._write(candidate, certificate, execution, update)
        return execution.receipts

    def _check_same(self, candidate: Candidate) -> None:
        height = candidate.header.height
        header = _needed(self.store.header(height))
        if block_hash(header) != candidate.block_hash:
            raise LedgerDiverged(
                "fork", {"height": str(height), "held": block_hash(header).hex(), "decided": candidate.block_hash.hex()}
            )

    def _write(self, candidate: Candidate, certificate: bytes, execution: Execution, update: TreeUpdate) -> None:
        header = candidate.header
        frontier, nodes = self._frontier.append(leaf_hash(candidate.block_hash))
        tx_ids = [transaction.tx_id for transaction in candidate.transactions]
        tree = self.tree.to_store(update)
        self.store.commit(
            block_commit.BlockCommit(
                height=header.height,
                block_hash=candidate.block_hash,
                stored=candidate.stored(certificate),
                receipts=execution.receipt_bytes,
                tx_ids=tx_ids,
                state_changes=execution.changes,
                tree_writes=tree.writes,
                tree_stale=tree.stale,
                tree_changes=tree.changes,
                tree_version=tree.version,
                state_root=update.root,
                results_root=execution.results_root,
                history_nodes=nodes,
                history_frontier=frontier.encode(),
                index_entries=index_entries(execution.receipts, execution.block_receipt),
                block_receipt=execution.block_receipt_bytes if execution.block_receipt.events else b"",
            )
        )
        self.tree.adopt(update)
        self._frontier = frontier
        self._prepared = None
        self._committed = Overlay(self.store.state)
        self.newest_receipts = (header.height, execution.receipts)
        around = self.surroundings
        around.replay.add_block(header.height, tx_ids)
        tip = Tip(
            header.height, candidate.block_hash, header.time_ms, update.root, execution.results_root,
            frontier.root(), proof_due=_holds_results(header, execution.results_root),
        )
        self.surroundings = surroundings_of(around.chain_id, tip, certificate, self._committed, around.replay)
        around.replay.widen(self.surroundings.parameters.validity_window)

    def prune(self) -> bool:
        """Drop state versions older than the last ``proof_heights``; a bounded piece, True when more remains."""
        height = self.tip.height - self._proof_heights
        if height <= 0:
            return False
        self.tree.keep_from(max(height, self.store.pruned()))
        return self.store.prune_tree(height)

    def _diagnosis(self, candidate: Candidate, error: Rejected) -> dict[str, str]:
        """What an operator needs to find the first difference (SPEC R11)."""
        header, tip = candidate.header, self.tip
        return {
            "height": str(header.height),
            "rule": error.code,
            "message": error.message,
            "own_state_root": tip.state_root.hex(),
            "certified_state_root": header.prev_state_root.hex(),
            "own_results_root": tip.results_root.hex(),
            "certified_results_root": header.prev_results_root.hex(),
            "own_receipts": " ".join(leaf_hash(data).hex()[:16] for data in self.store.receipts(tip.height)[:64]),
        }


def _holds_results(header: Header, results_root: bytes) -> bool:
    """Whether something happened in the block that a next one must certify; a start after a snapshot sees it, too."""
    return header.tx_count > 0 or results_root != leaf_hash(silent_block_receipt(header.height))


def _needed(data: bytes | None) -> bytes:
    if data is None:
        raise InvariantBroken("the store holds every header up to its tip")
    return data
