"""The operations that packets need, with proofs that were verified here before anybody else sees them."""

from dataclasses import dataclass

from chainnode.lightclient.client_state import ConsensusState
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.membership import verify_membership, verify_non_membership
from chainnode.relayer.chain import Chain
from chainnode.relayer.plan import Step
from contracts.kernel.operation import Operation
from contracts.relay.operations import AcknowledgePacket, ReceivePacket, TimeOutPacket
from contracts.relay.packet import acknowledgement_commitment, packet_commitment
from contracts.relay.path import acknowledgement_key, commitment_key, receipt_key


@dataclass(frozen=True, slots=True)
class Ready:
    """A packet's step as an operation."""

    step: Step
    operation: Operation


@dataclass(frozen=True, slots=True)
class Prepared:
    """What can be submitted, and what cannot be proved, with the code."""

    ready: list[Ready]
    refused: list[tuple[Step, str]]


async def prepare(steps: list[Step], state: ConsensusState, client_id: str, peer: Chain) -> Prepared:
    """Prove ``steps`` under a header of ``peer`` that the client keeps, or is about to.

    What happened at or after that header waits; it is in neither list.

    Raises:
        NotFound, Unavailable: no node proves it now.
    """
    fit = [step for step in steps if _is_covered(step, state)]
    proofs = await peer.proofs([key_of(step) for step in fit], state.height)
    ready, refused = [], []
    for step, proof in zip(fit, proofs, strict=True):
        try:
            _check(step, state, proof)
        except LightClientError as error:
            refused.append((step, f"proof-{error.code}"))
        else:
            ready.append(Ready(step, _operation(step, client_id, state.height, proof)))
    return Prepared(ready, refused)


def key_of(step: Step) -> bytes:
    """The key of the peer's state that speaks about a step."""
    packet = step.packet
    if step.kind == "receive":
        return commitment_key(packet.client_id, packet.sequence)
    if step.kind == "acknowledge":
        return acknowledgement_key(packet.destination_client, packet.sequence)
    return receipt_key(packet.destination_client, packet.sequence)


def _is_covered(step: Step, state: ConsensusState) -> bool:
    """Whether the state before the header's block holds what the step is about."""
    if step.kind == "receive":
        return step.packet.sent_height < state.height
    if step.answer is not None:
        return step.answer.height < state.height
    return step.packet.timeout_s * 1_000 <= state.time_ms


def _check(step: Step, state: ConsensusState, proof: bytes) -> None:
    key = key_of(step)
    if step.kind == "receive":
        verify_membership(state, key, packet_commitment(step.packet.packet()), proof)
    elif step.answer is not None:
        verify_membership(state, key, acknowledgement_commitment((step.answer.acknowledgement,)), proof)
    else:
        verify_non_membership(state, key, proof)


def _operation(step: Step, client_id: str, height: int, proof: bytes) -> Operation:
    packet = step.packet
    if step.kind == "receive":
        return ReceivePacket(packet.packet(), height, proof)
    if step.answer is not None:
        return AcknowledgePacket(client_id, packet.sequence, step.answer.acknowledgement, height, proof)
    return TimeOutPacket(client_id, packet.sequence, height, proof)
