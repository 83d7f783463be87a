"""``chainnode verify``: check a proof with nothing but the proof and the hash one trusts.

This module and everything it imports stay free of network and node code; a test holds that.
"""

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.output import emit, examples, fields, json_option
from chainnode.crypto.hashing import HASH_BYTES
from chainnode.errors import NotFound
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.verifier import Verified, verify_bundle
from contracts.kernel.registry import describe

BUNDLE_BYTES_MAX: Final = 16 * 1024 * 1024
"""More than any bundle: its largest part is one transaction or state value of 256 KiB."""


@click.command(name="verify", epilog=examples(f"chainnode verify evidence.proof --genesis {'0123456789abcdef' * 4}"))
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--genesis", metavar="HASH", help="The consortium's genesis hash, from a source you trust.")
@click.option("--header", metavar="HASH", help="The hash of a block you trust, for bundles without certificates.")
@json_option
def command(bundle: Path, genesis: str | None, header: str | None) -> None:
    """Check a proof offline, with the genesis hash alone.

    Ends with status 0 only when everything in the bundle holds.
    """
    if genesis is None and header is None:
        raise click.UsageError("give --genesis HASH, or --header HASH")
    content = _read(bundle)
    try:
        found = verify_bundle(content, genesis_hash=parse_hash(genesis), trusted_header_hash=parse_hash(header))
    except ProofInvalid as error:
        if error.code == "malformed":
            message = f"{bundle} is no proof: it is neither the bytes nor the JSON form of a bundle"
            hint = "make one with `chainnode prove`, or ask for the file again: it may be cut short"
            raise CommandError(error.code, message, Exit.FAILED, reason=error.message, hint=hint) from error
        message = f"the proof is NOT valid: {error.message}"
        raise CommandError(error.code, message, Exit.FAILED, **error.details) from error
    document = verified_document(found)
    # Whoever reads the record need not read its bytes too; --json has both.
    shown = {name: value for name, value in document.items() if name != "value" or "record" not in document}
    emit({"valid": True, **document}, ["the proof is valid", *fields(shown)])


def verified_document(found: Verified) -> dict[str, Any]:
    """What a proof has shown, for programs."""
    document: dict[str, Any] = {
        "kind": found.kind,
        "chain_id": found.chain_id,
        "height": found.height,
        "time": datetime.fromtimestamp(found.time_ms / 1000, UTC).isoformat(timespec="milliseconds"),
        "block_hash": found.block_hash.hex(),
        "validators_signed": found.validators_signed,
    }
    if found.tx_id is not None:
        document |= {
            "tx_id": found.tx_id.hex(),
            "sender": found.sender,
            "signers": [key.hex() for key in found.signers],
            "outcome": found.receipt.code if found.receipt is not None else None,
        }
    if found.opened is not None:
        document["events"] = [
            {"name": name, "attributes": {key: v.hex() if isinstance(v, bytes) else v for key, v in attributes.items()}}
            for name, attributes in ((event.name, event.attributes) for event in found.opened.events)
        ]
    if found.evidence is not None:
        evidence = found.evidence
        document |= {
            "evidence_id": evidence.evidence_id.hex(),
            "digest": evidence.digest.hex(),
            "evidence_kind": evidence.kind,
            "algorithm": evidence.algorithm,
            "batch_items": evidence.batch_items,
        }
    if found.key is not None:
        document["key"] = found.key.decode("utf-8", "backslashreplace")
        document["value"] = found.value.hex() if found.value is not None else None
        if found.value is not None:
            # A later version of the ledger may keep records that this version has no names for.
            with contextlib.suppress(NotFound):
                document["record"] = describe(found.key, found.value)
    return document


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(BUNDLE_BYTES_MAX + 1)
    if len(content) > BUNDLE_BYTES_MAX:
        raise CommandError("too-large", f"{path} is too large to be a proof", Exit.FAILED, expected=BUNDLE_BYTES_MAX)
    return content


def parse_hash(text: str | None) -> bytes | None:
    """A hash as given on the command line.

    Raises:
        CommandError: ``genesis-hash``.
    """
    if text is None:
        return None
    try:
        found = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != HASH_BYTES:
        raise CommandError("genesis-hash", f"{text[:80]!r} is not a hash of 64 hexadecimal digits", Exit.USAGE)
    return found
