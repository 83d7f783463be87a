"""How each refusal of the relay is reached by a real transaction."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.types.block import decode_header
from chainnode.types.receipt import Receipt
from chainnode.types.validator_set import validators_hash
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.relay import calling
from contracts.relay.operations import (
    AddPastHeader,
    CreateAttestationClient,
    RecoverAttestationClient,
    RecoverClient,
    RegisterCounterparty,
    SubmitMisbehaviour,
    TimeOutPacket,
    UpdateClient,
)
from contracts.relay.packet import ERROR_ACKNOWLEDGEMENT, PAYLOAD_BYTES_MAX
from contracts.relay.record import (
    CLIENT_COUNT_KEY,
    CLIENTS_MAX,
    HEIGHTS_MAX,
    OPEN_MAX,
    OPEN_PER_SENDER_MAX,
    Traffic,
    client_key,
    quota_key,
    traffic_key,
)
from contracts.relay.sending import PER_TRANSACTION_MAX, TIMEOUT_AHEAD_S_MAX
from tests.support.light_chain import certificate_by, turning_chain
from tests.support.small_chain import TIME_MS
from tests.unit.contracts.relay import attested
from tests.unit.contracts.relay.connected import CLIENT_ID, Heard
from tests.unit.contracts.relay.remote import (
    ARRIVING,
    HELLO,
    NOW_MS,
    PERIOD_MS,
    ROOM_S,
    Remote,
    beginning,
    client_of,
    connected,
    contradiction,
    departing,
    following,
    must,
)
from tests.unit.contracts.world import CHAIN, World, did_of

Case = Callable[[], str]


def code(world: World, *operations: Operation, name: str = "stranger") -> str:
    return world.submit(name, *operations).code


def extended(blocks: int = 3) -> Remote:
    remote = Remote(4)
    for _ in range(blocks):
        remote.extend()
    return remote


def shown(**changes: object) -> str:
    """Of an update with these changes."""
    remote = extended()
    return code(connected(remote), remote.shown(0, 3, **changes))


def frozen() -> tuple[World, Remote]:
    remote = extended()
    world = connected(remote)
    must(world, "stranger", contradiction(remote, 2))
    return world, remote


def expired() -> tuple[World, Remote]:
    remote = extended()
    world = connected(remote)
    world.time_ms = TIME_MS + PERIOD_MS
    return world, remote


def in_state(case: Callable[[], tuple[World, Remote]]) -> str:
    world, remote = case()
    return code(world, remote.shown(0, 3))


def at_client_limit() -> str:
    world = connected(Remote(4))
    world.overlay.put(CLIENT_COUNT_KEY, encode(CLIENTS_MAX))
    return code(world, beginning(Remote(4)), name="governor")


def stale() -> str:
    """As many headers as the client keeps, all of them higher."""
    remote = extended(HEIGHTS_MAX + 1)
    top = HEIGHTS_MAX + 1
    world = connected(remote)
    must(world, "stranger", remote.shown(0, top))
    for height in range(top - 1, 1, -1):
        must(world, "stranger", AddPastHeader(CLIENT_ID, top, remote.headers[height], remote.path(top, height)))
    return code(world, AddPastHeader(CLIENT_ID, top, remote.headers[1], remote.path(top, 1)))


def ahead() -> str:
    remote = extended()
    world = connected(remote)
    world.time_ms = TIME_MS - 10_000
    return code(world, remote.shown(0, 3))


def old_header() -> str:
    """The client was updated, and the header that is named as trusted is too old by now."""
    remote = extended()
    world = connected(remote)
    must(world, "stranger", remote.shown(0, 2))
    world.time_ms = TIME_MS + PERIOD_MS + 1
    return code(world, remote.shown(0, 3))


def other_beginning() -> str:
    """The same name and the same validators, begun anew."""
    other = Remote(4, genesis_ms=TIME_MS - 1)
    other.extend()
    other.extend()
    return code(connected(extended()), other.shown(0, 2))


def renamed() -> str:
    remote = extended()
    world = connected(remote)
    other = msgspec.structs.replace(client_of(world), chain_id="elsewhere")
    world.overlay.put(client_key(CLIENT_ID), encode(other))
    return code(world, remote.shown(0, 3))


def second_set() -> str:
    """A set for an epoch whose set the trusted header names."""
    remote = Remote(4)
    remote.extend()
    world = connected(remote)
    must(world, "stranger", remote.shown(0, 1))
    remote.extend(forged={"validators_hash": bytes(32)})
    return code(world, remote.shown(1, 2, trusted_validators=b""))


def outdated_set() -> str:
    """From a header that still names a member who has left, past one that names the next set."""
    chain = turning_chain(1)
    world = following(chain)
    top = len(chain.headers) - 1
    must(world, "stranger", UpdateClient(CLIENT_ID, 0, encode(chain.update(0, top - 1))))
    old = validators_hash(chain.sets[0])
    header = encode(msgspec.structs.replace(decode_header(chain.headers[top]), epoch=0, validators_hash=old))
    signed = certificate_by(header, chain.sets[0], [member.name for member in chain.sets[0].validators[:3]])
    lie = msgspec.structs.replace(
        chain.update(0, top), header=header, decision=signed, validators=encode(chain.sets[0]), trusted_validators=b""
    )
    return code(world, UpdateClient(CLIENT_ID, 0, encode(lie)))


def skipping(names: int, trusted: bool = True) -> str:
    """From the first header to one whose set shares ``4 - names`` members with it."""
    chain = turning_chain(names)
    world = following(chain, validators=b"")
    update = chain.update(0, len(chain.headers) - 1)
    if not trusted:
        update = msgspec.structs.replace(update, trusted_validators=b"")
    return code(world, UpdateClient(CLIENT_ID, 0, encode(update)))


def few_signers() -> str:
    remote = extended()
    names = [member.name for member in remote.sets[0].validators]
    return shown(decision=certificate_by(remote.headers[3], remote.sets[0], names[:2]))


def forged_signature() -> str:
    remote = extended()
    good = remote.certificates[3]
    return shown(decision=good[:-1] + bytes([good[-1] ^ 1]))


def twice_signed() -> str:
    """A certificate whose signatures are more than its bitmap names."""
    from consensus.certificates import decode_certificate, encode_certificate

    certificate = decode_certificate(extended().certificates[3])
    doubled = msgspec.structs.replace(certificate, signatures=(*certificate.signatures, certificate.signatures[0]))
    return shown(decision=encode_certificate(doubled))


def no_contradiction() -> str:
    remote = extended()
    halves = [encode(msgspec.structs.replace(remote.update(0, height), ancestry=())) for height in (1, 2)]
    return code(connected(remote), SubmitMisbehaviour(CLIENT_ID, 0, "headers", halves[0], halves[1]))


def word(keys: list[SigningKey], **changes: object) -> str:
    return code(attested.followed(), attested.shown(11, NOW_MS - 1_000, keys=keys, **changes))


def forged_word() -> str:
    good = attested.state_word(11, NOW_MS - 1_000)
    return code(attested.followed(), UpdateClient(attested.CLIENT_ID, 0, good[:-1] + bytes([good[-1] ^ 1])))


def delivered(change: Callable[[Remote, int], Operation], timeout_s: int = ROOM_S) -> str:
    """Of a delivery after the header was shown."""
    remote = Remote(4)
    height = remote.sending(msgspec.structs.replace(ARRIVING, timeout_s=timeout_s))
    world = connected(remote)
    must(world, "stranger", remote.shown(0, height))
    return code(world, change(remote, height))


def delivered_twice() -> str:
    remote = Remote(4)
    height = remote.sending()
    world = connected(remote)
    must(world, "stranger", remote.shown(0, height), remote.delivery(height))
    return code(world, remote.delivery(height))


def early() -> str:
    remote = Remote(4)
    world = connected(remote)
    departing(world, timeout_s=NOW_MS // 1_000 + 30)
    height = remote.holding({b"a/b": b"1"})
    must(world, "stranger", remote.shown(0, height))
    return code(world, remote.silence(height))


def sent(change: Callable[[World], None] = lambda _world: None, **arguments: object) -> str:
    """Of a packet that an application would send."""
    world = connected(Remote(4))
    change(world)
    try:
        departing(world, **arguments)  # type: ignore[arg-type]
    except OperationFailed as refusal:
        return refusal.code
    return "ok"


def many() -> str:
    from contracts.relay.sending import send
    from tests.unit.contracts.relay.connected import ECHO
    from tests.unit.contracts.relay.remote import context_of

    world = connected(Remote(4))
    context = context_of(world)
    try:
        for _ in range(PER_TRANSACTION_MAX + 1):
            send(CLIENT_ID, ECHO, b"x", ROOM_S, context, world.overlay)
    except OperationFailed as refusal:
        return refusal.code
    return "ok"


def answered(**changes: str) -> str:
    """The code with which a packet was answered by the error acknowledgement."""
    packet = msgspec.structs.replace(ARRIVING, payloads=(msgspec.structs.replace(HELLO, **changes),))
    remote = Remote(4)
    height = remote.sending(packet)
    world = connected(remote)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calling, "PORTS", {"echo": replace(Heard().port(), receive=_answer)})
        receipt: Receipt = must(world, "stranger", remote.shown(0, height), remote.delivery(height, packet))
    told = receipt.events[-1].attributes
    assert told["acknowledgement"] == ERROR_ACKNOWLEDGEMENT
    return str(told["code"])


def _answer(*_: object) -> bytes:
    return b""


def _traffic(world: World) -> None:
    world.overlay.put(traffic_key(CLIENT_ID), encode(Traffic(OPEN_MAX, OPEN_MAX)))


def _quota(world: World) -> None:
    world.overlay.put(quota_key(CLIENT_ID, did_of("member")), encode(OPEN_PER_SENDER_MAX))


REFUSALS: dict[str, Case] = {
    "relay-client-unknown": lambda: code(World(), RegisterCounterparty(CLIENT_ID, "other-1"), name="governor"),
    "relay-client-frozen": lambda: in_state(frozen),
    "relay-client-expired": lambda: in_state(expired),
    "relay-client-alive": lambda: code(
        connected(extended()), RecoverClient(CLIENT_ID, extended().headers[0], ()), name="governor"
    ),
    "relay-client-kind": lambda: code(
        connected(extended()),
        RecoverAttestationClient(CLIENT_ID, attested.beginning().attestors, 2, 1, NOW_MS),
        name="governor",
    ),
    "relay-clients-full": at_client_limit,
    "relay-client-chain": lambda: code(World(), beginning(Remote(4), chain_id=CHAIN), name="governor"),
    "relay-attestors": lambda: code(
        World(), CreateAttestationClient("fabric-1", (bytes(32), bytes(32)), 1, 1, NOW_MS), name="governor"
    ),
    "relay-counterparty-unknown": lambda: code(
        following(extended()), TimeOutPacket(CLIENT_ID, 1, 0, b"x"), name="stranger"
    ),
    "relay-counterparty-registered": lambda: code(
        connected(extended()), RegisterCounterparty(CLIENT_ID, "other-1"), name="governor"
    ),
    "relay-update-malformed": lambda: code(connected(extended()), UpdateClient(CLIENT_ID, 0, b"\x90")),
    "relay-update-known": lambda: code(connected(extended()), extended().shown(0, 3), extended().shown(0, 3)),
    "relay-update-stale": stale,
    "relay-height-unknown": lambda: code(connected(extended()), extended().shown(1, 3)),
    "relay-header-malformed": lambda: shown(header=b"\x90"),
    "relay-header-chain": renamed,
    "relay-header-history": other_beginning,
    "relay-header-order": lambda: code(connected(extended()), extended().shown(0, 3), extended().shown(3, 2)),
    "relay-header-ahead": ahead,
    "relay-header-expired": old_header,
    "relay-header-set": second_set,
    "relay-header-outdated": outdated_set,
    "relay-header-forged": forged_signature,
    "relay-validators-missing": lambda: skipping(2, trusted=False),
    "relay-validators-differ": lambda: shown(validators=encode(turning_chain(1).sets[1])),
    "relay-overlap-few": lambda: skipping(3),
    "relay-signers-few": few_signers,
    "relay-signers-unfit": twice_signed,
    "relay-misbehaviour-none": no_contradiction,
    "relay-attestation-malformed": lambda: code(attested.followed(), UpdateClient(attested.CLIENT_ID, 0, b"\x90")),
    "relay-attestation-other": lambda: word(attested.KEYS[:2], client_id="attestation-2"),
    "relay-attestation-forged": forged_word,
    "relay-attestor-unknown": lambda: word(
        sorted([attested.KEYS[0], attested.STRANGER], key=lambda key: key.public_key)
    ),
    "relay-attestor-twice": lambda: word([attested.KEYS[0], attested.KEYS[0]]),
    "relay-attestors-few": lambda: word(attested.KEYS[:1]),
    "relay-proof-malformed": lambda: delivered(
        lambda remote, height: msgspec.structs.replace(remote.delivery(height), proof=b"\x90")
    ),
    "relay-proof-mismatch": lambda: delivered(
        lambda remote, height: remote.delivery(height, msgspec.structs.replace(ARRIVING, timeout_s=ROOM_S + 1))
    ),
    "relay-packet-route": lambda: delivered(
        lambda remote, height: remote.delivery(height, msgspec.structs.replace(ARRIVING, source_client="another-1"))
    ),
    "relay-packet-received": delivered_twice,
    "relay-packet-late": lambda: delivered(
        lambda remote, height: remote.delivery(height, msgspec.structs.replace(ARRIVING, timeout_s=NOW_MS // 1_000)),
        NOW_MS // 1_000,
    ),
    "relay-packet-unknown": lambda: delivered(lambda remote, height: remote.answer(height)),
    "relay-timeout-early": early,
    "relay-timeout-passed": lambda: sent(timeout_s=NOW_MS // 1_000),
    "relay-timeout-far": lambda: sent(timeout_s=NOW_MS // 1_000 + TIMEOUT_AHEAD_S_MAX + 1),
    "relay-payload-size": lambda: sent(value=bytes(PAYLOAD_BYTES_MAX + 1)),
    "relay-packets-many": many,
    "relay-client-full": lambda: sent(_traffic),
    "relay-sender-full": lambda: sent(_quota),
    "relay-port-unknown": lambda: answered(destination_port="other"),
    "relay-version-unknown": lambda: answered(version="echo-2"),
    "relay-encoding-unknown": lambda: answered(encoding="application/json"),
    "relay-acknowledgement-unfit": answered,
}
