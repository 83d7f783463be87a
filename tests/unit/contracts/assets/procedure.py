"""An application on its way through the register: brought to any status by real transactions."""

from collections.abc import Callable
from typing import Any

from contracts.assets.application_record import ApplicationRecord, known_application
from contracts.assets.description import AssetDescription
from contracts.assets.operations_application import (
    AcceptApplication,
    AssignReviewers,
    CertifyAsset,
    DraftAsset,
    ObjectToApplication,
    PubliciseApplication,
    ResolveObjection,
    ReturnApplication,
    ReviewApplication,
    SubmitApplication,
)
from contracts.assets.record import asset_id_of, description_hash
from contracts.assets.registrar import RegistrarPolicy
from tests.unit.contracts.assets.register import POLICY, accepted, register_world
from tests.unit.contracts.world import World, did_of

DESCRIPTION = AssetDescription("dataset", "Set")
NAMED = description_hash(DESCRIPTION)
APPLICATION = asset_id_of(did_of("alice"), "set")
HASH = b"h" * 32
PANEL = ("rita", "ravi", "rosa")

DRAFT = DraftAsset("set", DESCRIPTION)
SUBMIT = SubmitApplication(APPLICATION, did_of("registrar"), NAMED)
ACCEPT = AcceptApplication(APPLICATION)
PUBLICISE = PubliciseApplication(APPLICATION)
OBJECT = ObjectToApplication(APPLICATION, "ownership", HASH)
CERTIFY = CertifyAsset(APPLICATION)


def assignment(*names: str) -> AssignReviewers:
    return AssignReviewers(APPLICATION, tuple(did_of(name) for name in names))


def opinion(verdict: Any = "approve", named: bytes = NAMED) -> ReviewApplication:
    return ReviewApplication(APPLICATION, verdict, HASH, named)


def ruling(decision: Any = "dismissed", objector: str = "carol") -> ResolveObjection:
    return ResolveObjection(APPLICATION, did_of(objector), decision, HASH)


def drafted(world: World) -> None:
    accepted(world, "alice", DRAFT)


def submitted(world: World) -> None:
    drafted(world)
    accepted(world, "alice", SUBMIT)


def returned(world: World) -> None:
    submitted(world)
    accepted(world, "registrar", ReturnApplication(APPLICATION, HASH))


def taken_up(world: World) -> None:
    submitted(world)
    accepted(world, "registrar", ACCEPT)


def in_review(world: World) -> None:
    taken_up(world)
    accepted(world, "registrar", assignment(*PANEL))


def approved(world: World) -> None:
    in_review(world)
    for name in PANEL[: POLICY.approvals]:
        accepted(world, name, opinion())


def publicised(world: World) -> None:
    approved(world)
    accepted(world, "registrar", PUBLICISE)


def objected(world: World) -> None:
    publicised(world)
    accepted(world, "carol", OBJECT)


def resolved(world: World) -> None:
    objected(world)
    accepted(world, "registrar", ruling())


def certified(world: World) -> None:
    publicised(world)
    world.time_ms += POLICY.announcement_ms
    accepted(world, "registrar", CERTIFY)


BROUGHT: dict[str, Callable[[World], None]] = {
    "DRAFT": drafted,
    "SUBMITTED": submitted,
    "RETURNED": returned,
    "ACCEPTED": taken_up,
    "IN_REVIEW": in_review,
    "PUBLICISED": publicised,
    "OBJECTED": objected,
    "RESOLVED": resolved,
    "CERTIFIED": certified,
}
"""Status -> how a fresh register gets there."""


def applied(status: str, policy: RegistrarPolicy = POLICY) -> World:
    """A register with alice's application in ``status``."""
    world = register_world(policy)
    BROUGHT[status](world)
    assert application_of(world).status == status
    return world


def application_of(world: World) -> ApplicationRecord:
    return known_application(world.overlay, APPLICATION)
