"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable
from typing import Any

from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.rights.measures import freeze_right, release_right
from contracts.rights.operations import (
    AcceptRight,
    AmendRight,
    DeclineRight,
    ExpireRight,
    GrantRight,
    RevokeRight,
    SurrenderRight,
    UseRight,
)
from contracts.rights.record import EXCLUSIVES_MAX, ORDERS_MAX
from contracts.rights.terms import RightTerms
from tests.unit.contracts.assets.family_tree import context_of
from tests.unit.contracts.rights.granted import ASSET, grant, granted, salt_of, terms, world_with_asset
from tests.unit.contracts.world import World, did_of

_TERMS = RightTerms(
    "operating", ("research",), ("x",), ("CN", "DE-BE"), ("did:web:a",), 1, 2, True, 3, 4, True, bytes(32)
)
SAMPLES: tuple[Operation, ...] = (
    GrantRight(bytes(32), "did:web:a", _TERMS, bytes(16), bytes(32)),
    AcceptRight(bytes(32)),
    DeclineRight(bytes(32)),
    AmendRight(bytes(32), _TERMS),
    RevokeRight(bytes(32), "breach"),
    SurrenderRight(bytes(32)),
    UseRight(bytes(32), "research", ("x",), "CN", bytes(32), bytes(32)),
    ExpireRight(bytes(32)),
)


def _use(name: str, purpose: str = "a", times: int = 1, *, before: int = 0, **fields: Any) -> str:
    """The code of the last of several uses, by ``name``, of a right that the member was granted."""
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms(**fields))
    world.time_ms += before
    codes = [world.submit(name, UseRight(right_id, purpose)).code for _ in range(times)]
    return codes[-1]


def _below(asset_id: bytes = ASSET, *, revoked: bool = False, levels: int = 1, **fields: Any) -> str:
    """The code of a use of a right of the second level, or of its grant where that is refused."""
    world = world_with_asset()
    parent = granted(world, "exchange", "member", terms(sublicensing_levels=levels, purposes=("a",)))
    operation = GrantRight(asset_id, did_of("stranger"), terms(**{"purposes": ("a",), **fields}), salt_of("s"), parent)
    receipt = world.submit("member", operation)
    if receipt.code != "ok":
        return receipt.code
    if revoked:
        world.submit("exchange", RevokeRight(parent))
    right_id = receipt.events[0].attributes["right_id"]
    assert isinstance(right_id, bytes)
    return world.submit("stranger", UseRight(right_id, "a")).code


def _granted_then(run: Callable[[World, bytes], str], **fields: Any) -> str:
    world = world_with_asset()
    return run(world, granted(world, "exchange", "member", terms(**fields)))


def _twice(**fields: Any) -> str:
    """The code of a second grant with the same terms."""
    world = world_with_asset()
    grant(world, "exchange", "member", terms(**fields))
    return grant(world, "exchange", "stranger", terms(**fields), salt="s")


def _orders(count: int, *, same: bool = False, lift: bool = False) -> str:
    """The code of the last of several orders on one right."""
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms())
    try:
        for number in range(count):
            freeze_right(right_id, bytes([0 if same else number]) * 16, context_of(world), world.overlay)
        if lift:
            release_right(right_id, b"?" * 16, context_of(world), world.overlay)
    except OperationFailed as failure:
        return failure.code
    return world.submit("member", UseRight(right_id, "a")).code


def _exclusives() -> str:
    world = world_with_asset()
    granting = (terms(exclusive=True, purposes=(f"p{n}",)) for n in range(EXCLUSIVES_MAX + 1))
    return [grant(world, "exchange", "member", found, salt=found.purposes[0]) for found in granting][-1]


def _same_salt() -> str:
    world = world_with_asset()
    return [grant(world, "exchange", "member", terms()) for _ in range(2)][-1]


REFUSALS: dict[str, Callable[[], str]] = {
    "right-terms": lambda: grant(world_with_asset(), "exchange", "member", terms(purposes=("b", "a"))),
    "right-exists": _same_salt,
    "right-unknown": lambda: World().submit("member", SurrenderRight(bytes(32))).code,
    "right-grantee": lambda: grant(world_with_asset(), "exchange", "nobody", terms()),
    "right-not-holder": lambda: _use("stranger"),
    "right-not-grantor": lambda: grant(world_with_asset(), "member", "stranger", terms()),
    "right-other-asset": lambda: _below(bytes(32)),
    "right-wider": lambda: _below(purposes=()),
    "right-no-sublicence": lambda: _below(levels=0),
    "right-audience": lambda: grant(world_with_asset(), "exchange", "member", terms(audience=("did:web:a",))),
    "right-field-unknown": lambda: grant(world_with_asset(), "exchange", "member", terms(fields=("z",))),
    "right-exclusive": lambda: _twice(exclusive=True),
    "right-exclusives-full": _exclusives,
    "right-status": lambda: _granted_then(lambda world, found: world.submit("member", AcceptRight(found)).code),
    "right-frozen": lambda: _orders(1),
    "right-not-begun": lambda: _use("member", from_ms=2**50),
    "right-expired": lambda: _use("member", before=10, until_ms=World().time_ms + 10),
    "right-lapsed": lambda: _below(revoked=True),
    "right-uses-spent": lambda: _use("member", times=2, uses_max=1),
    "right-use-outside": lambda: _use("member", "b", purposes=("a",)),
    "right-kind": lambda: _granted_then(
        lambda world, found: world.submit("member", UseRight(found, "a", derived=bytes(32))).code, kind="holding"
    ),
    "right-irrevocable": lambda: _granted_then(
        lambda world, found: world.submit("exchange", RevokeRight(found)).code, irrevocable=True
    ),
    "right-not-due": lambda: _granted_then(lambda world, found: world.submit("member", ExpireRight(found)).code),
    "right-order-held": lambda: _orders(2, same=True),
    "right-order-unknown": lambda: _orders(1, lift=True),
    "right-orders-full": lambda: _orders(ORDERS_MAX + 1),
}
