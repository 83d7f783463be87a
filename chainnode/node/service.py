"""What one running node offers to those above it: the API, tools, tests.

Submit, wait, read, ask how it is. Also the place where a committed block is told to
everybody who waits for it, after it is durable and never before.
"""

from collections.abc import Sequence
from typing import Final

import structlog

from chainnode.chain.candidate import Candidate
from chainnode.chain.queries import LedgerQueries
from chainnode.chain.upgrade import Upgrade
from chainnode.clock import Clock
from chainnode.mempool.admission import Admission, Admitter
from chainnode.mempool.gossip import Outbox
from chainnode.mempool.pool import Pool
from chainnode.net.network import PeerNetwork
from chainnode.node.links import Membership, MessageGate
from chainnode.node.metrics import Counts, node_registry
from chainnode.node.statistics import CommitStatistics
from chainnode.node.status import Finality, HealthCheck, NodeStatus, PeerStatus
from chainnode.node.waiters import CommitWaiters
from chainnode.types.receipt import Receipt
from chainnode.types.transaction import Transaction
from chainnode.version import VERSION
from consensus.outputs import ViewChanged
from consensus.replica import Replica
from consensus.state import Phase

__all__ = ["Admission", "Finality", "HealthCheck", "NodeService", "NodeStatus", "PeerStatus"]

CERTIFICATE_WARNING_MS: Final = 30 * 24 * 3600 * 1000

log = structlog.get_logger(__name__)


class NodeService:
    """One node, as its users see it."""

    def __init__(
        self,
        *,
        name: str,
        node_key: bytes,
        replica: Replica,
        queries: LedgerQueries,
        genesis_hash: bytes,
        membership: Membership,
        pool: Pool,
        admitter: Admitter,
        outbox: Outbox,
        gate: MessageGate,
        clock: Clock,
        counts: Counts,
    ) -> None:
        """``network`` is set by the wiring once it exists."""
        self.name: Final = name
        self.queries: Final = queries
        self.genesis_hash: Final = genesis_hash
        self.genesis: Final = queries.genesis()
        self.chain_id: Final = queries.chain_id
        self.metrics: Final = node_registry(self.status, counts)
        self._upgrade: Upgrade | None = None
        self.halted: str | None = None
        """Why this node signs nothing: it halted for good, or it only follows the chain."""
        self._stopped = False
        self.network: PeerNetwork | None = None
        self._replica = replica
        self._membership = membership
        self._node_key = node_key
        self._pool = pool
        self._admitter = admitter
        self._outbox = outbox
        self._gate = gate
        self._clock = clock
        self._started_ms = clock.monotonic_ms()
        self._statistics = CommitStatistics()
        self._waiters = CommitWaiters()
        self._admitted_ms: dict[bytes, int] = {}
        self._view_changes = 0

    @property
    def role(self) -> str:
        """``validator`` or ``observer``, as the chain has it now."""
        role = self._membership.role_of(self._node_key)
        return "validator" if role is not None and role.is_validator else "observer"

    # For clients.

    async def submit(self, envelopes: Sequence[bytes]) -> list[Admission]:
        """Admit each envelope, or say why not; one answer each, in order. The same bytes twice are one transaction."""
        if self._stopped:
            message = "this node halted and takes no transactions; submit the same bytes to another one"
            refusal = Admission(b"", "rejected", "node-halted", message, retryable=True)
            return [refusal] * len(envelopes)
        answers = await self._admitter.submit(envelopes, local=True)
        return [self._older(answer) for answer in answers]

    def _older(self, answer: Admission) -> Admission:
        """A transaction that expired may have been committed long ago: then that is the truth about it."""
        if answer.code == "expired" and (place := self.queries.locate(answer.tx_id)) is not None:
            return Admission(answer.tx_id, "committed", height=place[0])
        return answer

    async def wait_committed(self, tx_ids: Sequence[bytes], timeout_ms: int) -> dict[bytes, tuple[int, int] | None]:
        """Height and index of each once durable here; None for those that were not within the time."""
        places: dict[bytes, tuple[int, int] | None] = {tx_id: self.queries.locate(tx_id) for tx_id in tx_ids}
        missing = [tx_id for tx_id, place in places.items() if place is None]
        if missing:
            places.update(await self._waiters.wait(missing, timeout_ms))
        return places

    def is_pending(self, tx_id: bytes) -> bool:
        """Whether a transaction waits here for a block."""
        return tx_id in self._pool

    # For operators.

    def status(self) -> NodeStatus:
        """How the node is at this moment."""
        replica, tip = self._replica, self.queries.tip()
        members = self.queries.validators()
        now_ms = self._clock.monotonic_ms()
        phase = replica.phase
        return NodeStatus(
            name=self.name,
            role=self.role,
            version=VERSION,
            chain_id=self.chain_id,
            genesis_hash=self.genesis_hash,
            height=tip.height,
            block_hash=tip.block_hash,
            state_root=tip.state_root,
            block_time_ms=tip.time_ms,
            epoch=replica.validators.epoch,
            view=replica.view,
            phase=phase.name.lower(),
            # The ledger may be at the next epoch already: then the core's index is of the set before.
            leader=members.validators[replica.leader].name if members.epoch == replica.validators.epoch else None,
            syncing=phase is Phase.SYNCING,
            halted=self.halted,
            history_from=self.queries.history_from(),
            peers=self._peers(),
            pool_transactions=len(self._pool),
            pool_bytes=self._pool.bytes_held,
            view_changes=self._view_changes,
            validators=replica.validators.size,
            quorum=replica.validators.quorum,
            committed_transactions=self._statistics.committed,
            transactions_per_second=self._statistics.rate(now_ms),
            finality_ms=Finality(*self._statistics.finality()),
            uptime_ms=now_ms - self._started_ms,
            upgrade_needed_at=None if self._upgrade is None else self._upgrade.height,
        )

    def _peers(self) -> list[PeerStatus]:
        if self.network is None:
            return []
        return [
            PeerStatus(
                name=self._membership.names.get(info.node_key, info.node_key.hex()[:16]),
                role="validator" if info.role.is_validator else "observer",
                node_key=info.node_key,
                address=info.address,
                connected_since_ms=info.since_ms,
                height=self._gate.peer_heights.get(info.node_key),
            )
            for info in self.network.connected()
        ]

    def health(self) -> list[HealthCheck]:
        """Conditions of readiness: all ok means this node serves what it should."""
        status = self.status()
        reachable = sum(peer.role == "validator" for peer in status.peers) + (self.role == "validator")
        needed = status.quorum if self.role == "validator" else 1
        return [
            HealthCheck("signing", status.halted is None, status.halted or "nothing stops this node"),
            HealthCheck("quorum", reachable >= needed, f"{reachable} validators in reach, {needed} needed"),
            HealthCheck("synced", not status.syncing, f"at height {status.height}"),
            self._certificate_health(),
        ]

    def _certificate_health(self) -> HealthCheck:
        ends_ms = None if self.network is None else self.network.certificate_not_after_ms()
        if ends_ms is None:
            return HealthCheck("tls-certificate", ok=False, info="not loaded")
        left_ms = ends_ms - self._clock.wall_ms()
        days = left_ms // (24 * 3600 * 1000)
        text = f"ends in {days} days" if left_ms >= CERTIFICATE_WARNING_MS else f"ends in {days} days: renew it now"
        return HealthCheck("tls-certificate", ok=left_ms > 0, info=text)

    # For the driver and the mempool.

    def on_admitted(self, transactions: list[Transaction], *, local: bool) -> None:
        """New transactions wait; those of clients are passed on to the validators."""
        if local:
            now_ms = self._clock.monotonic_ms()
            for transaction in transactions:
                self._admitted_ms[transaction.tx_id] = now_ms
            self._outbox.add(transactions)

    def on_block(self, candidate: Candidate, receipts: Sequence[Receipt]) -> None:
        """A block became durable."""
        del receipts
        now_ms = self._clock.monotonic_ms()
        tx_ids = [transaction.tx_id for transaction in candidate.transactions]
        self._statistics.add_block(now_ms, len(tx_ids))
        self._outbox.settle(tx_ids)
        for tx_id in tx_ids:
            since = self._admitted_ms.pop(tx_id, None)
            if since is not None:
                self._statistics.add_finality(now_ms - since)
        self._waiters.committed(candidate.header.height, tx_ids)
        self._warn_of_upgrade()

    def _warn_of_upgrade(self) -> None:
        """Say once of each change that this program will not do for ever; it halts in good order before that height."""
        upgrade = self.queries.upgrade()
        if upgrade != self._upgrade:
            self._upgrade = upgrade
            if upgrade is not None:
                log.warning("upgrade this node before that height", feature=upgrade.feature, height=upgrade.height)

    def on_expired(self, tx_ids: Sequence[bytes]) -> None:
        """Pending transactions passed their last height."""
        self._outbox.settle(tx_ids)
        for tx_id in tx_ids:
            self._admitted_ms.pop(tx_id, None)

    def on_view_changed(self, event: ViewChanged) -> None:
        """The replica entered a view above 0."""
        self._view_changes += 1
        log.info("view changed", height=event.height, view=event.view, reason=event.reason)

    def on_halt(self, reason: str, details: dict[str, str]) -> None:
        """Signing stopped for good; reads go on."""
        self.halted = reason
        self._stopped = True
        log.error("halted: this node signs nothing any more", reason=reason, **details)

    def on_follow_only(self, reason: str) -> None:
        """What this key signed before is in doubt (SPEC, Restart): the node follows and serves, and never votes."""
        self.halted = reason
        log.error("this node only follows: what its key signed before is in doubt", reason=reason)
