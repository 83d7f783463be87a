"""``chainnode snapshot``: what a snapshot directory holds, and whether it is the certified state."""

from pathlib import Path
from typing import Any

import click

from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.output import emit, examples, fields, json_option
from chainnode.cli.verify import parse_hash
from chainnode.errors import ChainError, ConfigError, NotFound
from chainnode.store.snapshot import Manifest, manifest_hash, open_chunk, open_manifest
from chainnode.store.snapshot_export import MANIFEST_NAME, chunk_name, read_part
from chainnode.sync.snapshot_offer import OFFER_NAME, open_offer

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(name="snapshot", epilog=examples("chainnode snapshot show ."))
def command() -> None:
    """Look at snapshots, and verify them offline.

    A node makes them at every `store.snapshot_every` heights, below `snapshots/` in its data directory.
    """


@command.command(epilog=examples("chainnode snapshot show ."))
@click.argument("folder", type=FOLDER)
@json_option
def show(folder: Path) -> None:
    """Print what the manifest of a snapshot says; `verify` tells whether it is true."""
    manifest, data = _manifest(folder)
    document = _document(manifest, data) | {"certified": (folder / OFFER_NAME).is_file()}
    emit(document, fields(document))


@command.command(epilog=examples(f"chainnode snapshot verify . --genesis {'0123456789abcdef' * 4}"))
@click.argument("folder", type=FOLDER)
@click.option("--genesis", metavar="HASH", required=True, help="The genesis hash, from a source you trust.")
@json_option
def verify(folder: Path, genesis: str) -> None:
    """Check every chunk of a snapshot against the state that the consortium certified.

    Ends with status 0 only when the whole state is there and is the certified one.
    """
    expected = parse_hash(genesis)
    if expected is None:
        raise ConfigError("genesis-hash", "give --genesis HASH")
    manifest, data = _manifest(folder)
    try:
        _verify(folder, manifest, data, expected)
    except NotFound:
        raise
    except ChainError as error:
        message = f"the snapshot is NOT the certified state: {error.message}"
        raise CommandError(error.code, message, Exit.FAILED, **error.details) from error
    document = {"valid": True, **_document(manifest, data)}
    emit(document, ["the snapshot is the certified state", *fields(document)])


def _verify(folder: Path, manifest: Manifest, data: bytes, genesis_hash: bytes) -> None:
    offer = open_offer(_part(folder, OFFER_NAME), genesis_hash)
    if offer.manifest_hash != manifest_hash(data):
        raise CommandError("snapshot-manifest", "the manifest is not the one that was certified")
    for index, chunk in enumerate(manifest.chunks):
        open_chunk(chunk, _part(folder, chunk_name(index)))


def _manifest(folder: Path) -> tuple[Manifest, bytes]:
    data = _part(folder, MANIFEST_NAME)
    return open_manifest(data), data


def _part(folder: Path, name: str) -> bytes:
    found = read_part(folder, name)
    if found is None:
        raise NotFound("snapshot-incomplete", f"{folder} holds no {name}: not a snapshot, or not a whole one")
    return found


def _document(manifest: Manifest, data: bytes) -> dict[str, Any]:
    return {
        "chain_id": manifest.chain_id,
        "height": manifest.height,
        "block_hash": manifest.block_hash.hex(),
        "state_root": manifest.state_root.hex(),
        "chunks": len(manifest.chunks),
        "pairs": sum(chunk.pairs for chunk in manifest.chunks),
        "bytes": sum(chunk.size_bytes for chunk in manifest.chunks),
        "manifest_hash": manifest_hash(data).hex(),
    }
