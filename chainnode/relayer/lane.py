"""One chain, the host, its client of another one, and everything that is submitted to the host about it.

A round asks both chains what they hold, brings the client to the other chain's newest header, proves what is due and
submits it in one transaction. Nothing is remembered that the chains do not say again: a process that ends anywhere
begins anew with the same questions. What another relayer delivered meanwhile is no longer due in the next round.

A packet that is refused waits by itself, longer each time; the others go on.
"""

from dataclasses import dataclass
from typing import Final

import structlog

from chainnode.clock import Clock, SystemClock
from chainnode.errors import Rejected
from chainnode.relayer.advance import Advance, advance
from chainnode.relayer.backoff import Backoff
from chainnode.relayer.chain import Chain, Tip
from chainnode.relayer.metrics import LaneCount
from chainnode.relayer.operation import Prepared, prepare
from chainnode.relayer.plan import Step, awaits_block, due_at_receiver, due_at_sender
from chainnode.relayer.submission import SETTLED_BY_OTHERS, Verdict, submit
from contracts.relay.record import AcknowledgementRecord, ClientRecord, PacketRecord

REFRESH_DIVISOR: Final = 3
"""A client without packets is updated when a third of its trusting period is over: twice more before it expires."""
ANSWERS_KEPT_MAX: Final = 16_384
"""Answers that need not be asked for again: those of two full clients."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Waiting:
    """A packet that was refused."""

    backoff: Backoff
    until_ms: int
    code: str


@dataclass(frozen=True, slots=True)
class _View:
    """What both chains said in this round."""

    host: Tip
    peer: Tip
    client: ClientRecord


class Lane:
    """Everything for one client of one chain."""

    def __init__(
        self,
        host: Chain,
        client_id: str,
        peer: Chain,
        peer_client: str,
        count: LaneCount,
        *,
        batch_packets: int = 100,
        clock: Clock | None = None,
    ) -> None:
        """Serve ``client_id`` on ``host``, which follows ``peer``, where ``peer_client`` follows ``host``."""
        self.host: Final = host
        self.peer: Final = peer
        self.client_id: Final = client_id
        self.peer_client: Final = peer_client
        self.count: Final = count
        self.opposite: Lane | None = None
        """The lane of the other direction: asked to update its client where the peer would stay silent."""
        self.asked_to_update = False
        self._batch_packets: Final = batch_packets
        self._clock: Final = clock or SystemClock()
        self._waiting: dict[tuple[str, int], _Waiting] = {}
        self._answers: dict[tuple[str, int], AcknowledgementRecord] = {}

    @property
    def name(self) -> str:
        """Host and client, for logs and metrics."""
        return f"{self.host.name}/{self.client_id}"

    async def round(self) -> bool:
        """Do what is due now, one transaction at most; whether anything was committed or is known to have changed.

        Raises:
            ChainError: the round could not be done; nothing is lost by it.
        """
        view = await self._look()
        steps = await self._due(view)
        client, asked = view.client, self.asked_to_update
        trusted = await self.host.consensus_state(self.client_id, client.latest_height)
        stale = view.peer.epoch != trusted.epoch or self._is_old(view)
        if not steps and not stale and not asked:
            return False
        self.asked_to_update = False
        height = max(view.peer.height, client.latest_height)
        moved = Advance((), trusted)
        if height > client.latest_height:
            moved = await advance(client, trusted, height, self.peer, max(view.host.time_ms, self._clock.wall_ms()))
        return await self._submit(moved, steps[: self._batch_packets])

    async def _look(self) -> _View:
        host, peer = await self.host.tip(), await self.peer.tip()
        client = await self.host.client_record(self.client_id)
        self.count.lag_blocks = max(0, peer.height - client.latest_height)
        self.count.client_age_ms = max(0, host.time_ms - client.latest_ms)
        self.count.client_expires_ms = max(0, client.expires_ms() - host.time_ms)
        check_client(client, self.peer, self.peer_client, host)
        return _View(host, peer, client)

    def _is_old(self, view: _View) -> bool:
        return self.count.client_age_ms * REFRESH_DIVISOR > view.client.trusting_period_ms

    async def _due(self, view: _View) -> list[Step]:
        sent = await self.peer.packets(self.peer_client)
        incoming = [packet for packet in sent if packet.destination_client == self.client_id]
        outgoing = await self.host.packets(self.client_id)
        self.count.pending = len(incoming) + len(outgoing)
        self._forget({("receive", one.sequence) for one in incoming} | {("settle", one.sequence) for one in outgoing})
        steps: list[Step] = []
        for packet in outgoing:
            if len(steps) >= self._batch_packets:
                return steps
            answer = await self._answer("settle", self.peer, packet.destination_client, packet)
            due = due_at_sender(packet, answer, view.peer)
            if due in ("acknowledge", "time-out") and self._is_ready("settle", packet):
                steps.append(Step("acknowledge" if due == "acknowledge" else "time-out", packet, answer))
            elif awaits_block(packet, answer, view.peer, self._clock.wall_ms()) and self.opposite is not None:
                self.opposite.asked_to_update = True
        for packet in incoming:
            if len(steps) >= self._batch_packets:
                break
            answer = await self._answer("receive", self.host, self.client_id, packet)
            due = due_at_receiver(packet, answer is not None, view.peer, view.host)
            if due == "receive" and self._is_ready("receive", packet):
                steps.append(Step("receive", packet))
        return steps

    async def _answer(
        self, side: str, receiver: Chain, client_id: str, packet: PacketRecord
    ) -> AcknowledgementRecord | None:
        """What the receiver answered; an answer never changes, so it is asked for once."""
        key = (side, packet.sequence)
        if key not in self._answers:
            found = await receiver.answer(client_id, packet.sequence)
            if found is None:
                return None
            if len(self._answers) >= ANSWERS_KEPT_MAX:
                self._answers.pop(next(iter(self._answers)))
            self._answers[key] = found
        return self._answers[key]

    def _forget(self, under_way: set[tuple[str, int]]) -> None:
        """Keep nothing about packets that are settled."""
        self._waiting = {key: value for key, value in self._waiting.items() if key in under_way}
        self._answers = {key: value for key, value in self._answers.items() if key in under_way}

    def _is_ready(self, side: str, packet: PacketRecord) -> bool:
        waiting = self._waiting.get((side, packet.sequence))
        return waiting is None or waiting.until_ms <= self._clock.monotonic_ms()

    async def _submit(self, moved: Advance, steps: list[Step]) -> bool:
        """Prove and submit; packets whose header the steps do not reach yet wait for the next round."""
        prepared = await prepare(steps, moved.reached, self.client_id, self.peer)
        for failed, code in prepared.refused:
            self._refused(failed, code, "a node's proof does not verify")
        taken = [*moved.steps, *(one.operation for one in prepared.ready)]
        if not taken:
            return False
        verdict = await submit(self.host, taken)
        return self._judge(verdict, moved, prepared)

    def _judge(self, verdict: Verdict, moved: Advance, prepared: Prepared) -> bool:
        taken = prepared.ready[: max(0, verdict.count - len(moved.steps))]
        if verdict.code == "ok":
            self.count.carried["update"] += min(len(moved.steps), verdict.count)
            for one in taken:
                self.count.carried[one.step.kind] += 1
                self._waiting.pop((_side(one.step), one.step.packet.sequence), None)
            log.info(
                "committed",
                lane=self.name,
                height=verdict.height,
                updates=len(moved.steps),
                to_header=moved.reached.height,
                packets=len(taken),
            )
            return True
        at = verdict.operation - len(moved.steps)
        if verdict.operation < 0 or (at < 0 and verdict.code not in SETTLED_BY_OTHERS):
            raise Rejected(verdict.code, f"{self.host.name} refused: {verdict.info}")
        if verdict.code in SETTLED_BY_OTHERS:
            log.debug("delivered by another", lane=self.name, code=verdict.code)
            return True
        self._refused(taken[at].step, verdict.code, verdict.info)
        return True

    def _refused(self, step: Step, code: str, info: str) -> None:
        """The packet waits, longer each time."""
        key = (_side(step), step.packet.sequence)
        waiting = self._waiting.setdefault(key, _Waiting(Backoff(), 0, ""))
        if waiting.code != code:
            log.warning("refused", lane=self.name, kind=step.kind, sequence=step.packet.sequence, code=code, info=info)
        waiting.code = code
        waiting.until_ms = self._clock.monotonic_ms() + waiting.backoff.failed()
        self.count.failed(code)


def check_client(client: ClientRecord, followed: Chain, counterparty: str, host: Tip) -> None:
    """Whether packets can pass through a client now.

    Raises:
        Rejected: ``relay-client-kind``, ``relay-client-differs``, ``relay-client-frozen``, ``relay-client-expired``,
            ``relay-counterparty-unknown`` or ``relay-counterparty-differs``.
    """
    name = client.client_id
    if client.kind != "chainnode":
        raise Rejected("relay-client-kind", f"{name} follows its chain by attestations, which are not carried here")
    if client.chain_id != followed.chain_id:
        raise Rejected("relay-client-differs", f"{name} follows {client.chain_id}, not {followed.chain_id}")
    if client.status == "FROZEN":
        raise Rejected("relay-client-frozen", f"{name} is frozen: {client.chain_id} contradicted itself")
    if client.expires_ms() <= host.time_ms:
        raise Rejected("relay-client-expired", f"{name} has expired; the consortium recovers it by vote")
    if not client.counterparty_client:
        raise Rejected("relay-counterparty-unknown", f"{name} has no counterparty; register it by vote")
    if client.counterparty_client != counterparty:
        found = client.counterparty_client
        raise Rejected("relay-counterparty-differs", f"the counterparty of {name} is {found}, not {counterparty}")


def _side(step: Step) -> str:
    return "receive" if step.kind == "receive" else "settle"
