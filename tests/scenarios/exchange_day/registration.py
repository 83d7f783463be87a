"""A city's whole catalogue registered: most of it by the exchanges at once, part of it by the reviewed workflow."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from contracts.assets.dcat import import_catalogue
from contracts.assets.description import AssetDescription, Parent
from contracts.assets.operations import RegisterAsset
from contracts.assets.operations_application import (
    AcceptApplication,
    AssignReviewers,
    CertifyAsset,
    DraftAsset,
    ObjectToApplication,
    PubliciseApplication,
    ResolveObjection,
    ReviewApplication,
    SubmitApplication,
)
from contracts.assets.record import asset_id_of, description_hash
from contracts.assets.registrar import RegistrarPolicy, SetRegistrarPolicy
from contracts.rights.operations import GrantRight, UseRight
from contracts.rights.record import right_id_of
from contracts.rights.terms import RightTerms
from tests.scenarios.exchange_day.cast import Cast
from tests.scenarios.exchange_day.ledger import Ledger, Person, now_ms

ANNOUNCEMENT_MS: Final = 3_000
"""Ten working days elsewhere."""
PROCESSING: Final = RightTerms("processing-use", purposes=("analysis",))
ORIGIN_SHARE: Final = 1_500
"""Basis points of a derived asset's income that belong to what it was made from."""


@dataclass(frozen=True)
class Asset:
    """A registered asset, as its holder knows it."""

    asset_id: bytes
    holder: Person
    registrar: Person
    name: str


def read_catalogue(content: bytes) -> tuple[list[RegisterAsset], int]:
    """The operations that a catalogue asks for, and how many entries are refused."""
    entries = import_catalogue(content).entries
    operations = [entry.operation for entry in entries if entry.operation is not None]
    return operations, len(entries) - len(operations)


async def register_at_once(ledger: Ledger, cast: Cast, operations: Sequence[RegisterAsset]) -> list[Asset]:
    """The fast path: each exchange registers its part for the providers."""
    assets: list[Asset] = []
    async with asyncio.TaskGroup() as group:
        for number, operation in enumerate(operations):
            holder = cast.providers[number % len(cast.providers)]
            exchange = cast.exchanges[number % len(cast.exchanges)]
            group.create_task(ledger.do(exchange, msgspec.structs.replace(operation, holder=holder.did)))
            asset_id = asset_id_of(exchange.did, operation.identifier)
            assets.append(Asset(asset_id, holder, exchange, operation.description.name))
    return assets


async def register_reviewed(ledger: Ledger, cast: Cast, operations: Sequence[RegisterAsset]) -> list[Asset]:
    """The workflow: draft, submit, accept, review two of three, publicise, wait, certify; one objection on the way."""
    policy = RegistrarPolicy(reviewers=3, approvals=2, announcement_ms=ANNOUNCEMENT_MS)
    await ledger.do(cast.registrar, SetRegistrarPolicy(policy))
    assets: list[Asset] = []
    async with asyncio.TaskGroup() as group:
        for number, operation in enumerate(operations):
            holder = cast.providers[number % len(cast.providers)]
            asset_id = asset_id_of(holder.did, operation.identifier)
            assets.append(Asset(asset_id, holder, cast.registrar, operation.description.name))
            group.create_task(_reviewed(ledger, cast, holder, operation, objected=number == 0))
    return assets


async def _reviewed(
    ledger: Ledger, cast: Cast, holder: Person, operation: RegisterAsset, *, objected: bool
) -> None:
    description, registrar = operation.description, cast.registrar
    asset_id, digest = asset_id_of(holder.did, operation.identifier), description_hash(description)
    paper = sha256(b"opinion" + asset_id).digest()
    await ledger.do(holder, DraftAsset(operation.identifier, description))
    await ledger.do(holder, SubmitApplication(asset_id, registrar.did, digest))
    await ledger.do(
        registrar,
        AcceptApplication(asset_id),
        AssignReviewers(asset_id, tuple(reviewer.did for reviewer in cast.reviewers)),
    )
    first, second, _ = cast.reviewers
    await ledger.do(first, ReviewApplication(asset_id, "approve", paper, digest))
    if objected:
        await ledger.refused("asset-review-given", first, ReviewApplication(asset_id, "reject", paper, digest))
    await ledger.do(second, ReviewApplication(asset_id, "approve", paper, digest))
    await ledger.do(registrar, PubliciseApplication(asset_id))
    announced_ms = now_ms()
    if objected:
        await ledger.refused("asset-announcement-open", registrar, CertifyAsset(asset_id))
        objector = cast.buyers[0]
        await ledger.do(objector, ObjectToApplication(asset_id, "ownership", paper))
        await ledger.do(registrar, ResolveObjection(asset_id, objector.did, "dismissed", paper))
    await ledger.wait_until(announced_ms + ANNOUNCEMENT_MS)
    await ledger.do(registrar, CertifyAsset(asset_id))


async def derive(ledger: Ledger, cast: Cast, origins: Sequence[Asset]) -> list[Asset]:
    """Each origin is processed by another provider, under a right, into an asset that owes it a share."""
    derived: list[Asset] = []
    async with asyncio.TaskGroup() as group:
        for number, origin in enumerate(origins):
            maker = next(person for person in cast.providers[number:] + cast.providers if person is not origin.holder)
            exchange = cast.exchanges[number % len(cast.exchanges)]
            identifier = f"derived-{origin.asset_id.hex()[:16]}"
            asset = Asset(asset_id_of(exchange.did, identifier), maker, exchange, identifier)
            group.create_task(_derive(ledger, origin, asset, identifier))
            derived.append(asset)
    return derived


async def _derive(ledger: Ledger, origin: Asset, asset: Asset, identifier: str) -> None:
    salt = asset.asset_id[:16]
    right_id = right_id_of(origin.holder.did, origin.asset_id, b"", salt)
    parent = Parent(origin.asset_id, "derived-from", ORIGIN_SHARE, sha256(b"process").digest())
    description = AssetDescription("product", f"Made from {origin.name}"[:256], parents=(parent,))
    operation = RegisterAsset(identifier, description, asset.holder.did)
    await ledger.refused("asset-derivation-right", asset.registrar, operation)
    await ledger.do(origin.holder, GrantRight(origin.asset_id, asset.holder.did, PROCESSING, salt))
    await ledger.do(asset.holder, UseRight(right_id, "analysis", derived=asset.asset_id))
    await ledger.do(asset.registrar, operation)
