"""What must hold between two chains whatever their relayers do, checked after every block of either.

The checker sees both ledgers, so it knows what was really sent. From events it follows each packet; from the state it
checks what clients keep and what the applications were told.
"""

from dataclasses import dataclass, field
from typing import Final

from chainnode.lightclient.client_state import ConsensusState
from chainnode.lightclient.own_chain import consensus_state_of
from chainnode.types.receipt import Event
from contracts.relay.consensus_state import read_consensus
from contracts.relay.packet import ERROR_ACKNOWLEDGEMENT, Packet
from contracts.relay.path import acknowledgement_key, commitment_key, receipt_key
from contracts.relay.ports.record_evidence import read_anchor, read_checkpoint
from contracts.relay.record import read_acknowledgement, read_client, read_packet, read_traffic
from tests.simulation.checker import expect
from tests.simulation.two_chains import probe
from tests.simulation.two_chains.chain import Block, SimulatedChain
from tests.simulation.two_chains.founding import Link, Side

EVERYTHING_BLOCKS: Final = 16
"""Every packet is checked in so many blocks; those under way and those just settled in every one."""
Name = tuple[str, str, int]
"""A packet: its sender's chain and client, its sequence."""


@dataclass
class Story:
    """What became of one packet."""

    packet: Packet
    received_ms: int | None = None
    refused: bool = False
    acknowledged: bool = False
    timed_out: bool = False
    seen_settled: bool = False
    """Whether its state was checked since it was settled."""

    @property
    def is_probe(self) -> bool:
        """Whether it is for the application that counts; otherwise it asks for a header to be kept."""
        return self.packet.payload.source_port == probe.PROBE.name


def _hash_at(chain: SimulatedChain, height: int) -> bytes:
    return consensus_state_of(chain.light.beginning(height)[0]).block_hash


@dataclass
class Checker:
    """Both chains' common truth."""

    links: tuple[Link, ...]
    stories: dict[Name, Story] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    """Events of the relay, by name."""
    betrayed: set[str] = field(default_factory=set)
    """Chains whose quorum broke its word: their clients may freeze."""
    frozen: set[tuple[str, str]] = field(default_factory=set)
    """Clients that are frozen, by the chain that keeps them."""
    _believed: dict[tuple[str, str, int], ConsensusState] = field(default_factory=dict)

    def block(self, chain: SimulatedChain, other: SimulatedChain, block: Block) -> None:
        """A block was committed on ``chain``."""
        for event in block.events:
            known = event.name.partition(".")[0] == "relay"
            if known:
                self.counts[event.name] = self.counts.get(event.name, 0) + 1
            self._event(chain, other, block, event)
        for side, opposite in self._sides(chain):
            self._client(side, other)
            self._packets(side, opposite, everything=block.height % EVERYTHING_BLOCKS == 0)

    def _sides(self, chain: SimulatedChain) -> list[tuple[Side, Side]]:
        return [
            (side, opposite)
            for link in self.links
            for side, opposite in link.directions()
            if side.chain is chain
        ]

    def _opposite(self, chain: SimulatedChain, client_id: object) -> Side:
        found = [opposite for side, opposite in self._sides(chain) if side.client_id == client_id]
        expect(len(found) == 1, f"{chain.chain_id} has no client {client_id}")
        return found[0]

    def _event(self, chain: SimulatedChain, other: SimulatedChain, block: Block, event: Event) -> None:
        attributes = event.attributes
        at = (chain.chain_id, str(attributes.get("client_id")))
        if event.name.startswith("relay.packet_"):
            expect(at not in self.frozen, f"{at} is frozen and took part in {event.name}")
        if event.name == "relay.packet_sent":
            self._sent(chain, str(attributes["client_id"]), int(str(attributes["sequence"])))
        elif event.name == "relay.packet_received":
            sender = self._opposite(chain, attributes["client_id"])
            self._received(chain, sender, block, int(str(attributes["sequence"])), attributes["code"] != "ok")
        elif event.name == "relay.packet_acknowledged":
            name = (chain.chain_id, str(attributes["client_id"]), int(str(attributes["sequence"])))
            self._acknowledged(chain, name, bool(attributes["success"]))
        elif event.name == "relay.packet_timed_out":
            name = (chain.chain_id, str(attributes["client_id"]), int(str(attributes["sequence"])))
            self._timed_out(chain, other, name)
        elif event.name == "relay.client_frozen":
            kept = other.chain_id in self.betrayed
            expect(kept, f"{chain.chain_id} froze a client of a chain that never contradicted itself")
            self.frozen.add(at)
        elif event.name == "relay.client_recovered":
            self.frozen.discard(at)

    def _sent(self, chain: SimulatedChain, client_id: str, sequence: int) -> None:
        name = (chain.chain_id, client_id, sequence)
        expect(name not in self.stories, f"{name} was sent twice")
        record = read_packet(chain.state, client_id, sequence)
        expect(record is not None, f"{name} was sent and is not under way")
        assert record is not None
        self.stories[name] = Story(record.packet())

    def _received(self, chain: SimulatedChain, sender: Side, block: Block, sequence: int, refused: bool) -> None:
        name = (sender.chain.chain_id, sender.client_id, sequence)
        story = self.stories.get(name)
        expect(story is not None, f"{chain.chain_id} received {name}, which was never sent")
        assert story is not None
        expect(story.received_ms is None, f"{name} was received twice")
        expect(not story.timed_out, f"{name} had timed out and was received")
        limit_ms = story.packet.timeout_s * 1_000
        expect(block.time_ms < limit_ms, f"{name} was received at {block.time_ms}, not before {limit_ms}")
        asked = story.is_probe and story.packet.payload.value.startswith(probe.REFUSE)
        expect(refused == asked, f"{name}: refused by the application, or not, against what it was asked")
        story.received_ms, story.refused = block.time_ms, refused

    def _acknowledged(self, chain: SimulatedChain, name: Name, success: bool) -> None:
        story = self._unsettled(name)
        expect(story.received_ms is not None, f"{name} was acknowledged and never received")
        expect(success is not story.refused, f"{name} was acknowledged with another answer than was given")
        story.acknowledged = True

    def _timed_out(self, chain: SimulatedChain, other: SimulatedChain, name: Name) -> None:
        story = self._unsettled(name)
        expect(story.received_ms is None, f"{name} was received and timed out")
        limit_ms = story.packet.timeout_s * 1_000
        expect(other.time_ms >= limit_ms, f"{name} timed out at {other.time_ms}, before {limit_ms}")
        story.timed_out = True

    def _unsettled(self, name: Name) -> Story:
        story = self.stories.get(name)
        expect(story is not None, f"{name} was settled and never sent")
        assert story is not None
        expect(not (story.acknowledged or story.timed_out), f"{name} was settled twice")
        return story

    def _client(self, side: Side, other: SimulatedChain) -> None:
        """Nothing is known of the other chain that it did not commit."""
        client = read_client(side.chain.state, side.client_id)
        expect(client is not None, f"{side.client_id} is gone")
        assert client is not None
        expect(list(client.heights) == sorted(set(client.heights)), f"{side.client_id} keeps heights in disorder")
        for height in client.heights:
            kept = read_consensus(side.chain.state, side.client_id, height)
            place = (side.chain.chain_id, side.client_id, height)
            if kept is not None and self._believed.get(place) is kept:
                continue
            header = other.ledger.store.header(height) if height <= other.height else None
            real = None if header is None else consensus_state_of(header)
            if kept is not None:
                self._believed[place] = kept
            expect(kept == real, f"{side.chain.chain_id} believes another block {height} of {other.chain_id}")

    def _packets(self, side: Side, opposite: Side, *, everything: bool) -> None:
        """State, events and what the applications were told agree; of settled packets now and then."""
        state, far = side.chain.state, opposite.chain.state
        open_ = 0
        for name, story in self.stories.items():
            chain_id, client_id, sequence = name
            if chain_id == side.chain.chain_id and client_id == side.client_id:
                settled = story.acknowledged or story.timed_out
                open_ += not settled
                if settled and story.seen_settled and not everything:
                    continue
                story.seen_settled = settled
                committed = state.get(commitment_key(client_id, sequence)) is not None
                expect(committed is not settled, f"{name}: its commitment does not say whether it is settled")
                if not story.is_probe:
                    self._checkpoint(side, opposite, name, story)
                    continue
                self._told(side, name, story)
                acknowledged = probe.read(state, "acknowledged", client_id, sequence)
                if acknowledged is not None:
                    answer = read_acknowledgement(far, opposite.client_id, sequence)
                    given = None if answer is None else answer.acknowledgement
                    seen = ERROR_ACKNOWLEDGEMENT if acknowledged.seen is None else acknowledged.seen
                    expect(seen == given, f"{name}: the sender's application saw another answer")
            elif chain_id == opposite.chain.chain_id and client_id == opposite.client_id:
                if story.seen_settled and not everything:
                    continue
                self._heard(side, name, story)
        traffic = read_traffic(state, side.client_id)
        expect(traffic.under_way == open_, f"{side.client_id}: {traffic.under_way} under way by its count, not {open_}")

    def _told(self, side: Side, name: Name, story: Story) -> None:
        for what, happened in (("acknowledged", story.acknowledged), ("timed-out", story.timed_out)):
            count = probe.read(side.chain.state, what, name[1], name[2])
            expect((count is not None) is happened, f"{name}: the application was not told that it was {what}")
            expect(count is None or (count.times, count.packet) == (1, story.packet), f"{name}: {what} more than once")

    def _heard(self, side: Side, name: Name, story: Story) -> None:
        state, sequence = side.chain.state, name[2]
        received = story.received_ms is not None
        for where in (receipt_key, acknowledgement_key):
            stored = state.get(where(side.client_id, sequence)) is not None
            expect(stored is received, f"{name}: receipt or answer does not say whether it was received")
        if not story.is_probe:
            return
        count = probe.read(state, "received", side.client_id, sequence)
        heard = received and not story.refused
        expect((count is not None) is heard, f"{name}: the receiving application's writes do not fit")
        if count is not None:
            expect(count.times == 1, f"{name}: the application received it {count.times} times")
            expect(count.packet == story.packet, f"{name}: the application received another packet than was sent")

    def _checkpoint(self, side: Side, opposite: Side, name: Name, story: Story) -> None:
        """Both chains wrote down headers that really are each other's."""
        record = read_checkpoint(side.chain.state, name[1], name[2])
        status = "COUNTERSIGNED" if story.acknowledged else "LAPSED" if story.timed_out else "SENT"
        expect(record is not None and record.status == status, f"{name}: a checkpoint that is not {status}")
        if record is None or status != "COUNTERSIGNED":
            return
        anchor = read_anchor(opposite.chain.state, opposite.client_id, record.height)
        own = _hash_at(side.chain, record.height)
        expect(anchor is not None and anchor.block_hash == own == record.block_hash, f"{name}: another header is kept")
        theirs = _hash_at(opposite.chain, record.their_height)
        expect(record.their_block_hash == theirs, f"{name}: another header of {opposite.chain.chain_id} is kept")

    def unsettled(self) -> list[Name]:
        """Packets of which nobody knows yet what became of them."""
        return [name for name, story in self.stories.items() if not (story.acknowledged or story.timed_out)]
