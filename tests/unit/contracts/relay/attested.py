"""A foreign institution with three keys, two of which must sign."""

from collections.abc import Sequence

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.lightclient.attestation import (
    Attested,
    AttestedPath,
    AttestorSignature,
    PacketAttestation,
    StateAttestation,
    packet_signed_bytes,
    state_signed_bytes,
)
from contracts.relay.operations import CreateAttestationClient, RegisterCounterparty, UpdateClient
from tests.support.small_chain import key_of
from tests.unit.contracts.relay.remote import NOW_MS, PERIOD_MS, must
from tests.unit.contracts.world import CHAIN, World

FOREIGN = "fabric-1"
CLIENT_ID = "attestation-1"
THEIRS = "channel-host"
BEGUN_MS = NOW_MS - 60_000
KEYS = sorted((key_of(f"attestor-{number}") for number in range(3)), key=lambda key: key.public_key)
STRANGER = key_of("no-attestor")


def beginning() -> CreateAttestationClient:
    return CreateAttestationClient(
        FOREIGN, tuple(key.public_key for key in KEYS), 2, 10, BEGUN_MS, trusting_period_ms=PERIOD_MS
    )


def followed() -> World:
    """A consortium that follows the foreign chain from height 10 on."""
    world = World()
    world.time_ms = NOW_MS
    must(world, "governor", beginning(), RegisterCounterparty(CLIENT_ID, THEIRS, b""))
    return world


def state_word(height: int, time_ms: int, keys: Sequence[SigningKey] = KEYS[:2], client_id: str = CLIENT_ID) -> bytes:
    statement = StateAttestation(FOREIGN, CHAIN, client_id, height, time_ms)
    return _signed(encode(statement), state_signed_bytes(statement), keys)


def packet_word(height: int, paths: dict[bytes, bytes], keys: Sequence[SigningKey] = KEYS[:2]) -> bytes:
    listed = tuple(AttestedPath(path, paths[path]) for path in sorted(paths))
    statement = PacketAttestation(FOREIGN, CHAIN, CLIENT_ID, height, listed)
    return _signed(encode(statement), packet_signed_bytes(statement), keys)


def shown(height: int, time_ms: int, **changes: object) -> UpdateClient:
    return UpdateClient(CLIENT_ID, 0, state_word(height, time_ms, **changes))  # type: ignore[arg-type]


def _signed(statement: bytes, signed: bytes, keys: Sequence[SigningKey]) -> bytes:
    signatures = tuple(AttestorSignature(key.public_key, key.sign(signed)) for key in keys)
    return encode(Attested(statement, signatures))
