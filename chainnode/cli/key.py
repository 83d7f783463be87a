"""``chainnode key``: private keys in files of mode 0600."""

import secrets
import sys
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.output import emit, examples, fields, json_option
from chainnode.crypto.ed25519 import SEED_BYTES, SigningKey
from chainnode.errors import Misuse
from chainnode.node.key_file import read_key, read_key_info, read_passphrase, read_private_file, write_key
from chainnode.types.ids import did_of_key, is_chain_id

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(name="key", epilog=examples("chainnode key new my-key.json", "chainnode key show my-key.json"))
def command() -> None:
    """Make, show and import private keys."""


@command.command(epilog=examples("chainnode key new my-key.json", "chainnode key new dev-key.json --development"))
@click.argument("file", type=FILE)
@click.option("--name", default="", help="A name for people, stored in the file.")
@click.option("--development", is_flag=True, help="Do not encrypt; the file says that it protects nothing.")
@click.option("--passphrase-file", type=FILE, help="Its first line encrypts the key file.")
@json_option
def new(file: Path, name: str, development: bool, passphrase_file: Path | None) -> None:
    """Make a new key."""
    _keep(file, SigningKey(secrets.token_bytes(SEED_BYTES)), name, development, passphrase_file)


@command.command(epilog=examples("chainnode key show my-key.json --chain-id devnet"))
@click.argument("file", type=FILE)
@click.option("--chain-id", help="Also show the identity that this key is the first key of, on that chain.")
@json_option
def show(file: Path, chain_id: str | None) -> None:
    """Show what a key file says without opening it; never the private half."""
    if chain_id is not None and not is_chain_id(chain_id):
        raise click.BadParameter("not the name of a chain", param_hint="--chain-id")
    info = read_key_info(file)
    document = {"file": str(file), "name": info.name, "kind": info.kind, "public_key": info.public_key}
    if chain_id is not None:
        document["did"] = did_of_key(chain_id, bytes.fromhex(info.public_key))
    emit(document, fields(document))


@command.command(name="import", epilog=examples("chainnode key import old-key.pem my-key.json"))
@click.argument("source", type=FILE)
@click.argument("file", type=FILE)
@click.option("--name", default="", help="A name for people, stored in the file.")
@click.option("--development", is_flag=True, help="Do not encrypt; the file says that it protects nothing.")
@click.option("--passphrase-file", type=FILE, help="Its first line encrypts the new key file.")
@click.option("--source-passphrase-file", type=FILE, help="Its first line opens SOURCE.")
@json_option
def import_key(
    source: Path,
    file: Path,
    name: str,
    development: bool,
    passphrase_file: Path | None,
    source_passphrase_file: Path | None,
) -> None:
    """Take over a key from SOURCE: a key file, 64 hexadecimal digits, or an Ed25519 key in PEM (PKCS #8)."""
    key = _read_source(source, source_passphrase_file)
    _keep(file, key, name or source.stem, development, passphrase_file)


def _keep(file: Path, key: SigningKey, name: str, development: bool, passphrase_file: Path | None) -> None:
    if development and passphrase_file is not None:
        raise click.UsageError("--development and --passphrase-file exclude each other")
    passphrase = None if development else _new_passphrase(passphrase_file)
    write_key(file, key, name=name or file.stem, passphrase=passphrase)
    kind = "development" if development else "encrypted"
    document = {"file": str(file), "name": name or file.stem, "kind": kind, "public_key": key.public_key.hex()}
    emit(document, fields(document))


def _new_passphrase(passphrase_file: Path | None) -> str:
    if passphrase_file is not None:
        return read_passphrase(passphrase_file)
    if not sys.stdin.isatty():
        raise CommandError(
            "passphrase-needed",
            "an encrypted key file needs a passphrase, and nobody can be asked for one here",
            Exit.USAGE,
            hint="name a file of mode 0600 with --passphrase-file, or make a --development key",
        )
    return str(click.prompt("Passphrase for the new key file", hide_input=True, confirmation_prompt=True, err=True))


def _read_source(source: Path, passphrase_file: Path | None) -> SigningKey:
    content = read_private_file(source).strip()
    passphrase = read_passphrase(passphrase_file) if passphrase_file is not None else None
    if content.startswith(b"{"):
        return read_key(source, passphrase)
    if content.startswith(b"-----BEGIN"):
        return SigningKey(_seed_from_pem(source, content, passphrase))
    try:
        return SigningKey(bytes.fromhex(content.decode("ascii")))
    except (ValueError, Misuse) as error:
        raise _no_key(source, "neither a key file, nor PEM, nor 64 hexadecimal digits") from error


def _seed_from_pem(source: Path, content: bytes, passphrase: str | None) -> bytes:
    try:
        key = load_pem_private_key(content, password=passphrase.encode() if passphrase is not None else None)
    except (ValueError, TypeError) as error:
        raise _no_key(source, str(error)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(source, f"an Ed25519 key is needed, and this is {type(key).__name__}")
    return key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def _no_key(source: Path, found: str) -> CommandError:
    return CommandError("key-file-malformed", f"{source} holds no key that can be imported", Exit.USAGE, found=found)
