"""chainnode/net/handshake.py: each refusal by its code, and that no part of a transcript can be moved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.errors import PeerError
from chainnode.net.handshake import Handshake, Hello, TlsBinding
from chainnode.net.peer import OBSERVER, PeerRole
from tests.support.network import make_hello, signing_key

DIALLER, ANSWERER, STRANGER = signing_key(1), signing_key(2), signing_key(3)
ROLES = {DIALLER.public_key: PeerRole(0), ANSWERER.public_key: OBSERVER}
FINGERPRINTS = {DIALLER.public_key: b"d" * 32, ANSWERER.public_key: b"a" * 32, STRANGER.public_key: b"s" * 32}


def side(own, peer, *, hello: Hello | None = None, binding: TlsBinding | None = None, signing=None, expected=None):
    return Handshake(
        signing or own,
        hello or make_hello(own.public_key),
        binding or TlsBinding(FINGERPRINTS[own.public_key], FINGERPRINTS[peer.public_key], peer.public_key),
        ROLES.get,
        outbound=own is DIALLER,
        expected_key=expected,
    )


def run(dialler: Handshake, answerer: Handshake) -> None:
    """Carry all four messages."""
    dialler_ack, _ = dialler.receive(answerer.opening())
    answerer_ack, _ = answerer.receive(dialler.opening())
    assert dialler_ack is not None
    assert answerer_ack is not None
    assert dialler.receive(answerer_ack) == (None, True)
    assert answerer.receive(dialler_ack) == (None, True)


def refusal(handshake: Handshake, *messages: bytes) -> str:
    with pytest.raises(PeerError) as caught:
        for message in messages:
            handshake.receive(message)
    return caught.value.code


def test_both_sides_prove_themselves_and_know_each_others_role() -> None:
    dialler, answerer = side(DIALLER, ANSWERER, expected=ANSWERER.public_key), side(ANSWERER, DIALLER)
    run(dialler, answerer)
    assert (dialler.role, answerer.role) == (OBSERVER, PeerRole(0))
    assert dialler.hello.node_key == ANSWERER.public_key


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chain_id": "other"}, "hello-chain"),
        ({"genesis_hash": bytes(32)}, "hello-genesis"),
        ({"node_key": STRANGER.public_key}, "node-unknown"),
    ],
)
def test_answerer_refuses_a_hello_of_another_world(changes, code: str) -> None:
    dialler = side(DIALLER, ANSWERER, hello=make_hello(**{"key": DIALLER.public_key, **changes}))
    assert refusal(side(ANSWERER, DIALLER), dialler.opening()) == code


def test_other_version_is_refused_before_its_body_is_read() -> None:
    assert refusal(side(ANSWERER, DIALLER), b"\x01\x00\x02whatever comes") == "hello-version"


@pytest.mark.parametrize("body", [b"", b"\x90", b"\xff" * 40, b"\xdd\xff\xff\xff\xff"])
def test_malformed_hello_is_refused(body: bytes) -> None:
    assert refusal(side(ANSWERER, DIALLER), b"\x01\x00\x01" + body) == "hello-malformed"


def test_own_hello_that_comes_back_is_refused() -> None:
    """Reflection, or a node configured with its own address."""
    answerer = side(ANSWERER, DIALLER)
    assert refusal(answerer, answerer.opening()) == "self-connection"


def test_own_key_in_another_process_is_told_apart() -> None:
    answerer = side(ANSWERER, DIALLER)
    twin = side(ANSWERER, DIALLER)
    assert refusal(answerer, twin.opening()) == "node-key-in-use"


def test_dialler_refuses_another_node_than_it_dialled() -> None:
    dialler = side(DIALLER, ANSWERER, expected=STRANGER.public_key)
    assert refusal(dialler, side(ANSWERER, DIALLER).opening()) == "node-unexpected"


@pytest.mark.parametrize("certified", [None, STRANGER.public_key])
def test_certificate_issued_for_another_node_key_is_refused(certified: bytes | None) -> None:
    """A stolen TLS certificate is of no use beside another node's key."""
    binding = TlsBinding(FINGERPRINTS[ANSWERER.public_key], FINGERPRINTS[DIALLER.public_key], certified)
    answerer = side(ANSWERER, DIALLER, binding=binding)
    assert refusal(answerer, side(DIALLER, ANSWERER).opening()) == "hello-certificate"


def test_claimed_key_without_its_private_half_is_refused() -> None:
    """Certificate and announced key are the victim's; the signature cannot be."""
    thief = side(DIALLER, ANSWERER, signing=STRANGER)
    answerer = side(ANSWERER, DIALLER)
    ack, _ = thief.receive(answerer.opening())
    assert refusal(answerer, thief.opening(), ack) == "hello-signature"


def test_recorded_handshake_is_refused_by_a_new_session() -> None:
    """The signature covers both nonces: it cannot be replayed."""
    dialler, answerer = side(DIALLER, ANSWERER), side(ANSWERER, DIALLER)
    ack, _ = dialler.receive(answerer.opening())
    fresh = side(ANSWERER, DIALLER)
    assert refusal(fresh, dialler.opening(), ack) == "hello-signature"


@pytest.mark.parametrize("which", ["own", "peer"])
def test_signature_of_another_tls_session_is_refused(which: str) -> None:
    """A man in the middle with valid certificates of his own cannot carry a handshake through."""
    dialler = side(DIALLER, ANSWERER)
    own, peer = FINGERPRINTS[ANSWERER.public_key], FINGERPRINTS[DIALLER.public_key]
    other = bytes(32)
    binding = TlsBinding(other if which == "own" else own, other if which == "peer" else peer, DIALLER.public_key)
    answerer = side(ANSWERER, DIALLER, binding=binding)
    ack, _ = dialler.receive(answerer.opening())
    assert refusal(answerer, dialler.opening(), ack) == "hello-signature"


def test_both_sides_as_diallers_do_not_agree() -> None:
    """The signature covers who dialled."""
    one, other = side(DIALLER, ANSWERER), side(ANSWERER, DIALLER)
    other.outbound = True
    ack, _ = one.receive(other.opening())
    assert refusal(other, one.opening(), ack) == "hello-signature"


@pytest.mark.parametrize("messages", [[b""], [b"\x02" + bytes(64)], [b"\x09"], [b"\x04" + bytes(8)]])
def test_other_order_is_refused(messages) -> None:
    assert refusal(side(ANSWERER, DIALLER), *messages) == "hello-order"


def test_second_hello_is_refused() -> None:
    hello = side(DIALLER, ANSWERER).opening()
    assert refusal(side(ANSWERER, DIALLER), hello, hello) == "hello-order"


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_by_code(message: bytes) -> None:
    """No exception but ``PeerError`` leaves the handshake, whatever a stranger sends."""
    assert refusal(side(ANSWERER, DIALLER), message)


@given(st.integers(0, 300), st.integers(1, 255))
def test_changed_byte_anywhere_in_hello_or_ack_never_proves_the_peer(at: int, flip: int) -> None:
    dialler, answerer = side(DIALLER, ANSWERER), side(ANSWERER, DIALLER)
    ack, _ = dialler.receive(answerer.opening())
    stream = [dialler.opening(), ack]
    which = 0 if at < len(stream[0]) else 1
    offset = at if which == 0 else at - len(stream[0])
    if offset >= len(stream[which]):
        offset = len(stream[which]) - 1
    changed = bytearray(stream[which])
    changed[offset] ^= flip
    stream[which] = bytes(changed)
    assert refusal(answerer, *stream)
