from collections.abc import Callable

import pytest

from chainnode.codec.canonical import encode
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.governance.operations import GrantRole, RevokeRole, SetPolicy
from contracts.governance.queries import role_record
from contracts.identity.operations import DeactivateIdentity
from contracts.kernel import electorate
from contracts.kernel.policy import Grant, RoleRecord, Rule, roles_of
from tests.unit.contracts.world import TIME_MS, World, did_of, founding_operations


def roles(world: World, name: str) -> RoleRecord:
    found = role_record(world.overlay, did_of(name))
    assert found is not None
    return found


def test_genesis_grants_carry_no_grantor_and_the_founding_time() -> None:
    assert roles(World(), "governor").grants == (Grant("governor", 0, TIME_MS, ""),)


def test_governor_grants_and_the_role_counts_at_once() -> None:
    world = World()
    register = RegisterAsset("a", AssetDescription("dataset", "A"))
    assert world.submit("member", register).code == "role-missing"
    receipt = world.submit("governor", GrantRole(did_of("member"), "exchange"))
    assert receipt.events[0].attributes == {
        "did": did_of("member"),
        "role": "exchange",
        "granted_by": did_of("governor"),
        "registrar_number": 2,
    }
    assert world.submit("member", register).code == "ok"
    assert roles_of(world.overlay, did_of("member")) == ("exchange", "member")


def test_registrar_number_is_given_once_and_never_again() -> None:
    """Whoever gets ``exchange`` or ``registrar`` also gets a registrar number, which stays with its holder for ever."""
    world = World()
    exchange, member = did_of("exchange"), did_of("member")
    assert roles(world, "exchange").registrar_number == 1
    assert roles(world, "member").registrar_number == 0
    world.submit("governor", GrantRole(exchange, "registrar"), RevokeRole(exchange, "exchange"))
    world.submit("governor", RevokeRole(exchange, "registrar"), GrantRole(member, "registrar"))
    world.submit("governor", GrantRole(exchange, "exchange"))
    assert (roles(world, "exchange").registrar_number, roles(world, "member").registrar_number) == (1, 2)


def test_revoked_role_is_gone_and_can_be_granted_again() -> None:
    world, member = World(), did_of("member")
    assert world.submit("governor", RevokeRole(member, "member")).code == "ok"
    assert roles_of(world.overlay, member) == ()
    assert world.submit("governor", RevokeRole(member, "member")).code == "role-not-held"
    assert world.submit("governor", GrantRole(member, "member")).code == "ok"
    assert world.submit("governor", GrantRole(member, "member")).code == "role-held"


def test_governors_cannot_all_leave_office() -> None:
    """A governor cannot give up its own office, lest nobody is left to grant one."""
    world = World([*founding_operations(), SetPolicy("governance.revoke_role", Rule("ANY", ("governor",)))])
    world.submit("governor", GrantRole(did_of("member"), "governor"))
    assert world.submit("governor", RevokeRole(did_of("governor"), "governor")).code == "role-own-governor"
    assert world.submit("member", RevokeRole(did_of("governor"), "governor")).code == "ok"
    assert world.submit("governor", RevokeRole(did_of("member"), "governor")).code == "role-missing"


def test_role_goes_to_active_identities_of_this_chain_only() -> None:
    world = World()
    world.submit("stranger", DeactivateIdentity())
    for did in (did_of("stranger"), did_of("nobody"), "did:web:example.org", ""):
        assert world.submit("governor", GrantRole(did, "member")).code == "role-did-unknown"
    assert world.submit("governor", RevokeRole("", "member")).code == "role-not-held"


def test_last_governor_cannot_end_its_identity() -> None:
    """At least one governor always remains, whichever way it would leave."""
    world = World()
    before = world.content()
    receipt = world.submit("governor", DeactivateIdentity())
    assert (receipt.code, world.content()) == ("governor-last", before)
    world.submit("governor", GrantRole(did_of("member"), "governor"))
    assert world.submit("governor", DeactivateIdentity()).code == "ok"
    assert roles(world, "governor").grants == ()


def _full() -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(electorate, "HOLDERS_MAX", 1)
        return World().submit("governor", GrantRole(did_of("stranger"), "member")).code


REFUSALS: dict[str, Callable[[], str]] = {
    "governor-last": lambda: World().submit("governor", DeactivateIdentity()).code,
    "role-full": _full,
}


def test_role_with_the_most_holders_can_still_be_given_taken_and_left() -> None:
    """The list of a large consortium exceeds what a small transaction may write; nobody may be caught in it."""
    world = World()
    long = [f"did:cnode:{'c' * 48}:{number:032d}" for number in range(electorate.HOLDERS_MAX - 1)]
    for role in ("member", "auditor"):
        world.overlay.put(electorate.holders_key(role), encode(electorate.Holders(tuple(sorted(long)))))
    for role in ("member", "auditor"):
        grant = GrantRole(did_of("stranger"), role)  # type: ignore[arg-type]
        assert world.submit("governor", grant).code == "ok"
    assert world.submit("governor", RevokeRole(did_of("stranger"), "auditor")).code == "ok"
    assert world.submit("stranger", DeactivateIdentity()).code == "ok"
    assert did_of("stranger") not in electorate.holders_of(world.overlay, "member")
