"""The node's network, spoken of by validator index, and what arrives from it.

``NodeLinks`` is the port through which the driver, the fetchers and the gossip reach
peers. ``MessageGate`` is the other direction: it decides, cheapest check first, whether
a consensus message is worth the core's time (SPEC F0), and verifies signatures.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import structlog

from chainnode.clock import Clock, SystemClock
from chainnode.crypto.signature_memory import SignatureMemory
from chainnode.errors import PeerError
from chainnode.net.channel import Channel
from chainnode.net.network import PeerNetwork
from chainnode.net.peer import OBSERVER, Peer, PeerRole
from chainnode.node.early_messages import EarlyMessage, EarlyMessages
from chainnode.node.share import PeerShare
from chainnode.types.validator_set import ObserverNode, ValidatorList
from consensus.inputs import MessageReceived
from consensus.messages import (
    Decided,
    MalformedMessage,
    Message,
    Prepare,
    PrePrepare,
    Status,
    decode_message,
    encode_message,
)
from consensus.rejection import FUTURE_HEIGHT, OLD_HEIGHT, SYNCING, VIEW_TOO_HIGH
from consensus.replica import Replica
from consensus.signing import required
from consensus.state import Phase

NO_INDEX: Final = -1
"""``Status.sender`` of a node that does not vote."""
CHECKS_PER_S_MAX: Final = 16_000
"""Signature checks for the messages of all validators, divided by their number: at 60 us each, a faulty third takes at
most a third of a core. A VIEW_CHANGE of a few hundred bytes can ask for a quorum of checks, and every view has one."""
CHECKS_OF_PEER_MIN: Final = 250
"""A validator asks for two a block, and for two hundred at a change of view among a hundred."""

log = structlog.get_logger(__name__)


class Membership:
    """Which node keys may connect, and as what, by the chain's present state."""

    def __init__(self, validators: ValidatorList, observers: Sequence[ObserverNode]) -> None:
        self.update(validators, observers)

    def update(self, validators: ValidatorList, observers: Sequence[ObserverNode]) -> None:
        """Follow the chain: links of strangers end, and roles change, at the network's next look."""
        self.node_keys = [validator.node_key for validator in validators.validators]
        """Of the validators, by index."""
        self.names = {validator.node_key: validator.name for validator in validators.validators}
        """Display names by node key."""
        self._roles = {node_key: PeerRole(index) for index, node_key in enumerate(self.node_keys)}
        for observer in observers:
            self.names.setdefault(observer.node_key, observer.name)
            self._roles.setdefault(observer.node_key, OBSERVER)

    def role_of(self, node_key: bytes) -> PeerRole | None:
        """The role of a node key; None for a stranger."""
        return self._roles.get(node_key)


class NodeLinks:
    """Sends to validators by index, to observers, and asks whoever may know."""

    def __init__(self, membership: Membership) -> None:
        """``network`` is set by the wiring before anything is sent."""
        self._membership = membership
        self.network: PeerNetwork | None = None
        self.reported: Counter[str] = Counter()
        """Peers reported for what they served, by code."""
        self.slow: Counter[str] = Counter()
        """Peers passed over by a catch-up because they held it up, by code."""

    @property
    def _network(self) -> PeerNetwork:
        if self.network is None:
            raise RuntimeError("the network is set before the node runs")
        return self.network

    def to_validators(self, payload: bytes) -> None:
        """Send a consensus message to every other validator."""
        self._network.broadcast(Channel.CONSENSUS, payload, "validators")

    def to_validator(self, index: int, payload: bytes) -> None:
        """Send a consensus message to one validator; to nobody if the set just changed and has no such index."""
        keys = self._membership.node_keys
        if index < len(keys):
            self._network.send(keys[index], Channel.CONSENSUS, payload)

    def to_observers(self, payload: bytes) -> None:
        """Send a consensus message to every connected observer."""
        self._network.broadcast(Channel.CONSENSUS, payload, "observers")

    def seals_to_validators(self, payload: bytes) -> None:
        """Send a share of a seal to every other validator; loss is tolerated."""
        self._network.broadcast(Channel.SEALS, payload, "validators")

    def to_peer(self, node_key: bytes, payload: bytes) -> None:
        """Send a consensus message to one peer."""
        self._network.send(node_key, Channel.CONSENSUS, payload)

    def gossip(self, batch: bytes) -> None:
        """Send a batch of transactions to every other validator."""
        self._network.broadcast(Channel.TRANSACTIONS, batch, "validators")

    def gossip_to(self, node_key: bytes, batch: bytes) -> bool:
        """Send a batch of transactions to one peer; False when its queue is full."""
        return self._network.send(node_key, Channel.TRANSACTIONS, batch)

    async def request(self, node_key: bytes, kind: int, payload: bytes, timeout_ms: int) -> bytes:
        """The answer of a peer.

        Raises:
            RequestFailed: no link, no answer in time, or a refusal.
        """
        return await self._network.request(node_key, kind, payload, timeout_ms)

    def sources(self, first: Sequence[int]) -> list[bytes]:
        """Connected peers to ask: the validators in ``first``, the other validators, then observers."""
        connected = {info.node_key: info.role for info in self._network.connected()}
        keys = self._membership.node_keys
        named = [keys[index] for index in first if 0 <= index < len(keys) and keys[index] in connected]
        validators = [key for key, role in connected.items() if role.is_validator and key not in named]
        observers = [key for key, role in connected.items() if not role.is_validator]
        return named + validators + observers

    def report(self, node_key: bytes, code: str) -> None:
        """Close the link to a peer that served what no correct peer has."""
        self.reported[code] += 1
        log.warning("peer reported", peer=self._membership.names.get(node_key, node_key.hex()), code=code)
        self._network.penalise(node_key, code)

    def note_slow(self, node_key: bytes, code: str) -> None:
        """Name a peer that held a catch-up up: counted and logged, its link stays."""
        self.slow[code] += 1
        log.info("peer passed over by catch-up", peer=self._membership.names.get(node_key, node_key.hex()), code=code)


class MessageGate:
    """F0 and signatures, in front of the core."""

    def __init__(
        self,
        chain_id: str,
        replica: Replica,
        links: NodeLinks,
        feed: Callable[[MessageReceived], None],
        clock: Clock | None = None,
        boundary: Callable[[int], Decided | None] = lambda _height: None,
        signatures: SignatureMemory | None = None,
    ) -> None:
        """``feed`` takes what passed; ``clock`` spaces out what one peer may cost.

        ``boundary`` is ``chain.epochs.boundary_of``; ``signatures`` is the memory shared with who checks them again.
        """
        self._chain_id = chain_id
        self._replica = replica
        self._links = links
        self._feed = feed
        self._boundary = boundary
        self.filtered: Counter[str] = Counter()
        """Messages dropped before signature work, by code."""
        self.peer_heights: dict[bytes, int] = {}
        """What connected peers last said of their tip, by node key; for people, never believed."""
        clock = clock or SystemClock()
        self._shares = replica.validators.size
        """Among how many the checks are divided."""
        checks = _checks_of_peer(self._shares)
        self._share = PeerShare(checks, 2 * checks, clock)
        self._help = PeerShare(1, 1, clock)
        self._signatures = signatures or SignatureMemory()
        self._early = EarlyMessages()

    def receive(self, peer: Peer, payload: bytes) -> None:
        """Take one message of the consensus channel.

        Raises:
            PeerError: no correct node sends this: malformed bytes, a false name, an invalid signature.
        """
        try:
            message = decode_message(payload)
        except MalformedMessage as error:
            raise PeerError(error.code.replace("_", "-"), "a consensus message is malformed") from error
        if isinstance(message, Status):
            message = self._status(peer, message)
        code = self._replica.filter(message)
        if code is None and self._is_settled(message):
            code = "prepared"
        if self._is_early(message, code) and self._keep(EarlyMessage(message.height, peer, payload)):
            return
        if code is not None:
            self.filtered[code] += 1
            return
        knows, verify = self._signatures.knows, self._signatures.verify
        claims = required(message, self._replica.validators)
        unknown = [one for one in claims if not knows(one.public_key, one.signed_bytes, one.signature)]
        if self._replica.validators.size != self._shares:
            # E2: a set that grew makes every share smaller, or the whole would outgrow the core.
            self._shares = self._replica.validators.size
            checks = _checks_of_peer(self._shares)
            self._share.grant(checks, 2 * checks)
        if not self._share.take(peer.node_key, max(1, len(unknown))):
            # Not a fault that could be shown: it is only too much. What matters is sent again (R8).
            self.filtered["peer_share"] += 1
            return
        for claim in unknown:
            if not verify(claim.public_key, claim.signed_bytes, claim.signature):
                # Correct nodes verify before they pass anything on, so the peer itself is at fault.
                raise PeerError("message-signature", "a consensus message carries an invalid signature")
        self._feed(MessageReceived(message))

    def _is_early(self, message: Message, code: str | None) -> bool:
        """Whether the core, which has no use for this now (or would forget it), may have one later."""
        if type(message) is not PrePrepare:
            return code == FUTURE_HEIGHT
        if code is None:
            # R9: what is proposed for the next height is looked at when sync applies this one, and refused by then.
            return self._replica.phase is Phase.SYNCING
        if code == VIEW_TOO_HIGH:
            return message.height > self._replica.height
        return code in {FUTURE_HEIGHT, SYNCING}

    def _keep(self, early: EarlyMessage) -> bool:
        return self._early.keep(early, present=self._replica.height, validators=self._replica.validators.size)

    def take_early(self) -> None:
        """The replica began another height, or may vote again: what can be of use now is received now."""
        present, refused = self._replica.height, set[bytes]()
        for early in self._early.due(present):
            if early.height < present:
                self.filtered[OLD_HEIGHT] += 1
            elif early.peer.node_key not in refused:
                try:
                    self.receive(early.peer, early.payload)
                except PeerError as error:
                    # One fault is enough; a link that closes leaves the rest unread, too.
                    refused.add(early.peer.node_key)
                    self._early.forget(early.peer.node_key)
                    self._links.report(early.peer.node_key, error.code)

    def _is_settled(self, message: Message) -> bool:
        """Whether this is a PREPARE beyond the quorum: the certificate of its view and block has been made already.

        A check of its signature would buy nothing but evidence, should the same sender also prepare another block.
        """
        if type(message) is not Prepare:
            return False
        lock = self._replica.prepared
        return (
            lock is not None
            and lock.view == message.view == self._replica.view
            and message.height == lock.height
            and message.block_hash == lock.block_hash
        )

    def _status(self, peer: Peer, message: Status) -> Status:
        """Help a peer that the core would not, and name the sender as the chain does.

        Its own idea of its index may be of an earlier epoch; the link says who it is.
        """
        if message.chain_id != self._chain_id or message.sender < NO_INDEX:
            raise PeerError("status-form", "a STATUS names another chain than its link, or a sender that cannot be")
        self.peer_heights[peer.node_key] = message.height
        if message.height < self._replica.tip.height:
            boundary = self._boundary(message.height + 1)
            if boundary is not None:
                # E4: the certificate of the tip means nothing to a peer that does not know this set yet.
                if self._help.take(peer.node_key, 1):
                    self._links.to_peer(peer.node_key, encode_message(boundary))
                return msgspec.structs.replace(message, sender=NO_INDEX)
            if message.sender == NO_INDEX and self._help.take(peer.node_key, 1):
                self.help(peer.node_key)
        index = peer.role.validator_index
        sender = NO_INDEX if message.sender == NO_INDEX or index is None else index
        return msgspec.structs.replace(message, sender=sender)

    def help(self, node_key: bytes) -> None:
        """Show a peer that does not vote our newest certificate; it starts to catch up by it."""
        tip = self._replica.tip
        if tip.certificate is not None:
            decided: Message = Decided(self._chain_id, tip.height, tip.block_hash, tip.certificate)
            self._links.to_peer(node_key, encode_message(decided))

    def greet(self, node_key: bytes) -> None:
        """Tell a newly connected peer where we stand."""
        replica = self._replica
        own = NO_INDEX if replica.own_index is None else replica.own_index
        tip = replica.tip
        status = Status(self._chain_id, own, tip.height, tip.block_hash, replica.view, int(replica.phase), 0)
        self._links.to_peer(node_key, encode_message(status))

    def forget(self, node_key: bytes) -> None:
        """A peer disconnected."""
        self.peer_heights.pop(node_key, None)


def _checks_of_peer(size: int) -> int:
    """Signature checks a second that one of ``size`` validators may ask for."""
    return max(CHECKS_OF_PEER_MIN, CHECKS_PER_S_MAX // size)
