"""The node's network by validator index, and the gate in front of the core (SPEC F0)."""

import msgspec
import pytest

from chainnode.crypto import ed25519, signature_memory
from chainnode.errors import PeerError
from chainnode.net.channel import Channel
from chainnode.net.peer import OBSERVER, PeerRole
from chainnode.node import links as links_module
from chainnode.node.links import NO_INDEX, MessageGate
from consensus.inputs import (
    BlockApplied,
    Halted,
    Input,
    MessageReceived,
    ProposalChecked,
    Started,
)
from consensus.messages import Decided, Message, Status, ViewChange
from consensus.quorum import ValidatorSet
from tests.support.local_chain import CHAIN_ID, LocalChain, certificate_of
from tests.unit.node.gate import Gate
from tests.unit.node.votes import commit, pre_prepare, prepare, signed, view_change
from tests.unit.node.wire import KEYS, Wire, make_links, make_replica, peer

HASH = b"\x01" * 32


def test_role_of_a_node_key_is_what_the_chain_says() -> None:
    """Validators by index, observers, and nobody else."""
    membership = Gate().links._membership
    assert [membership.role_of(key) for key in KEYS] == [*(PeerRole(n) for n in range(4)), OBSERVER]
    assert membership.role_of(bytes(32)) is None
    assert [membership.names[key] for key in KEYS][-2:] == ["validator-3", "observer-0"]


def test_messages_go_where_they_are_sent() -> None:
    """Validators, one of them, or the observers."""
    gate = Gate()
    gate.links.to_validators(b"a")
    gate.links.to_observers(b"b")
    gate.links.gossip(b"c")
    gate.links.to_validator(2, b"d")
    gate.links.to_peer(KEYS[4], b"e")
    gate.links.gossip_to(KEYS[3], b"f")
    assert gate.wire.broadcasts == [
        (Channel.CONSENSUS, b"a", "validators"),
        (Channel.CONSENSUS, b"b", "observers"),
        (Channel.TRANSACTIONS, b"c", "validators"),
    ]
    assert gate.wire.sent == [
        (KEYS[2], Channel.CONSENSUS, b"d"), (KEYS[4], Channel.CONSENSUS, b"e"), (KEYS[3], Channel.TRANSACTIONS, b"f"),
    ]


def test_sources_are_those_named_then_validators_then_observers() -> None:
    """Connected ones only; an index that nobody has is passed over."""
    gate = Gate()
    assert gate.links.sources((3, 1, 99, -1)) == [KEYS[3], KEYS[1], KEYS[2], KEYS[4]]
    gate.wire.up = [2, 4]
    assert gate.links.sources((3, 1)) == [KEYS[2], KEYS[4]]
    gate.wire.up = []
    assert gate.links.sources((0,)) == []


def test_report_closes_the_link_and_is_counted() -> None:
    """A peer that served what no correct peer has."""
    gate = Gate()
    gate.links.report(KEYS[2], "tx-root")
    assert gate.wire.penalised == [(KEYS[2], "tx-root")]
    assert gate.links.reported == {"tx-root": 1}


def test_links_before_the_network_is_set_are_a_defect() -> None:
    """Set by the wiring before anything is sent."""
    gate = Gate()
    gate.links.network = None
    with pytest.raises(RuntimeError):
        gate.links.to_validators(b"")


def test_valid_messages_reach_the_core() -> None:
    """Votes, proposals and certificates that pass F0 and whose every signature verifies."""
    gate = Gate()
    candidate = gate.chain.build(5, proposer=gate.replica.leader)
    hash_ = candidate.block_hash
    messages: list[Message] = [
        signed(pre_prepare(gate.chain, candidate, sender=gate.replica.leader)),
        signed(prepare(gate.chain, hash_, sender=1)),
        signed(commit(gate.chain, hash_, sender=2, view=3)),
        signed(view_change(gate.chain, 1, sender=3)),
        Decided(CHAIN_ID, 2, hash_, certificate_of(candidate)),
    ]
    for message in messages:
        gate.receive(message)
    assert [event.message for event in gate.fed] == messages
    assert not gate.gate.filtered


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x91" * 5_000, b"\x90", bytes(3 * 1024 * 1024)])
def test_malformed_message_is_the_peers_fault(data: bytes) -> None:
    """No correct node sends this: the link is closed with a code."""
    gate = Gate()
    with pytest.raises(PeerError) as caught:
        gate.gate.receive(peer(1), data)
    assert caught.value.code.startswith("message-")
    assert gate.fed == []


def test_signature_that_does_not_verify_is_the_peers_fault() -> None:
    """Correct nodes verify before they pass anything on, so the peer itself is at fault."""
    gate = Gate()
    good = signed(prepare(gate.chain, b"\x01" * 32, sender=1))
    candidate = gate.chain.build(5)
    certificate = certificate_of(candidate)
    false = msgspec.structs.replace(certificate, signatures=certificate.signatures[::-1])
    for bad in (
        msgspec.structs.replace(good, signature=bytes(64)),
        msgspec.structs.replace(good, sender=2),
        msgspec.structs.replace(good, block_hash=b"\x02" * 32),
        Decided(CHAIN_ID, 2, candidate.block_hash, false),
    ):
        with pytest.raises(PeerError) as caught:
            gate.receive(bad)
        assert caught.value.code == "message-signature"
    assert gate.fed == []


def test_signature_is_checked_once_however_often_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate comes with every VIEW_CHANGE that names it: its signatures are known by then; false ones never."""
    gate = Gate()
    checked: list[bytes] = []

    def verify(public_key: bytes, signed_bytes: bytes, signature: bytes) -> bool:
        checked.append(signature)
        return real(public_key, signed_bytes, signature)

    real = ed25519.verify
    monkeypatch.setattr(signature_memory, "verify", verify)
    candidate = gate.chain.build(5)
    decided = Decided(CHAIN_ID, 2, candidate.block_hash, certificate_of(candidate))
    for _ in range(3):
        gate.receive(decided)
    assert len(gate.fed) == 3
    assert checked == list(certificate_of(candidate).signatures)
    false = msgspec.structs.replace(signed(prepare(gate.chain, b"\x01" * 32, sender=1)), signature=bytes(64))
    for _ in range(2):
        with pytest.raises(PeerError):
            gate.receive(false)
    assert checked[3:] == [bytes(64)] * 2


def test_prepare_beyond_the_quorum_is_dropped_unchecked() -> None:
    """Its certificate is made: it could change nothing. One of another block, view or height still could."""
    gate = Gate(own_index=3)
    candidate = gate.chain.build(5, proposer=gate.replica.leader)
    hash_ = candidate.block_hash
    proposal = signed(pre_prepare(gate.chain, candidate, sender=gate.replica.leader))
    events: list[Input] = [Started(), MessageReceived(proposal), ProposalChecked(2, 0, hash_, None)]
    events += [MessageReceived(signed(prepare(gate.chain, hash_, sender=sender))) for sender in (3, 2, 0)]
    for event in events:
        gate.replica.step(event, 0)
    assert gate.replica.prepared is not None
    late = prepare(gate.chain, hash_, sender=1)
    gate.receive(msgspec.structs.replace(late, signature=bytes(64)))
    assert (dict(gate.gate.filtered), gate.fed, gate.wire.penalised) == ({"prepared": 1}, [], [])
    others: list[Message] = [
        signed(prepare(gate.chain, b"\x01" * 32, sender=1)),
        signed(prepare(gate.chain, hash_, sender=1, view=1)),
        signed(prepare(gate.chain, hash_, sender=1, height=3)),
        signed(commit(gate.chain, hash_, sender=1)),
    ]
    for message in others:
        gate.receive(message)
    assert [event.message for event in gate.fed] == others


def test_flood_of_new_valid_messages_costs_a_bounded_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """A faulty validator has a new VIEW_CHANGE for every view: beyond its share they are dropped, others are heard."""
    share = 300
    monkeypatch.setattr(links_module, "CHECKS_PER_S_MAX", 4 * share)
    gate = Gate()
    flood = (signed(view_change(gate.chain, view, sender=1)) for view in range(1, 10_000))
    while not gate.gate.filtered["peer_share"]:
        gate.receive(next(flood))
    assert len(gate.fed) == 2 * share
    gate.receive(signed(view_change(gate.chain, 1, sender=2)), sender=2)
    assert len(gate.fed) == 2 * share + 1
    gate.clock.monotonic += 10
    for _ in range(share // 50):
        gate.receive(next(flood))
    assert len(gate.fed) == 2 * share + 1 + share // 100
    assert gate.wire.penalised == []


def test_share_of_a_peer_follows_the_size_of_the_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """E2: with twice as many validators each may ask for half as many checks, so that all together ask for no more."""
    monkeypatch.setattr(links_module, "CHECKS_PER_S_MAX", 4_000)
    gate = Gate()
    keys = (*gate.replica.validators.public_keys, *(bytes([n]) * 32 for n in range(4)))
    grown = ValidatorSet(1, bytes([7]) * 32, keys)
    tip = gate.replica.tip
    applied = BlockApplied(tip.height + 1, bytes(32), False, None, (), grown, 0)
    gate.replica.step(applied, gate.clock.monotonic_ms())

    def asked(view: int) -> ViewChange:
        return signed(ViewChange(CHAIN_ID, 1, grown.hash, tip.height + 2, view, 1, -1, b""))

    flood = (asked(view) for view in range(1, 10_000))
    while not gate.gate.filtered["peer_share"]:
        gate.receive(next(flood))
    assert len(gate.fed) == 2 * 4_000 // 8


def test_useless_message_is_dropped_and_counted_before_any_signature_work() -> None:
    """F0: its signature is not looked at: these are false and nobody is blamed."""
    gate = Gate()
    good = prepare(gate.chain, b"\x01" * 32, sender=1)
    for changes, code in (
        ({"chain_id": "elsewhere"}, "wrong_chain"),
        ({"epoch": 9}, "wrong_epoch"),
        ({"validators_hash": bytes(32)}, "wrong_validators"),
        ({"sender": 9}, "unknown_sender"),
        ({"height": 99}, "future_height"),
        ({"view": 1_000}, "view_too_high"),
    ):
        gate.receive(msgspec.structs.replace(good, signature=bytes(64), **changes))
        assert gate.gate.filtered.pop(code) == 1, code
    assert gate.fed == []
    assert gate.wire.penalised == []


def test_observer_drops_votes_and_takes_certificates() -> None:
    """N28: an observer has no use for votes; DECIDED is what it follows by."""
    gate = Gate(own_index=None)
    candidate = gate.chain.build(5)
    gate.receive(signed(prepare(gate.chain, candidate.block_hash, sender=1)))
    gate.receive(Decided(CHAIN_ID, 2, candidate.block_hash, certificate_of(candidate)))
    assert dict(gate.gate.filtered) == {"not_validator": 1}
    assert len(gate.fed) == 1


def _status(sender: int, height: int, chain_id: str = CHAIN_ID) -> Status:
    return Status(chain_id, sender, height, bytes(32), 0, 0, 0)


@pytest.mark.parametrize(
    ("link", "message"),
    [(1, _status(1, 0, "elsewhere")), (1, _status(-7, 0))],
    ids=["other-chain", "nobody"],
)
def test_status_that_nobody_can_mean_is_the_peers_fault(link: int, message: Status) -> None:
    """F0: a STATUS of another chain, or of a sender that cannot be."""
    gate = Gate()
    with pytest.raises(PeerError) as caught:
        gate.receive(message, sender=link)
    assert caught.value.code == "status-form"
    assert gate.fed == []
    assert gate.gate.peer_heights == {}


@pytest.mark.parametrize("sender", [0, 1, 2, 99])
def test_status_counts_as_the_links_peer_whatever_it_says(sender: int) -> None:
    """STATUS is not signed, and after an epoch its sender may still go by its old index: the link says who it is."""
    gate = Gate()
    gate.replica.step(Started(), 60_000)
    gate.receive(_status(sender, 0), sender=1)
    assert [event.message for event in gate.fed] == [_status(1, 0)]


def test_status_of_an_earlier_epoch_is_answered_with_its_end() -> None:
    """E4: the certificate of the tip means nothing to a peer that does not know this set yet."""
    gate = Gate()
    end = Decided(CHAIN_ID, 1, gate.tip.block_hash, certificate_of(gate.tip))
    gate.gate._boundary = lambda height: end if height == 1 else None
    gate.receive(_status(2, 0), sender=2)
    gate.receive(_status(2, 0), sender=2)
    assert (gate.wire.messages, gate.fed) == ([(KEYS[2], end)], [])


def test_status_is_remembered_for_people_and_forgotten_with_the_link() -> None:
    """A hint, never believed: bounded by the links that are up."""
    gate = Gate()
    gate.receive(_status(1, 77))
    gate.receive(_status(NO_INDEX, 2**53 - 1), sender=4)
    assert gate.gate.peer_heights == {KEYS[1]: 77, KEYS[4]: 2**53 - 1}
    gate.gate.forget(KEYS[1])
    gate.gate.forget(KEYS[1])
    assert list(gate.gate.peer_heights) == [KEYS[4]]


def test_follower_that_is_behind_is_shown_the_tip() -> None:
    """An observer, or a validator that only follows, starts to catch up by our newest certificate."""
    gate = Gate()
    for link in (4, 2):
        gate.receive(_status(NO_INDEX, 0), sender=link)
    expected = Decided(CHAIN_ID, 1, gate.tip.block_hash, certificate_of(gate.tip))
    assert gate.wire.messages == [(KEYS[4], expected), (KEYS[2], expected)]
    gate.clock.monotonic += 1_000
    gate.receive(_status(NO_INDEX, 1), sender=4)
    gate.receive(_status(2, 0), sender=2)
    assert len(gate.wire.sent) == 2


def test_follower_is_helped_at_most_once_a_second() -> None:
    """R8: 100 bytes may not draw a certificate each."""
    gate = Gate()
    for now_ms in (0, 1, 999, 1_000, 1_001):
        gate.clock.monotonic = now_ms
        gate.receive(_status(NO_INDEX, 0), sender=4)
    assert len(gate.wire.sent) == 2
    assert gate.fed == []


def test_node_at_genesis_has_nothing_to_show() -> None:
    """The genesis block has no certificate and needs none."""
    chain, wire = LocalChain(), Wire()
    gate = MessageGate(CHAIN_ID, make_replica(chain), make_links(chain, wire), lambda event: None)
    gate.help(KEYS[4])
    assert wire.sent == []
    gate.greet(KEYS[1])
    assert wire.messages == [(KEYS[1], Status(CHAIN_ID, 0, 0, chain.ledger.tip.block_hash, 0, 0, 0))]


@pytest.mark.parametrize(("own_index", "named"), [(3, 3), (None, NO_INDEX)])
def test_greeting_says_where_we_stand(own_index: int | None, named: int) -> None:
    """Who does not vote gives no index."""
    gate = Gate(own_index)
    gate.gate.greet(KEYS[2])
    ((key, message),) = gate.wire.messages
    assert key == KEYS[2]
    assert isinstance(message, Status)
    assert (message.sender, message.height, message.block_hash) == (named, 1, gate.tip.block_hash)


def test_halted_node_takes_nothing_more() -> None:
    """R11: nothing is signed after that, so nothing is worth a check."""
    gate = Gate()
    gate.replica.step(Halted("disk-full"), 0)
    gate.receive(signed(prepare(gate.chain, b"\x01" * 32, sender=1)))
    assert dict(gate.gate.filtered) == {"halted": 1}
