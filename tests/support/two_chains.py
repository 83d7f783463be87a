"""Two chains that follow each other, each a consortium whose every block is certified and commits to its real state.

A block's header carries the time at which its transactions ran and the state after the block before, as on a network;
so proofs, clients and time-outs are the real ones, and only consensus and the wire are left out.
"""

from collections.abc import Sequence
from unittest.mock import patch

from chainnode.codec.canonical import encode
from chainnode.lightclient.client_state import ConsensusState
from chainnode.state.view import State
from chainnode.types.block import decode_header
from chainnode.types.receipt import OK, Receipt
from contracts.kernel.context import Context
from contracts.kernel.operation import Operation
from contracts.relay import calling
from contracts.relay.operations import (
    AcknowledgePacket,
    CreateClient,
    ReceivePacket,
    RegisterCounterparty,
    TimeOutPacket,
    UpdateClient,
)
from contracts.relay.packet import Packet
from contracts.relay.path import acknowledgement_key, commitment_key, receipt_key
from contracts.relay.port import Arrival, Departure, Port
from contracts.relay.record import read_acknowledgement, read_client
from contracts.relay.sending import send
from tests.support.light_chain import LightChain
from tests.support.small_chain import CHAIN_ID, TIME_MS
from tests.unit.contracts.world import CHAIN, World, did_of

CLIENT_ID = "chainnode-1"
"""On both chains, of the other one."""
PERIOD_MS = 7 * 86_400_000


class Side:
    """One of the two chains, with one port that remembers what it was told."""

    def __init__(self, clock_ms: int = TIME_MS) -> None:
        self.chain = LightChain(1, genesis_ms=clock_ms)
        self.world = World()
        self.clock_ms = clock_ms
        self.told: list[tuple[str, int]] = []
        """What the port heard: ``received``, ``acknowledged`` or ``timed out``, and the packet's sequence."""
        self.sent: list[Packet] = []
        self.committed: list[Packet] = []
        """Packets of decided blocks."""
        self._waiting: list[Packet] = []
        self._known: dict[bytes, bytes | None] = {}
        self._port = Port("echo", "echo-1", self._receive, self._acknowledge, self._time_out)

    def _receive(self, arrival: Arrival, _context: Context, _state: State) -> bytes:
        self.told.append(("received", arrival.packet.sequence))
        return b"\x01" + arrival.payload.value

    def _acknowledge(self, departure: Departure, answer: bytes | None, _context: Context, _state: State) -> None:
        assert answer == b"\x01" + departure.payload.value
        self.told.append(("acknowledged", departure.packet.sequence))

    def _time_out(self, departure: Departure, _context: Context, _state: State) -> None:
        self.told.append(("timed out", departure.packet.sequence))

    @property
    def height(self) -> int:
        """Of the last decided block."""
        return len(self.chain.headers) - 1

    def block(
        self, operations: Sequence[Operation] = (), *, sends: Sequence[int] = (), ms: int = 1_000
    ) -> list[Receipt]:
        """Decide a block ``ms`` after the last: a transaction for each operation, a packet for each time-out."""
        self.clock_ms += ms
        self.world.height, self.world.time_ms = self.height + 1, self.clock_ms
        with patch.object(calling, "PORTS", {"echo": self._port}):
            receipts = [self.submit(operation) for operation in operations]
        for timeout_s in sends:
            self.send(timeout_s)
        content = self.world.content()
        changed = {key: value for key, value in content.items() if self._known.get(key) != value}
        self._known = dict(content)
        self.chain.extend(changes=changed, forged={"time_ms": self.clock_ms})
        self.committed += self._waiting
        self._waiting = []
        return receipts

    def submit(self, operation: Operation) -> Receipt:
        """One transaction of whoever may; what it told the port is forgotten with it."""
        told = len(self.told)
        governs = isinstance(operation, CreateClient | RegisterCounterparty)
        receipt = self.world.submit("governor" if governs else "stranger", operation)
        if receipt.code != OK:
            del self.told[told:]
        return receipt

    def send(self, timeout_s: int) -> None:
        """As an application would, in the block that is being made."""
        context = Context(
            chain_id=CHAIN,
            height=self.world.height,
            time_ms=self.world.time_ms,
            tx_id=bytes(32),
            index=0,
            sender=did_of("member"),
            signers=(),
        )
        value = b"%d" % len(self.sent)
        packet = send(CLIENT_ID, self._port, value, timeout_s, context, self.world.overlay)
        self.sent.append(packet)
        self._waiting.append(packet)

    def known(self) -> tuple[int, ...]:
        """Heights of the other chain that this one's client keeps."""
        client = read_client(self.world.overlay, CLIENT_ID)
        assert client is not None
        return client.heights

    def followed_by(self) -> CreateClient:
        """The operation by which the other chain begins to follow this one."""
        genesis, sets = self.chain.headers[0], encode(self.chain.sets[0])
        return CreateClient(CHAIN_ID, self.chain.genesis_hash, genesis, validators=sets, trusting_period_ms=PERIOD_MS)

    def state_of(self, height: int) -> ConsensusState:
        """What the header at ``height`` says."""
        return self.chain.trusted(height)

    def update(self, trusted: int, height: int) -> UpdateClient:
        """The header at ``height``, for the other chain's client."""
        return UpdateClient(CLIENT_ID, trusted, encode(self.chain.update(trusted, height)))

    def proof(self, height: int, key: bytes) -> bytes:
        """Of the state that the header at ``height`` commits to."""
        return encode(self.chain.tree.prove(height - 1, key))

    def delivery(self, packet: Packet, height: int) -> ReceivePacket:
        """A packet of this chain, for the other one."""
        return ReceivePacket(packet, height, self.proof(height, commitment_key(CLIENT_ID, packet.sequence)))

    def answer(self, sequence: int, height: int) -> AcknowledgePacket:
        """The answer of this chain to the other one's packet; a made-up one where it did not answer."""
        record = read_acknowledgement(self.world.overlay, CLIENT_ID, sequence)
        said = b"?" if record is None else record.acknowledgement
        proof = self.proof(height, acknowledgement_key(CLIENT_ID, sequence))
        return AcknowledgePacket(CLIENT_ID, sequence, said, height, proof)

    def silence(self, sequence: int, height: int) -> TimeOutPacket:
        """That this chain did not receive the other one's packet."""
        return TimeOutPacket(CLIENT_ID, sequence, height, self.proof(height, receipt_key(CLIENT_ID, sequence)))

    def time_of(self, height: int) -> int:
        """Milliseconds of a header."""
        return decode_header(self.chain.headers[height]).time_ms


def connected(skew_ms: int = 0) -> tuple[Side, Side]:
    """Two chains with a client of each other; the second one's clock is ``skew_ms`` ahead."""
    sides = Side(), Side(TIME_MS + skew_ms)
    for side, other in (sides, sides[::-1]):
        made = side.block([other.followed_by(), RegisterCounterparty(CLIENT_ID, CLIENT_ID)])
        assert [receipt.code for receipt in made] == [OK, OK], made
    return sides
