"""Rights in an asset of the exchange, granted quickly: what the tests of rights stand on."""

from typing import Any

from contracts.assets.description import AssetDescription, Field
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.rights.operations import AcceptRight, GrantRight
from contracts.rights.record import RightRecord, read_right, right_id_of
from contracts.rights.terms import RightKind, RightTerms
from tests.unit.contracts.world import World, did_of

ASSET: bytes = asset_id_of(did_of("exchange"), "a")
DUTIES = b"d" * 32


def terms(kind: RightKind = "processing-use", **fields: Any) -> RightTerms:
    return RightTerms(kind, **fields)


def salt_of(text: str) -> bytes:
    return text.encode().ljust(16, b".")


def world_with_asset() -> World:
    """The exchange holds the asset ``ASSET``, which lists the fields ``x`` and ``y``."""
    world = World()
    described = AssetDescription("dataset", "Set", fields=(Field("x"), Field("y")))
    assert world.submit("exchange", RegisterAsset("a", described)).code == "ok"
    return world


def right_of(grantor: str, salt: str, parent: bytes = b"") -> bytes:
    return right_id_of(did_of(grantor), ASSET, parent, salt_of(salt))


def grant(
    world: World, grantor: str, grantee: str, granted: RightTerms, parent: bytes = b"", salt: str = ""
) -> str:
    """The code of the grant; its salt is the grantee's name unless given."""
    operation = GrantRight(ASSET, did_of(grantee), granted, salt_of(salt or grantee), parent)
    return world.submit(grantor, operation).code


def granted(
    world: World, grantor: str, grantee: str, found: RightTerms, parent: bytes = b"", salt: str = ""
) -> bytes:
    """The id of a right that must come about."""
    assert grant(world, grantor, grantee, found, parent, salt) == "ok"
    return right_of(grantor, salt or grantee, parent)


def accept(world: World, holder: str, right_id: bytes) -> str:
    return world.submit(holder, AcceptRight(right_id)).code


def record_of(world: World, right_id: bytes) -> RightRecord:
    return read_right(world.overlay, right_id)
