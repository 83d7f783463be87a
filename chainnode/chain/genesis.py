"""The first block's effect: what the founders agreed on becomes the initial state."""

from chainnode.codec.canonical import encode
from chainnode.proofs.history import HistoryFrontier
from chainnode.proofs.merkle import leaf_hash
from chainnode.state.overlay import Overlay
from chainnode.state.tree import StateTree
from chainnode.store.block_commit import BlockCommit
from chainnode.types.block import Body, StoredBlock, block_hash
from chainnode.types.genesis import EMPTY_TREE_ROOT, check_genesis_keys, decode_genesis, genesis_header
from contracts.kernel.execution import apply_genesis


class _NoNodes:
    """The tree before anything was stored."""

    def get(self, node_key: bytes) -> bytes | None:
        """Nothing."""
        del node_key
        return None


def genesis_commit(genesis: bytes) -> BlockCommit:
    """Everything the store writes for the block at height 0.

    Raises:
        DecodeError: not a genesis document, or ``seal-proof``.
        ConfigError: an operation of the genesis document cannot be applied.
    """
    document = decode_genesis(genesis)
    check_genesis_keys(document)
    header = genesis_header(genesis)
    hash_ = block_hash(header)
    overlay = Overlay(lambda _key: None)
    apply_genesis(document, overlay)
    changes = overlay.changes()
    update = StateTree(_NoNodes(), 0).update(None, 0, changes)
    frontier, nodes = HistoryFrontier().append(leaf_hash(hash_))
    return BlockCommit(
        height=0,
        block_hash=hash_,
        stored=StoredBlock(header, encode(Body((), b"", ())), b""),
        receipts=(),
        tx_ids=(),
        state_changes=changes,
        tree_writes=update.writes,
        tree_stale=update.stale,
        state_root=update.root,
        results_root=EMPTY_TREE_ROOT,
        history_nodes=nodes,
        history_frontier=frontier.encode(),
    )
