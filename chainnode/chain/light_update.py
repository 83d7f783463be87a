"""What another chain's light client of this one is shown: updates, headers of the past, and where a client begins.

All of it follows from committed blocks, so any node can serve any relayer, and none of them has to be trusted.
"""

from chainnode.codec.canonical import encode
from chainnode.errors import NotFound, Rejected
from chainnode.lightclient.client_state import DecisionKind, Untrusted
from chainnode.lightclient.own_chain import consensus_state_of
from chainnode.proofs.history import history_path
from chainnode.state.overlay import Overlay
from chainnode.store.ledger_reader import LedgerReader
from contracts.governance.queries import epoch_of_height


class LightUpdates:
    """Reads over one store; each takes a few look-ups and O(log(height)**2) stored hashes."""

    def __init__(self, store: LedgerReader) -> None:
        self._store = store

    def update(self, trusted: int, height: int, kind: DecisionKind = "certificate") -> Untrusted:
        """The header at ``height`` for a client whose trusted header is the one at ``trusted``, below it.

        Both lists are given where the client's rule may need both. Whether the step is one that the client accepts
        is for its rules: where it refuses with ``overlap``, a header between the two is needed first.

        Raises:
            NotFound: ``block-not-found``, or ``height-pruned``: this node began from a later snapshot; or
                ``seal-not-found``: a seal is wanted, and there is none here of that block.
            Rejected: ``light-heights``: ``trusted`` is not below ``height``.
        """
        if not 0 <= trusted < height:
            raise Rejected("light-heights", "an update leads from a lower header to a higher one", trusted=trusted)
        header = self._header(height)
        own, before = consensus_state_of(header), consensus_state_of(self._header(trusted))
        named = own.validators_hash == before.next_validators_hash
        decision = self._store.seal(height) if kind == "seal" else self._store.certificate(height)
        if decision is None and kind == "seal":
            raise NotFound("seal-not-found", f"there is no seal of the block at height {height} here")
        return Untrusted(
            header=header,
            decision_kind=kind,
            decision=decision or b"",
            validators=self._list(height),
            trusted_validators=b"" if named else self._list(trusted + 1),
            ancestry=self.ancestry(trusted, height),
        )

    def past(self, height: int, trusted: int) -> tuple[bytes, tuple[bytes, ...]]:
        """A header below a trusted one, and its path in the trusted header's history.

        Raises:
            NotFound: as ``update``.
            Rejected: ``light-heights``.
        """
        return self._header(height), self.ancestry(height, trusted)

    def beginning(self, height: int) -> tuple[bytes, tuple[bytes, ...]]:
        """A header to begin a client with, and the genesis block's path in its history (empty at genesis).

        Raises:
            NotFound: as ``update``.
        """
        return self._header(height), self.ancestry(0, height) if height else ()

    def ancestry(self, older: int, newer: int) -> tuple[bytes, ...]:
        """The RFC 6962 path of the block at ``older`` in the ``history_root`` of the header at ``newer``.

        Raises:
            NotFound: as ``update``.
            Rejected: ``light-heights``: ``older`` is not below ``newer``.
        """
        if not 0 <= older < newer:
            raise Rejected("light-heights", "a header's history holds lower blocks only", older=older, newer=newer)
        if newer > self._store.tip().height:
            raise NotFound("block-not-found", f"there is no block at height {newer}", tip=self._store.tip().height)
        return tuple(history_path(older, newer, self._node))

    def _node(self, level: int, index: int) -> bytes:
        found = self._store.history_node(level, index)
        if found is None:
            raise NotFound("height-pruned", "this node began from a snapshot and lacks that part of the history")
        return found

    def _header(self, height: int) -> bytes:
        tip = self._store.tip().height
        found = self._store.header(height) if 0 <= height <= tip else None
        if found is None:
            code = "height-pruned" if 0 <= height <= tip else "block-not-found"
            raise NotFound(code, f"there is no header at height {height} here", tip=tip)
        return found

    def _list(self, height: int) -> bytes:
        return encode(epoch_of_height(Overlay(self._store.state), height).validators)
