"""What is due for each packet, decided from what both chains hold. Pure: everything is an argument.

Of a packet under way exactly one thing is true at a time:

| the receiver | the receiver's time | due |
|---|---|---|
| has not received it | before the time-out | the receiver gets it |
| has answered | | the sender gets the answer |
| has not received it | at or after the time-out | the sender gets the proof that it was not received |
"""

from dataclasses import dataclass
from typing import Literal

from chainnode.relayer.chain import Tip
from contracts.relay.record import AcknowledgementRecord, PacketRecord

Due = Literal["receive", "acknowledge", "time-out", "wait"]


@dataclass(frozen=True, slots=True)
class Step:
    """What one packet needs on one chain."""

    kind: Literal["receive", "acknowledge", "time-out"]
    packet: PacketRecord
    answer: AcknowledgementRecord | None = None


def due_at_receiver(packet: PacketRecord, answered: bool, sender: Tip, receiver: Tip) -> Due:
    """What the receiving chain needs: the packet, once a header of the sender commits to it, unless it is too late."""
    if answered or receiver.time_ms >= packet.timeout_s * 1_000:
        return "wait"
    return "receive" if packet.sent_height < sender.height else "wait"


def due_at_sender(packet: PacketRecord, answer: AcknowledgementRecord | None, receiver: Tip) -> Due:
    """What the sending chain needs: the answer, or the proof that there never will be one.

    A header commits to the state before its block, so the answer of the newest block waits for the next one. A header
    at or after the time-out shows the state that no later block adds a receipt to.
    """
    if answer is not None:
        return "acknowledge" if answer.height < receiver.height else "wait"
    return "time-out" if receiver.time_ms >= packet.timeout_s * 1_000 else "wait"


def awaits_block(packet: PacketRecord, answer: AcknowledgementRecord | None, receiver: Tip, now_ms: int) -> bool:
    """Whether only a block of the receiver is missing, so that a receiver that is silent should be given cause."""
    if answer is not None:
        return answer.height >= receiver.height
    return receiver.time_ms < packet.timeout_s * 1_000 <= now_ms
