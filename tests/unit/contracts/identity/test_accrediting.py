from collections.abc import Callable

import pytest

from contracts.governance.operations import GrantRole
from contracts.identity.accreditation import read_accreditation
from contracts.identity.operations import DeactivateIdentity
from contracts.identity.operations_accreditation import Accredit, EndAccreditation
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from tests.unit.contracts.world import World, did_of, key_of

MEMBER = did_of("member")
STRANGER = did_of("stranger")


def with_second_exchange() -> World:
    world = World()
    assert world.submit("governor", GrantRole(STRANGER, "exchange")).code == "ok"
    return world


def last(world: World, *steps: tuple[str, Operation]) -> str:
    return [world.submit(name, operation).code for name, operation in steps][-1]


def test_renewal_before_the_end_keeps_the_first_moment() -> None:
    world = World()
    began = world.time_ms
    world.submit("exchange", Accredit(MEMBER, "supplier", valid_until_ms=began + 1_000))
    world.time_ms += 500
    assert world.submit("exchange", Accredit(MEMBER, "supplier", valid_until_ms=began + 5_000)).code == "ok"
    found = read_accreditation(world.overlay, MEMBER, "supplier")
    assert found is not None
    assert (found.valid_from_ms, found.valid_until_ms) == (began, began + 5_000)


def test_another_accreditor_takes_over_only_when_the_first_has_expired() -> None:
    """At the very millisecond at which it no longer holds."""
    world = with_second_exchange()
    until = world.time_ms + 1_000
    assert world.submit("exchange", Accredit(MEMBER, "supplier", valid_until_ms=until)).code == "ok"
    world.time_ms = until - 1
    assert world.submit("stranger", Accredit(MEMBER, "supplier")).code == "accreditation-not-yours"
    world.time_ms = until
    assert world.submit("stranger", Accredit(MEMBER, "supplier")).code == "ok"
    found = read_accreditation(world.overlay, MEMBER, "supplier")
    assert found is not None
    assert (found.accredited_by, found.valid_from_ms) == (STRANGER, until)


def test_ended_accreditation_can_be_given_again_by_anyone_who_may() -> None:
    world = with_second_exchange()
    steps = (
        ("exchange", Accredit(MEMBER, "supplier")),
        ("exchange", EndAccreditation(MEMBER, "supplier", reason="withdrawn")),
        ("stranger", Accredit(MEMBER, "supplier")),
    )
    assert last(world, *steps) == "ok"
    found = read_accreditation(world.overlay, MEMBER, "supplier")
    assert found is not None
    assert (found.ended_ms, found.reason, found.accredited_by) == (0, "", STRANGER)


def test_overseer_ends_what_another_has_accredited() -> None:
    steps = (("exchange", Accredit(MEMBER, "supplier")), ("governor", EndAccreditation(MEMBER, "supplier")))
    assert last(World(), *steps) == "ok"


def test_events_tell_what_a_recount_needs() -> None:
    world = World()
    receipt = world.submit("exchange", Accredit(MEMBER, "issuer", "A", "CN"))
    assert receipt.events[0].attributes == {
        "did": MEMBER,
        "kind": "issuer",
        "credential_type": "A",
        "jurisdiction": "CN",
        "valid_from_ms": world.time_ms,
        "valid_until_ms": 0,
        "accredited_by": did_of("exchange"),
    }
    receipt = world.submit("exchange", EndAccreditation(MEMBER, "issuer", "A", "why"))
    assert receipt.events[0].attributes["reason"] == "why"


def too_early() -> str:
    world = World()
    return world.submit("exchange", Accredit(MEMBER, "buyer", valid_from_ms=world.time_ms - 1)).code


def ends_now() -> str:
    world = World()
    return world.submit("exchange", Accredit(MEMBER, "buyer", valid_until_ms=world.time_ms)).code


def of_deactivated() -> str:
    return last(World(), ("stranger", DeactivateIdentity()), ("exchange", Accredit(STRANGER, "buyer")))


REFUSALS: dict[str, Callable[[], str]] = {
    "accreditation-type": lambda: World().submit("exchange", Accredit(MEMBER, "buyer", "X")).code,
    "accreditation-period": too_early,
    "accreditation-self": lambda: World().submit("exchange", Accredit(did_of("exchange"), "buyer")).code,
    "accreditation-did-unknown": of_deactivated,
    "accreditation-unknown": lambda: World().submit("exchange", EndAccreditation(MEMBER, "buyer")).code,
    "accreditation-not-yours": lambda: last(
        with_second_exchange(),
        ("exchange", Accredit(MEMBER, "buyer")),
        ("stranger", EndAccreditation(MEMBER, "buyer")),
    ),
    "accreditation-status": lambda: last(
        World(),
        ("exchange", Accredit(MEMBER, "buyer")),
        ("exchange", EndAccreditation(MEMBER, "buyer")),
        ("exchange", EndAccreditation(MEMBER, "buyer")),
    ),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_refusal_leaves_the_state_as_it_was(code: str) -> None:
    assert REFUSALS[code]() == code


def test_periods_that_cannot_be_are_refused() -> None:
    assert ends_now() == "accreditation-period"
    with pytest.raises(OperationFailed, match="not after"):
        Accredit(MEMBER, "buyer", valid_from_ms=5, valid_until_ms=5).check()
    unknown = World().submit("exchange", Accredit(did_of("nobody"), "buyer"))
    assert (unknown.code, unknown.failed_operation) == ("accreditation-did-unknown", 0)


def test_issuer_needs_the_type_of_its_credentials() -> None:
    assert World().submit("exchange", Accredit(MEMBER, "issuer")).code == "accreditation-type"
    assert World().submit("member", Accredit(STRANGER, "buyer"), keys=[key_of("member")]).code == "role-missing"
