"""Reasons and certificates that are wrong in one place: S15, S42, S43, S44. Core and model must both refuse them."""

import msgspec
import pytest

from chainnode.crypto import ed25519
from chainnode.node.links import MessageGate
from consensus.certificates import COMMIT, PREPARE, CertificateKind, QuorumCertificate, make_certificate
from consensus.messages import Commit, Decided, Justification, PrePrepare, ViewChange, encode_message
from consensus.replica import Replica
from consensus.signing import required, signed_bytes, with_signature
from consensus.timers import TimerConfig
from consensus.tip import Tip
from tests.model.judged import reader_of
from tests.scenarios.adversary import Adversary
from tests.simulation.host import CHAIN_ID
from tests.simulation.keys import Keys
from tests.support.local_chain import CHAIN_ID as LOCAL_CHAIN_ID
from tests.support.local_chain import LocalChain
from tests.unit.node.votes import signed
from tests.unit.node.wire import Wire, make_links, make_replica, peer

KEYS = Keys(4)
EVERYBODY = Adversary(KEYS, (0, 1, 2, 3))
READER = reader_of(KEYS)
BLOCK = b"b" * 32
OTHER = b"o" * 32


def _replica() -> Replica:
    return Replica(CHAIN_ID, KEYS.validators, 0, tip=Tip(0, b"g" * 32), timers=TimerConfig())


def _taken(message: PrePrepare | ViewChange | Decided) -> bool:
    """What the core makes of it, after the model has said the same."""
    replica = _replica()
    taken = replica.filter(message) is None and all(map(KEYS.verifies, required(message, replica.validators)))
    assert taken == READER.valid(message)
    return taken


def _asked(sender: int, prepared: QuorumCertificate | None = None, **changes: object) -> ViewChange:
    message = EVERYBODY.view_change(1, 1, sender, prepared)
    message = msgspec.structs.replace(message, certificate=None, **changes)
    return EVERYBODY.sign(message, sender)


def _new_view(*asked: ViewChange, block: bytes = BLOCK, highest: QuorumCertificate | None = None) -> PrePrepare:
    return EVERYBODY.sign(EVERYBODY.proposal(1, 1, 2, (block, b"proposal"), Justification(asked, highest)), 2)


def _lock(
    kind: CertificateKind = PREPARE, height: int = 1, signers: tuple[int, ...] = (0, 1, 3)
) -> QuorumCertificate:
    return EVERYBODY.certificate(kind, height, 0, BLOCK, signers)


LOCK = _lock()


def test_new_view_with_sound_reasons_is_taken() -> None:
    """R2: what the others of this file spoil is accepted when it is whole."""
    assert _taken(_new_view(_asked(0), _asked(1), _asked(3)))
    assert _taken(_new_view(_asked(0, LOCK), _asked(1), _asked(3), highest=LOCK))


@pytest.mark.parametrize(
    "message",
    [
        _new_view(_asked(0), _asked(0), _asked(3)),
        _new_view(_asked(0), _asked(1)),
        _new_view(_asked(1), _asked(0), _asked(3)),
        _new_view(_asked(0), _asked(1), _asked(3, height=2)),
        _new_view(_asked(0), _asked(1), _asked(3, view=2)),
        _new_view(_asked(0), _asked(1), _asked(3, epoch=1)),
        _new_view(_asked(0), _asked(1), _asked(3, validators_hash=OTHER)),
        _new_view(_asked(0), _asked(1), _asked(3, chain_id="another")),
        _new_view(_asked(0), _asked(1), with_signature(_asked(3), b"!" * 64)),
        _new_view(_asked(0), _asked(1), msgspec.structs.replace(_asked(3), sender=2)),
        _new_view(_asked(0), _asked(1), msgspec.structs.replace(_asked(3), sender=4)),
        _new_view(_asked(0), _asked(1), _asked(3, prepared_view=1, prepared_hash=BLOCK)),
        _new_view(_asked(0), _asked(1), _asked(3, prepared_hash=BLOCK)),
    ],
    ids=["twice", "too few", "order", "height", "view", "epoch", "set", "chain", "signature", "sender", "stranger",
         "prepared in this view", "prepared nothing of something"],
)  # fmt: skip
def test_new_view_with_a_wrong_set_of_reasons_is_refused(message: PrePrepare) -> None:
    """S15 vc_wrong_set: Besu's ProposalValidator; Fabric v0.6 #1111."""
    assert not _taken(message)


@pytest.mark.parametrize(
    "message",
    [
        _new_view(_asked(0, LOCK), _asked(1), _asked(3)),
        _new_view(_asked(0), _asked(1), _asked(3), highest=LOCK),
        _new_view(_asked(0, LOCK), _asked(1), _asked(3), block=OTHER, highest=LOCK),
        _new_view(_asked(0, LOCK), _asked(1), _asked(3), highest=_lock(signers=(0, 1))),
        _new_view(_asked(0, LOCK), _asked(1), _asked(3), highest=_lock(COMMIT)),
        _new_view(_asked(0, LOCK), _asked(1), _asked(3), highest=_lock(height=2)),
        _new_view(msgspec.structs.replace(_asked(0, LOCK), certificate=LOCK), _asked(1), _asked(3), highest=LOCK),
    ],
    ids=["missing", "unwanted", "other block", "no quorum", "of COMMITs", "other height", "inside"],
)  # fmt: skip
def test_new_view_with_a_wrong_certificate_is_refused(message: PrePrepare) -> None:
    """S16 hide_prepared, in its other forms: the certificate that does not belong."""
    assert not _taken(message)


def _decided(spoil: dict[str, object]) -> Decided:
    certificate = EVERYBODY.certificate(COMMIT, 1, 0, BLOCK, (0, 1, 3))
    return Decided(CHAIN_ID, 1, BLOCK, msgspec.structs.replace(certificate, **spoil))


def _signatures(*signers: int) -> tuple[bytes, ...]:
    return EVERYBODY.certificate(COMMIT, 1, 0, BLOCK, signers).signatures


@pytest.mark.parametrize(
    "spoil",
    [
        {"signers": b"\x0f", "signatures": (*_signatures(0, 1, 2), b"!" * 64)},
        {"signers": b"\x07"},
        {"signatures": (*_signatures(0, 1), bytes(64))},
        {"signatures": _signatures(1, 0, 3)[::-1]},
        {"signatures": (*_signatures(0, 1), _signatures(0)[0])},
        {"view": 1},
        {"kind": PREPARE},
        {"scheme": 2},
        {"epoch": 1},
        {"block_hash": OTHER},
    ],
    ids=["one bad beside q good", "wrong index", "zeros", "order", "one signer twice", "view", "kind", "scheme",
         "epoch", "block"],
)  # fmt: skip
def test_certificate_with_one_bad_signature_decides_nothing(spoil: dict[str, object]) -> None:
    """S42 qc_one_bad_sig: CometBFT #1823, #1749, #3195; GHSA-6jrf-4jv4-r9mw."""
    assert _taken(_decided({}))
    assert not _taken(_decided(spoil))


@pytest.mark.parametrize(
    "spoil",
    [
        {"signers": b"\x0b\x00"},
        {"signers": b"\x0b\x01", "signatures": _signatures(0, 1, 2, 3)},
        {"signers": b"\x1b", "signatures": (*_signatures(0, 1, 3), _signatures(0)[0])},
        {"signers": b"\x00", "signatures": ()},
        {"signers": b"", "signatures": ()},
        {"signers": b"\xff" * 16, "signatures": _signatures(0, 1, 2, 3)},
    ],
    ids=["padding", "a ninth member", "a fifth member", "nobody", "empty", "everybody there can be"],
)
def test_bitmap_that_does_not_fit_the_set_decides_nothing(spoil: dict[str, object]) -> None:
    """S43 bitmap_oversize: CometBFT ASA-2025-003: an invalid BitArray halted the network."""
    assert not _taken(_decided(spoil))


ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the group of Ed25519."""


def test_signature_has_one_form_only() -> None:
    """S44 mixed_ed25519: S + L, points of small order and other crafted forms verify nowhere, so no two nodes differ.

    All published edge cases: tests/vectors/test_ed25519.py.
    """
    key = ed25519.SigningKey(b"k" * 32)
    vote = Commit(CHAIN_ID, 0, KEYS.validators.hash, 1, 0, 0, BLOCK)
    data = signed_bytes(vote)
    good = key.sign(data)
    second = good[:32] + (int.from_bytes(good[32:], "little") + ORDER).to_bytes(32, "little")
    neutral = b"\x01" + bytes(31)

    assert ed25519.verify(key.public_key, data, good)
    assert not ed25519.verify(key.public_key, data, second)
    assert not ed25519.verify(key.public_key, data, neutral + bytes(32))
    assert not ed25519.verify(neutral, data, neutral + bytes(32))


@pytest.mark.parametrize("height", [1, 2, 3])
def test_message_that_names_strangers_ends_nothing(height: int) -> None:
    """S14, S42 at the gate of a real node: a message with strangers in it is dropped, whatever its height.

    An exception of another kind would end the node's network: one message of one peer would stop a validator.
    """
    chain = LocalChain()
    chain.extend(1)
    fed: list[object] = []
    gate = MessageGate(LOCAL_CHAIN_ID, make_replica(chain), make_links(chain, Wire()), fed.append)
    around = chain.ledger.surroundings
    place = (LOCAL_CHAIN_ID, around.validators.epoch, around.validators.hash, height)
    votes = [(index, b"x" * 64) for index in (0, 1, 120)]
    strange = make_certificate(PREPARE, votes, epoch=place[1], height=height, view=0, block_hash=BLOCK)
    asked = signed(ViewChange(*place, 1, 3, 0, BLOCK, certificate=strange))
    gate.receive(peer(3), encode_message(asked))

    assert not fed
    assert sum(gate.filtered.values()) == 1
