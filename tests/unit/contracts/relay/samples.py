"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable
from typing import Final

import msgspec

from contracts.kernel.operation import Operation
from contracts.relay.operations import (
    AddPastHeader,
    RecoverAttestationClient,
    RecoverClient,
    RegisterCounterparty,
)
from tests.unit.contracts.relay import attested
from tests.unit.contracts.relay.connected import CLIENT_ID, THEIRS
from tests.unit.contracts.relay.ports import samples as ports
from tests.unit.contracts.relay.refusals import REFUSALS as OWN_REFUSALS
from tests.unit.contracts.relay.remote import ARRIVING, NOW_MS, Remote, beginning, contradiction

_LONG_MS: Final = 10 * 365 * 86_400_000
"""The fuzz lives years after the other chain's headers."""


LATE: Final = msgspec.structs.replace(ARRIVING, timeout_s=4_000_000_000)


def _made() -> tuple[Operation, ...]:
    remote = Remote(4)
    sent = remote.sending(LATE)
    answered = remote.answering()
    return (
        beginning(remote, trusting_period_ms=_LONG_MS),
        msgspec.structs.replace(attested.beginning(), trusting_period_ms=_LONG_MS),
        RegisterCounterparty(CLIENT_ID, THEIRS),
        remote.shown(0, sent),
        remote.shown(0, answered),
        AddPastHeader(CLIENT_ID, sent, remote.headers[1], remote.path(sent, 1)),
        contradiction(remote, 2),
        RecoverClient(CLIENT_ID, remote.headers[0], ()),
        RecoverAttestationClient(attested.CLIENT_ID, attested.beginning().attestors, 2, 20, NOW_MS),
        remote.delivery(sent, LATE),
        remote.answer(answered),
        remote.silence(answered),
    )


SAMPLES: tuple[Operation, ...] = (*_made(), *ports.SAMPLES)
REFUSALS: dict[str, Callable[[], str]] = {**OWN_REFUSALS, **ports.REFUSALS}
