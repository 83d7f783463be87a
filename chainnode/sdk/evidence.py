"""Recording that files exist, and proving it later.

    async for result in record_files(client, wallet, [Path("reports")], records=Path("evidence")):
        print(result.path, result.outcome, result.evidence_id)

Digests are salted unless asked otherwise: a bare hash of guessable content gives the content away. The salt stays in
the sidecar (see ``sidecar``), to be disclosed with the file to whoever is to check it.

Singly, each file is one record; as a batch, one record holds the Merkle root over all of them, and each file is
provable alone by its path in that tree.
"""

import asyncio
import mimetypes
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from chainnode.errors import Rejected
from chainnode.proofs.bundle import EvidenceExisted, TransactionIncluded, encode_bundle
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.evidence import BatchItem, evidence_operations
from chainnode.proofs.verifier import read_bundle
from chainnode.sdk.batching import Applied, apply_batch
from chainnode.sdk.client import Client
from chainnode.sdk.content import find_files, hash_file
from chainnode.sdk.sidecar import FORMAT, Item, Sidecar, write_sidecar
from chainnode.sdk.wallet import Wallet
from chainnode.types.transaction import decode_transaction
from contracts.evidence.batch import Batch
from contracts.evidence.digest import SALT_BYTES
from contracts.evidence.operations import RecordEvidence, RecordEvidenceBatch
from contracts.evidence.record import Kind

RECORDS_PER_TRANSACTION: Final = 64
ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of one file."""

    path: Path
    outcome: Literal["recorded", "refused", "unsettled"]
    """``unsettled``: submitted, and no node could tell in time; the sidecar is kept."""
    code: str
    """``ok``, or why it was refused."""
    info: str = ""
    evidence_id: str = ""
    digest: str = ""
    size: int = 0
    tx_id: str = ""
    height: int | None = None
    sidecar: Path | None = None


async def record_files(
    client: Client,
    wallet: Wallet,
    paths: Iterable[Path],
    *,
    records: Path,
    batch: bool = False,
    salted: bool = True,
    kind: Kind = "file",
    related_asset: bytes = b"",
    timeout_ms: int = 60_000,
) -> AsyncIterator[RecordResult]:
    """Record every file named, and every file below the folders named (see ``find_files``); each comes back once.

    Args:
        client: where to submit.
        wallet: who records.
        paths: files and folders.
        records: folder of the sidecars; made if absent. Keep it: without the salts the evidence shows nothing.
        batch: one record for all files instead of one each.
        salted: key each digest with 32 fresh random bytes.
        kind: what the files are.
        related_asset: id of a registered asset they belong to.
        timeout_ms: for each transaction to be committed.

    Raises:
        Rejected: ``file-missing``, ``too-many-files``, or ``wrong-chain``.
        ConfigError: ``sidecar-unwritable``; nothing was submitted for the files concerned.
        Unavailable: no node answered.
    """
    files = await asyncio.to_thread(find_files, list(paths))
    size = len(files) if batch else RECORDS_PER_TRANSACTION
    for start in range(0, len(files), max(size, 1)):
        items: list[Item] = []
        for path in files[start : start + size]:
            try:
                items.append(await asyncio.to_thread(_read, path, salted=salted))
            except Rejected as error:
                yield RecordResult(path, "refused", error.code, error.message)
        if not items:
            continue
        sidecars = _sidecars(wallet, items, kind, batch=batch, salted=salted)
        written = [await asyncio.to_thread(write_sidecar, records, sidecar) for sidecar in sidecars]
        operations = [_operation(sidecar, kind, related_asset) for sidecar in sidecars]
        applied = await apply_batch(client, wallet, operations, timeout_ms=timeout_ms)
        for sidecar, place, found in zip(sidecars, written, applied, strict=True):
            await asyncio.to_thread(_settle, records, sidecar, found, place)
            for item in sidecar.items:
                yield _result(item, sidecar, found, place)


async def prove_item(client: Client, sidecar: Sidecar, index: int = 0) -> bytes:
    """A proof bundle (canonical MessagePack) that one item of a record existed when its block was agreed.

    Made from the proof of the transaction and what only the sidecar knows: the item's place in its batch.

    Raises:
        Rejected: ``not-recorded``: the sidecar names no transaction, or one that records something else.
        NotFound: ``transaction-not-found``.
        Unavailable: no node answered.
    """
    if not sidecar.tx_id:
        raise Rejected("not-recorded", "the sidecar names no transaction: this evidence is not on the ledger")
    if not 0 <= index < len(sidecar.items):
        raise Rejected("not-recorded", f"the record has {len(sidecar.items)} items", found=index)
    digests = [bytes.fromhex(item.digest) for item in sidecar.items]
    item = None
    if sidecar.batch:
        path = await asyncio.to_thread(lambda: Batch(digests).path(index))
        item = BatchItem(index, tuple(path))
    bundle = await client.prove_transaction(sidecar.tx_id)
    return _as_evidence(bundle, bytes.fromhex(sidecar.evidence_id), digests[index], item)


def _as_evidence(data: bytes, evidence_id: bytes, digest: bytes, item: BatchItem | None) -> bytes:
    try:
        bundle = read_bundle(data)
    except ProofInvalid as error:
        raise Rejected("not-recorded", f"the node's proof cannot be read: {error.message}") from error
    claim = bundle.claim
    if not isinstance(claim, TransactionIncluded) or claim.receipt is None:
        raise Rejected("not-recorded", "the node's proof shows no receipt of a transaction")
    for operation, record in evidence_operations(decode_transaction(claim.envelope).payload):
        if record.evidence_id == evidence_id:
            existed = EvidenceExisted(
                evidence_id, digest, operation, item, claim.envelope, claim.index, claim.path, claim.receipt
            )
            return encode_bundle(msgspec.structs.replace(bundle, claim=existed))
    raise Rejected("not-recorded", f"the transaction does not record evidence {evidence_id.hex()}")


def _read(path: Path, *, salted: bool) -> Item:
    salt = secrets.token_bytes(SALT_BYTES) if salted else None
    found = hash_file(path, salt=salt)
    return Item(str(path), found.size, found.digest.hex(), "" if salt is None else salt.hex())


def _sidecars(wallet: Wallet, items: Sequence[Item], kind: Kind, *, batch: bool, salted: bool) -> list[Sidecar]:
    """One for each record that is to be."""
    groups = [tuple(items)] if batch else [(item,) for item in items]
    return [
        Sidecar(
            format=FORMAT,
            chain_id=wallet.chain_id,
            submitter=wallet.did,
            evidence_id=secrets.token_hex(ID_BYTES),
            kind=kind,
            algorithm="sha256",
            salted=salted,
            batch=batch,
            items=group,
        )
        for group in groups
    ]


def _operation(sidecar: Sidecar, kind: Kind, related_asset: bytes) -> RecordEvidence | RecordEvidenceBatch:
    """The public half: nothing of a file but its size and type, and where it is salted not even what it may be."""
    evidence_id = bytes.fromhex(sidecar.evidence_id)
    if sidecar.batch:
        built = Batch([bytes.fromhex(item.digest) for item in sidecar.items])
        size = sum(item.size for item in sidecar.items)
        return built.operation(evidence_id, kind, salted=sidecar.salted, size=size, related_asset=related_asset)
    [item] = sidecar.items
    return RecordEvidence(
        evidence_id=evidence_id,
        kind=kind,
        algorithm="sha256",
        digest=bytes.fromhex(item.digest),
        salted=sidecar.salted,
        size=item.size,
        media_type=mimetypes.guess_type(item.path)[0] or "",
        related_asset=related_asset,
    )


def _settle(records: Path, sidecar: Sidecar, applied: Applied, place: Path) -> None:
    """Note where the record stands; drop what was refused for good, for it proves nothing."""
    if applied.is_ok or applied.code == "not-yet-committed":
        write_sidecar(records, msgspec.structs.replace(sidecar, tx_id=applied.tx_id, height=applied.height))
    else:
        place.unlink(missing_ok=True)


def _result(item: Item, sidecar: Sidecar, applied: Applied, place: Path) -> RecordResult:
    outcome: Literal["recorded", "refused", "unsettled"] = "refused"
    if applied.is_ok:
        outcome = "recorded"
    elif applied.code == "not-yet-committed":
        outcome = "unsettled"
    return RecordResult(
        path=Path(item.path),
        outcome=outcome,
        code=applied.code,
        info=applied.info,
        evidence_id=sidecar.evidence_id,
        digest=item.digest,
        size=item.size,
        tx_id=applied.tx_id,
        height=applied.height,
        sidecar=None if outcome == "refused" else place,
    )
