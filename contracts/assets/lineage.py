"""From what an asset was made, and what was made from it: edges that never run in a circle.

    lineage/<asset>                        LineageRecord, only where there are parents
    lineage-child/<parent>/<child>         Edge as the child states it, for reading downwards by range
    lineage-permit/<child>/<parent>/<did>  Permit: the holder used a right to process the parent for this child

Edges lie beside the asset's record, not only in its description, so that walking up
ten generations reads ten small values and no description.

A first registration cannot close a circle, because its parents stand before it. A later
change can, so it walks up from the new parents first; the walk is bounded.
"""

from functools import lru_cache
from typing import Annotated, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.transaction import Did
from contracts.assets.description import AssetDescription, OptionalHash, Parent, Relation
from contracts.assets.lineage_outcome import AssetLinked, AssetUnlinked
from contracts.assets.record import AssetRecord, read_asset
from contracts.kernel.context import Context
from contracts.kernel.money import BasisPoints
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import Hash32

GENERATIONS_MAX: Final = 32
"""Above one asset. Real chains of processing have a handful; income passes up along them, so they must end."""
ANCESTORS_LOOKED_AT_MAX: Final = 64
"""By one change of parents: each costs a read, and the whole must stay within one operation's cost."""
PARENTS_MAX: Final = 32
"""As the description bounds them."""
_GRADES: Final = {"general": 0, "important": 1, "core": 2}


class Edge(msgspec.Struct, frozen=True, array_like=True):
    """One step upwards."""

    parent_id: Hash32
    relation: Relation
    share_basis_points: BasisPoints
    """What part of the child's income belongs to the parent."""
    process_hash: OptionalHash


class LineageRecord(msgspec.Struct, frozen=True, array_like=True):
    """What stands directly above one asset."""

    asset_id: Hash32
    generation: Annotated[int, msgspec.Meta(ge=1, le=GENERATIONS_MAX)]
    """One more than the highest parent's had when this was written; an asset without parents has 0."""
    edges: Annotated[tuple[Edge, ...], msgspec.Meta(min_length=1, max_length=PARENTS_MAX)]
    """In the order of the description."""


class Permit(msgspec.Struct, frozen=True, array_like=True):
    """A use of a right, made to derive one asset from another."""

    right_id: Hash32
    holder: Did
    used_ms: int


decode_edge = msgspec.msgpack.Decoder(Edge).decode
_decode_lineage = lru_cache(1024)(msgspec.msgpack.Decoder(LineageRecord).decode)


def lineage_key(asset_id: bytes) -> bytes:
    """State key of the edges above an asset, as ``state.keys.key`` makes it."""
    return b"lineage/" + asset_id.hex().encode()  # read at every step of a walk; five times as fast as the general form


def child_key(parent_id: bytes, child_id: bytes) -> bytes:
    """State key of one step downwards; ``prefix("lineage-child", parent_id)`` ranges over all."""
    return b"lineage-child/" + parent_id.hex().encode() + b"/" + child_id.hex().encode()


def permit_key(child_id: bytes, parent_id: bytes, holder: str) -> bytes:
    """State key of a permit."""
    return key("lineage-permit", child_id, parent_id, holder)


def read_lineage(state: State, asset_id: bytes) -> LineageRecord | None:
    """What stands directly above an asset; None where nothing does."""
    stored = state.get(lineage_key(asset_id))
    return None if stored is None else _decode_lineage(stored)


def edges_of(state: State, asset_id: bytes) -> tuple[Edge, ...]:
    """The steps upwards from an asset, at most 32, in the order its description names the parents."""
    record = read_lineage(state, asset_id)
    return () if record is None else record.edges


def permit_derivation(
    child_id: bytes, parent_id: bytes, holder: str, right_id: bytes, context: Context, state: State
) -> None:
    """Note that ``holder`` used ``right_id`` to make ``child_id`` out of ``parent_id``; the caller has checked it."""
    permit = Permit(right_id, holder, context.time_ms)
    state.put(permit_key(child_id, parent_id, holder), encode(permit))


def link(asset_id: bytes, holder: str, description: AssetDescription, context: Context, state: State) -> None:
    """Write the edges of an asset that enters the register, and announce each.

    Raises:
        OperationFailed: a code of ``LINKING``.
    """
    if description.parents:
        _check_parents(asset_id, holder, description, description.parents, state)
        _write(asset_id, description.parents, context, state)


def relink(asset_id: bytes, holder: str, description: AssetDescription, context: Context, state: State) -> None:
    """Let the edges of a registered asset follow its new ``description``.

    Parents that stay are not checked again: a right that has ended since does not undo what was made under it. A
    grade is compared with every parent, since it may have changed itself.

    Raises:
        OperationFailed: a code of ``RELINKING``.
    """
    before = {edge.parent_id: edge for edge in edges_of(state, asset_id)}
    added = tuple(parent for parent in description.parents if parent.asset_id not in before)
    kept = tuple(parent for parent in description.parents if parent.asset_id in before)
    check_acyclic(state, asset_id, tuple(parent.asset_id for parent in added))
    _check_parents(asset_id, holder, description, added, state)
    for parent in kept:
        _check_grade(description, _parent_record(state, parent.asset_id), parent)
    named = {parent.asset_id for parent in description.parents}
    for parent_id in before:
        if parent_id not in named:
            state.delete(child_key(parent_id, asset_id))
            context.emit(AssetUnlinked(asset_id, parent_id))
    _write(asset_id, description.parents, context, state, before)
    if before and not description.parents:
        state.delete(lineage_key(asset_id))


def check_acyclic(state: State, asset_id: bytes, parents: tuple[bytes, ...]) -> None:
    """Refuse parents that were themselves made from ``asset_id``.

    Raises:
        OperationFailed: ``asset-lineage-cycle``, or ``asset-lineage-too-large``: more than
            ``ANCESTORS_LOOKED_AT_MAX`` assets stand above the parents.
    """
    seen: set[bytes] = set()
    waiting = list(parents)
    while waiting:
        found = waiting.pop()
        if found == asset_id:
            raise OperationFailed("asset-lineage-cycle", f"asset {asset_id.hex()} would stand above itself")
        if found in seen:
            continue
        if len(seen) == ANCESTORS_LOOKED_AT_MAX:
            raise OperationFailed(
                "asset-lineage-too-large", f"more than {ANCESTORS_LOOKED_AT_MAX} assets stand above the new parents"
            )
        seen.add(found)
        waiting.extend(edge.parent_id for edge in edges_of(state, found))


def _check_parents(
    asset_id: bytes, holder: str, description: AssetDescription, parents: tuple[Parent, ...], state: State
) -> None:
    for parent in parents:
        if parent.asset_id == asset_id:
            raise OperationFailed("asset-lineage-cycle", f"asset {asset_id.hex()} would stand above itself")
        record = _parent_record(state, parent.asset_id)
        if record.frozen_by:
            raise OperationFailed("asset-frozen", f"order {record.frozen_by[0].hex()} holds {parent.asset_id.hex()}")
        if record.holder != holder and state.get(permit_key(asset_id, parent.asset_id, holder)) is None:
            raise OperationFailed(
                "asset-derivation-right",
                f"{parent.asset_id.hex()} belongs to {record.holder}; {holder} used no right in it for this asset",
            )
        _check_grade(description, record, parent)


def _parent_record(state: State, parent_id: bytes) -> AssetRecord:
    record = read_asset(state, parent_id)
    if record is None:
        raise OperationFailed("asset-parent-unknown", f"no asset {parent_id.hex()}")
    return record


def _check_grade(child: AssetDescription, record: AssetRecord, parent: Parent) -> None:
    """What data reveal does not shrink by combining it; only anonymising lowers the harm."""
    if parent.relation == "anonymised-from":
        return
    above = record.description
    lower = _GRADES[child.grade] < _GRADES[above.grade]
    told = child.general_level and above.general_level
    if lower or (told and child.grade == above.grade and child.general_level < above.general_level):
        raise OperationFailed(
            "asset-grade-lowered",
            f"{child.grade} {child.general_level or ''} is below {above.grade} {above.general_level or ''} "
            f"of {parent.asset_id.hex()}",
        )


def _write(
    asset_id: bytes,
    parents: tuple[Parent, ...],
    context: Context,
    state: State,
    before: dict[bytes, Edge] | None = None,
) -> None:
    if not parents:
        return
    generation = 0
    edges: list[Edge] = []
    for parent in parents:
        above = read_lineage(state, parent.asset_id)
        generation = max(generation, 1 if above is None else above.generation + 1)
        edge = Edge(parent.asset_id, parent.relation, parent.share_basis_points, parent.process_hash)
        edges.append(edge)
        if before is None or before.get(edge.parent_id) != edge:
            state.put(child_key(edge.parent_id, asset_id), encode(edge))
            context.emit(
                AssetLinked(
                    asset_id, edge.parent_id, edge.relation, edge.share_basis_points, edge.process_hash or b""
                )
            )
    if generation > GENERATIONS_MAX:
        raise OperationFailed(
            "asset-lineage-too-deep", f"{generation} generations would stand above, at most {GENERATIONS_MAX} may"
        )
    state.put(lineage_key(asset_id), encode(LineageRecord(asset_id, generation, tuple(edges))))


RECORDS: Final = (
    ("lineage", 2, "", LineageRecord),
    ("lineage-child", 3, "", Edge),
    ("lineage-permit", 4, "", Permit),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
