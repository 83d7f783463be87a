"""Bytes of anybody at every state of the protocol: S50. What is altered by one field and signed again: tests/model."""

from random import Random
from typing import Any

import msgspec
import pytest

from consensus.certificates import QuorumCertificate
from consensus.messages import decode_message, encode_message
from consensus.signing import required
from consensus.state import Phase
from consensus.timers import TimerKind
from tests.scenarios.player import Player
from tests.scenarios.script import Script, scripts
from tests.scenarios.stage import Stage
from tests.unit.consensus.rig import (
    HEIGHT,
    A,
    Rig,
    certificate,
    commit,
    decided,
    justification,
    pre_prepare,
    prepare,
    status,
    view_change,
)


def _at(phase: Phase) -> Rig:
    rig = Rig()
    match phase:
        case Phase.PREPARING:
            rig.accept()
        case Phase.COMMITTING:
            rig.prepare()
        case Phase.VIEW_CHANGING:
            rig.prepare()
            rig.time_out()
        case Phase.DECIDED:
            rig.hear(decided())
        case Phase.SYNCING:
            rig.hear(decided(height=HEIGHT + 3))
        case Phase.HALTED:
            rig.hear(decided(bytes(32), HEIGHT - 1))
    assert rig.replica.phase == phase
    return rig


SEEDS = [
    message
    for height in (HEIGHT - 1, HEIGHT, HEIGHT + 1)
    for message in (
        prepare(0, height=height), commit(2, height=height), view_change(3, 1, certificate(height=height), height),
        pre_prepare(A, 0, height=height), pre_prepare(A, 1, justification(1, (0, 2, 3), certificate(height=height),
                                                                          height), height=height),
        decided(height=height), status(3, height - 2),
    )
]  # fmt: skip


def _mutated(data: bytes, random: Random) -> bytes:
    """A few bytes flipped, cut out, doubled or replaced by an extreme."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 3)):
        place = random.randrange(len(changed))
        match random.randrange(4):
            case 0:
                changed[place] ^= 1 << random.randrange(8)
            case 1:
                del changed[place : place + random.randint(1, 8)]
            case 2:
                changed[place:place] = changed[max(0, place - 8) : place]
            case _:
                changed[place] = random.choice((0, 1, 0x7F, 0x80, 0xC0, 0xFF))
        if not changed:
            return b""
    return bytes(changed)


def _misshapen(message: Any, random: Random) -> Any:
    """Well-formed bytes that mean nonsense: signers and senders that nobody is, signatures that are not there."""
    replace = msgspec.structs.replace
    reason, certificate = getattr(message, "justification", None), getattr(message, "certificate", None)
    if certificate is not None:
        return replace(message, certificate=_misshapen_certificate(certificate, random))
    if reason is None:
        return replace(message, **{random.choice(("height", "view")): random.choice((0, 7, 8, 9, 2**31 - 1))})
    items = [replace(item, sender=random.choice((item.sender, 4, 127))) for item in reason.view_changes]
    highest = random.choice((None, reason.certificate, _misshapen_certificate(reason.certificate, random)))
    view = random.choice((message.view, 0, 2))
    return replace(message, view=view, justification=replace(reason, view_changes=tuple(items), certificate=highest))


def _misshapen_certificate(certificate: QuorumCertificate, random: Random) -> QuorumCertificate:
    signers = random.choice((certificate.signers, b"\xff" * 16, b"\x83\x80", b"\x01"))
    signatures = certificate.signatures[: random.randint(1, 3)]
    return msgspec.structs.replace(certificate, signers=signers, signatures=signatures)


@pytest.mark.parametrize("phase", list(Phase))
def test_nothing_that_is_sent_raises_at_any_state(phase: Phase) -> None:
    """S50 stateful_fuzz: LOKI (NDSS 2023); SmartBFT-Go #274, #279. A message is malformed, refused, or can be verified.

    Signatures are not looked at here: whatever passes the filter is taken, so the core itself hears the worst.
    """
    random, rig, read = Random(int(phase)), _at(phase), 0
    for number in range(1_500):
        if number % 50 == 0:
            rig = _at(phase)
        # Long enough after all that was said that help is due again.
        rig.now_ms += 5_000
        rig.fire(TimerKind.RESEND)
        message = random.choice(SEEDS)
        data = encode_message(_misshapen(message, random)) if number % 2 else _mutated(encode_message(message), random)
        try:
            message = decode_message(data)
        except ValueError:
            continue
        read += 1
        if rig.replica.filter(message) is None:
            required(message, rig.replica.validators)
            rig.hear(message)

    assert read > 100


def test_random_bytes_between_the_steps_of_every_scenario_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """S50 on whole networks: each scenario goes as it goes without the noise."""
    random = Random(50)
    quiet_run = Stage.run

    def noisy_run(self: Stage, duration_ms: int) -> None:
        for index in self.running():
            data = random.randbytes(random.randint(0, 300))
            self.network.inject((index + 1) % len(self.hosts), index, data)
        quiet_run(self, duration_ms)

    monkeypatch.setattr(Stage, "run", noisy_run)
    for path in scripts():
        script = Script.read(path)
        assert Player(script).play() == [command.trace for command in script.commands], path.name
