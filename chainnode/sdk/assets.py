"""Registering a whole catalogue, with a result for every entry.

async for result in register_catalogue(client, wallet, Path("catalogue.json").read_bytes()):
    print(result.identifier, result.outcome, result.notes)
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from chainnode.errors import ChainError, NotFound
from chainnode.sdk.batching import Applied, apply_batch, pack
from chainnode.sdk.client import Client
from chainnode.sdk.wallet import Wallet
from contracts.assets.dcat.catalogue import ImportedEntry, import_catalogue
from contracts.assets.record import asset_id_of

ASSETS_PER_TRANSACTION: Final = 25
"""One refused entry makes the other 24 go again; larger batches save little."""
PARALLEL: Final = 4
"""Transactions under way at one time."""


@dataclass(frozen=True, slots=True)
class EntryResult:
    """What became of one entry of a catalogue."""

    position: int
    """Where it stands in the catalogue, from 1."""
    identifier: str
    title: str
    outcome: Literal["registered", "adapted", "refused", "unsettled"]
    """``adapted``: registered, with the changes in ``notes``. ``unsettled``: submitted, not seen committed in time."""
    code: str
    """``ok``, or why it was refused."""
    notes: tuple[str, ...]
    asset_id: str = ""
    """Hexadecimal; also of an entry that was refused because it is registered already."""
    tx_id: str = ""
    height: int | None = None


async def register_catalogue(
    client: Client,
    wallet: Wallet,
    document: bytes | dict[str, Any],
    *,
    holder: str = "",
    operations_max: int = ASSETS_PER_TRANSACTION,
    parallel: int = PARALLEL,
    timeout_ms: int = 60_000,
) -> AsyncIterator[EntryResult]:
    """Register every entry of a DCAT catalogue in the wallet's name; each comes back once.

    Entries the importer refuses come first, the others as their transactions settle, in catalogue order. Importing a
    catalogue twice is harmless: what is registered already is refused with ``asset-exists``.

    Args:
        client: where to submit.
        wallet: of an identity that may register: an exchange or a registrar.
        document: the catalogue, as bytes or parsed.
        holder: DID of the holder; by default the wallet's own.
        operations_max: entries of one transaction, 1-128.
        parallel: transactions under way at one time.
        timeout_ms: for each transaction to be committed.

    Raises:
        Rejected: the document as a whole is no catalogue (codes of ``import_catalogue``), or ``wrong-chain``.
        Unavailable: no node answered.
    """
    ready: list[ImportedEntry] = []
    for entry in import_catalogue(document, holder).entries:
        if entry.operation is None:
            yield _refused(entry)
        else:
            ready.append(entry)
    operations = [entry.operation for entry in ready if entry.operation is not None]
    parts = [ready[run.start : run.stop] for run in pack(operations, operations_max=operations_max)]
    for start in range(0, len(parts), parallel):
        # One group per round, closed before anything is yielded: a consumer that stops leaves no task behind.
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_register_or_fail(client, wallet, part, timeout_ms))
                for part in parts[start : start + parallel]
            ]
        for task in tasks:
            results = task.result()
            if isinstance(results, ChainError):
                raise results
            for result in results:
                yield result


async def _register_or_fail(
    client: Client, wallet: Wallet, entries: Sequence[ImportedEntry], timeout_ms: int
) -> list[EntryResult] | ChainError:
    """What ``_register`` gives or raises, so that one failure does not wipe out what its neighbours achieved."""
    try:
        return await _register(client, wallet, entries, timeout_ms)
    except ChainError as error:
        return error


async def _register(
    client: Client, wallet: Wallet, entries: Sequence[ImportedEntry], timeout_ms: int
) -> list[EntryResult]:
    """One batch; entries registered earlier are found by asking, not by failing one after the other."""
    operations = [entry.operation for entry in entries if entry.operation is not None]
    known: dict[int, Applied] = {}
    if await _exists(client, _asset_id(wallet, entries[0])):
        for at, entry in enumerate(entries):
            if await _exists(client, _asset_id(wallet, entry)):
                known[at] = Applied("asset-exists", "registered already")
    fresh = [at for at in range(len(entries)) if at not in known]
    applied = await apply_batch(client, wallet, [operations[at] for at in fresh], timeout_ms=timeout_ms)
    outcomes = known | dict(zip(fresh, applied, strict=True))
    return [_result(entry, outcomes[at], _asset_id(wallet, entry)) for at, entry in enumerate(entries)]


async def _exists(client: Client, asset_id: bytes) -> bool:
    try:
        await client.asset(asset_id)
    except NotFound:
        return False
    return True


def _asset_id(wallet: Wallet, entry: ImportedEntry) -> bytes:
    return asset_id_of(wallet.did, entry.identifier)


def _refused(entry: ImportedEntry) -> EntryResult:
    return EntryResult(entry.position, entry.identifier, entry.title, "refused", entry.code, entry.notes)


def _result(entry: ImportedEntry, applied: Applied, asset_id: bytes) -> EntryResult:
    outcome: Literal["registered", "adapted", "refused", "unsettled"] = "refused"
    if applied.is_ok:
        outcome = "adapted" if entry.outcome == "adapted" else "registered"
    elif applied.code == "not-yet-committed":
        outcome = "unsettled"
    notes = entry.notes if applied.is_ok else (*entry.notes, applied.info)
    shown_id = asset_id.hex() if applied.is_ok or applied.code == "asset-exists" else ""
    return EntryResult(
        position=entry.position,
        identifier=entry.identifier,
        title=entry.title,
        outcome=outcome,
        code=applied.code,
        notes=notes,
        asset_id=shown_id,
        tx_id=applied.tx_id,
        height=applied.height,
    )
