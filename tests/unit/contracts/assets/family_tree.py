"""Assets with parents, made quickly: what the tests of lineage stand on."""

from typing import Any

import msgspec

from contracts.assets.description import AssetDescription, Compliance, Parent, Relation
from contracts.assets.lineage import permit_derivation, relink
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of, read_asset
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from tests.unit.contracts.world import CHAIN, World, did_of


def id_of(name: str) -> bytes:
    """The id of what the exchange calls ``name``."""
    return asset_id_of(did_of("exchange"), name)


def parent(name: str, relation: Relation = "derived-from", share: int = 0) -> Parent:
    return Parent(id_of(name), relation, share)


def description(*parents: Parent | str, **fields: Any) -> AssetDescription:
    named = tuple(parent(item) if isinstance(item, str) else item for item in parents)
    if fields.get("grade") == "important":
        fields.setdefault("compliance", Compliance(bytes(32)))
    return AssetDescription("dataset", "Set", parents=named, **fields)


def register(world: World, name: str, *parents: Parent | str, holder: str = "exchange", **fields: Any) -> str:
    """The code of registering ``name``."""
    operation = RegisterAsset(name, description(*parents, **fields), did_of(holder))
    return world.submit("exchange", operation).code


def context_of(world: World, sender: str = "exchange") -> Context:
    return Context(
        chain_id=CHAIN,
        height=world.height,
        time_ms=world.time_ms,
        tx_id=bytes(32),
        index=0,
        sender=did_of(sender),
        signers=(),
    )


def change(world: World, name: str, *parents: Parent | str, **fields: Any) -> str:
    """The code of giving ``name`` other parents, all or nothing, as a change of its description does."""
    record = read_asset(world.overlay, id_of(name))
    assert record is not None
    world.overlay.begin()
    try:
        after = msgspec.structs.replace(description(*parents), **fields)
        relink(id_of(name), record.holder, after, context_of(world), world.overlay)
    except OperationFailed as failure:
        world.overlay.discard()
        return failure.code
    world.overlay.commit()
    return "ok"


def permit(world: World, child: str, above: str, holder: str) -> None:
    permit_derivation(id_of(child), id_of(above), did_of(holder), bytes(32), context_of(world), world.overlay)
