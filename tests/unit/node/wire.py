"""A network that only remembers what it was asked to do, for the parts above it."""

from collections.abc import Iterable
from typing import Any

from chainnode.chain.certificate import open_certificate
from chainnode.net.channel import Channel
from chainnode.net.network import PeerNetwork
from chainnode.net.peer import OBSERVER, Peer, PeerInfo, PeerRole
from chainnode.node.links import Membership, NodeLinks
from consensus.messages import Message, decode_message
from consensus.replica import Replica
from consensus.tip import Tip
from contracts.governance.queries import read_observers
from tests.support.local_chain import NODE_KEYS, VALIDATORS, LocalChain

KEYS = [key.public_key for key in NODE_KEYS]
"""Node keys: the validators by index, then the observer."""


class Wire(PeerNetwork):
    """Everybody in ``up`` is connected; nothing leaves."""

    def __init__(self, up: Iterable[int] = range(1, VALIDATORS + 1)) -> None:
        self.up = list(up)
        self.broadcasts: list[tuple[Channel, bytes, object]] = []
        self.sent: list[tuple[bytes, Channel, bytes]] = []
        self.penalised: list[tuple[bytes, str]] = []

    def broadcast(self, channel: Channel, payload: bytes, to: Any = "validators") -> int:
        self.broadcasts.append((channel, payload, to))
        return len(self.up)

    def send(self, node_key: bytes, channel: Channel, payload: bytes) -> bool:
        self.sent.append((node_key, channel, payload))
        return True

    def penalise(self, node_key: bytes, code: str) -> None:
        self.penalised.append((node_key, code))

    def connected(self) -> list[PeerInfo]:
        return [PeerInfo(KEYS[n], role_of(n), f"peer-{n}:1", True, 5, None, 0, (), ()) for n in self.up]

    def certificate_not_after_ms(self) -> int | None:
        return None

    @property
    def messages(self) -> list[tuple[bytes, Message]]:
        return [(key, decode_message(payload)) for key, _, payload in self.sent]


def role_of(number: int) -> PeerRole:
    return PeerRole(number) if number < VALIDATORS else OBSERVER


def peer(number: int) -> Peer:
    """A proven peer: a validator by index, or the observer."""
    return Peer(KEYS[number], role_of(number), f"peer-{number}:1", False, 0, 0, "")


def make_links(chain: LocalChain, wire: Wire) -> NodeLinks:
    ledger = chain.ledger
    links = NodeLinks(Membership(ledger.validators, read_observers(ledger.committed_state())))
    links.network = wire
    return links


def make_replica(chain: LocalChain, own_index: int | None = 0) -> Replica:
    """A replica above the chain's tip."""
    around = chain.ledger.surroundings
    certificate = open_certificate(around.tip_certificate) if around.tip_certificate else None
    tip = Tip(around.tip.height, around.tip.block_hash, around.tip.proof_due, certificate)
    return Replica(
        chain.ledger.chain_id, around.validators, own_index, tip=tip, timers=around.parameters.timer_config()
    )
