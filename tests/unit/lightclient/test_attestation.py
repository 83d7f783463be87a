"""The word of m of n known keys, and everything that is not their word."""

import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.lightclient.attestation import (
    AttestationOptions,
    Attested,
    AttestedPath,
    AttestorSignature,
    PacketAttestation,
    StateAttestation,
    attested_commitment,
    check_attestors,
    packet_signed_bytes,
    packets_conflict,
    state_signed_bytes,
    states_conflict,
    verify_attested_membership,
    verify_attested_non_membership,
    verify_packet_attestation,
    verify_state_attestation,
)
from chainnode.lightclient.errors import LightClientError
from tests.support.small_chain import key_of

KEYS = sorted((key_of(f"attestor-{n}") for n in range(4)), key=lambda key: key.public_key)
OPTIONS = AttestationOptions("fabric", "small", "attestation-0", tuple(key.public_key for key in KEYS), 3)
STATE = StateAttestation("fabric", "small", "attestation-0", 7, 70_000)
HERE, GONE, VALUE = b"client\x01a", b"client\x02b", bytes(range(32))
PACKETS = PacketAttestation(
    "fabric", "small", "attestation-0", 7, (AttestedPath(HERE, VALUE), AttestedPath(GONE, bytes(32)))
)
Statement = StateAttestation | PacketAttestation


def attested(statement: Statement, signers: list[SigningKey] | None = None, signed: bytes | None = None) -> bytes:
    """The statement signed by these keys (by default three), in the order given."""
    if signed is None:
        is_state = isinstance(statement, StateAttestation)
        signed = state_signed_bytes(statement) if is_state else packet_signed_bytes(statement)  # type: ignore[arg-type]
    signatures = tuple(AttestorSignature(key.public_key, key.sign(signed)) for key in signers or KEYS[:3])
    return encode(Attested(encode(statement), signatures))


def refused(data: bytes, *, packets: bool = False) -> str:
    with pytest.raises(LightClientError) as caught:
        (verify_packet_attestation if packets else verify_state_attestation)(data, OPTIONS)
    return caught.value.code


def test_statement_counts_when_enough_attestors_signed() -> None:
    """Three of four, whichever; all four do no harm."""
    assert verify_state_attestation(attested(STATE), OPTIONS) == STATE
    assert verify_state_attestation(attested(STATE, KEYS[1:]), OPTIONS) == STATE
    assert verify_packet_attestation(attested(PACKETS, KEYS), OPTIONS) == PACKETS


def test_statement_is_refused_when_signers_are_few_unknown_or_repeated() -> None:
    """Each with its own code."""
    assert refused(attested(STATE, KEYS[:2])) == "attestors-few"
    assert refused(attested(STATE, [KEYS[0], KEYS[0], KEYS[1]])) == "attestors-order"
    assert refused(attested(STATE, [KEYS[1], KEYS[0], KEYS[2]])) == "attestors-order"
    with_stranger = sorted([*KEYS[:3], key_of("stranger")], key=lambda key: key.public_key)
    assert refused(attested(STATE, with_stranger)) == "attestor-unknown"
    assert refused(attested(STATE, signed=b"something else")) == "attestor-signature"


@pytest.mark.parametrize("field", ["chain_id", "host_chain_id", "client_id"])
def test_statement_is_refused_when_it_is_for_somebody_else(field: str) -> None:
    """A chain, a host and a client each have their own statements; signatures bind all three."""
    other = msgspec.structs.replace(STATE, **{field: "other"})
    assert refused(attested(other)) == "attestation-other"
    relabelled = Attested(encode(STATE), msgspec.msgpack.decode(attested(other), type=Attested).signatures)
    assert refused(encode(relabelled)) == "attestor-signature"


def test_statement_of_one_type_is_none_of_the_other() -> None:
    """The domain tag names the type: bytes that could be read as both would still need another signature."""
    assert refused(attested(PACKETS)) == "attestation-malformed"
    assert refused(attested(STATE), packets=True) == "attestation-malformed"
    assert refused(attested(STATE, signed=packet_signed_bytes(PACKETS)[:10] + encode(STATE))) == "attestor-signature"
    swapped = b"chainnode/attestation/packets/v1\x00" + encode(STATE)
    assert refused(attested(STATE, signed=swapped)) == "attestor-signature"
    assert state_signed_bytes(STATE) == b"chainnode/attestation/state/v1\x00" + encode(STATE)


def test_statement_is_refused_when_it_is_not_canonical() -> None:
    """No field that nobody signed, no second order of paths."""
    assert refused(b"\x90") == "attestation-malformed"
    assert refused(bytes(140_000)) == "attestation-too-large"
    outer = msgspec.msgpack.decode(attested(STATE))
    assert refused(encode([*outer, b"more"])) == "attestation-not-canonical"
    for paths in (PACKETS.paths[::-1], PACKETS.paths[:1] * 2):
        moved = msgspec.structs.replace(PACKETS, paths=paths)
        assert refused(attested(moved), packets=True) == "attestation-paths"


def test_zero_commitment_means_absence() -> None:
    """And nothing else does: a path that is not named is neither present nor absent."""
    assert attested_commitment(PACKETS, 7, HERE) == VALUE
    assert attested_commitment(PACKETS, 7, GONE) is None
    verify_attested_membership(PACKETS, 7, HERE, VALUE)
    verify_attested_non_membership(PACKETS, 7, GONE)
    for check, code in (
        (lambda: verify_attested_membership(PACKETS, 7, HERE, bytes(31) + b"\x01"), "attestation-value"),
        (lambda: verify_attested_membership(PACKETS, 7, GONE, bytes(32)), "attestation-value"),
        (lambda: verify_attested_membership(PACKETS, 7, HERE, b""), "attestation-value"),
        (lambda: verify_attested_non_membership(PACKETS, 7, HERE), "attestation-value"),
        (lambda: verify_attested_non_membership(PACKETS, 7, b"other"), "attestation-path"),
        (lambda: verify_attested_membership(PACKETS, 8, HERE, VALUE), "attestation-height"),
    ):
        with pytest.raises(LightClientError) as caught:
            check()
        assert caught.value.code == code


def test_statements_conflict_when_both_cannot_be_true() -> None:
    """Another time for a height, a later height that is not later, another value for a path."""
    assert not states_conflict(STATE, STATE)
    assert states_conflict(STATE, msgspec.structs.replace(STATE, time_ms=70_001))
    assert states_conflict(msgspec.structs.replace(STATE, height=8), STATE)
    assert not states_conflict(msgspec.structs.replace(STATE, height=8, time_ms=70_001), STATE)
    other = msgspec.structs.replace(PACKETS, paths=(AttestedPath(HERE, bytes(32)),))
    assert packets_conflict(PACKETS, other) and packets_conflict(other, PACKETS)
    assert not packets_conflict(PACKETS, msgspec.structs.replace(other, height=8))
    assert not packets_conflict(PACKETS, msgspec.structs.replace(PACKETS, paths=PACKETS.paths[1:]))


def test_options_are_refused_when_they_could_not_work() -> None:
    """Keys once and in order, and no more signatures than keys."""
    check_attestors(OPTIONS)
    for fields, code in (
        ({"required": 5}, "attestors-required"),
        ({"keys": OPTIONS.keys[::-1]}, "attestors-order"),
        ({"keys": OPTIONS.keys[:1] * 2, "required": 2}, "attestors-order"),
    ):
        with pytest.raises(LightClientError) as caught:
            check_attestors(msgspec.structs.replace(OPTIONS, **fields))
        assert caught.value.code == code
