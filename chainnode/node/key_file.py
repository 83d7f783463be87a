"""Private files of a node on disk: readable by their owner alone, made once, never overwritten."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from chainnode.crypto.ed25519 import SigningKey
from chainnode.crypto.keystore import (
    NONCE_BYTES,
    SALT_BYTES,
    Cost,
    KeyInfo,
    development_key,
    key_info,
    open_key,
    seal_key,
)
from chainnode.errors import ConfigError

FILE_BYTES_MAX: Final = 16 * 1024


def read_key(path: Path, passphrase: str | None = None) -> SigningKey:
    """The key in a file; the passphrase is needed for encrypted ones only.

    Raises:
        ConfigError: ``key-file-missing``, ``key-file-permissions``, ``key-file-malformed``, ``key-file-damaged``,
            ``passphrase-needed``, ``passphrase-length`` or ``wrong-passphrase``, naming the file.
    """
    content = read_private_file(path)
    with _named(path):
        return open_key(content, passphrase)


def read_key_info(path: Path) -> KeyInfo:
    """What a key file says without its passphrase.

    Raises:
        ConfigError: as ``read_key``, the passphrase aside.
    """
    content = read_private_file(path)
    with _named(path):
        return key_info(content)


def write_key(path: Path, key: SigningKey, *, name: str, passphrase: str | None, cost: Cost | None = None) -> None:
    """Create a key file: encrypted, or without a passphrase a development key that says it is none.

    Raises:
        ConfigError: ``key-file-exists``, ``key-file-unwritable`` or ``passphrase-length``.
    """
    if passphrase is None:
        content = development_key(key, name=name)
    else:
        salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
        content = seal_key(key, name=name, passphrase=passphrase, salt=salt, nonce=nonce, cost=cost)
    create_private_file(path, content)


def read_passphrase(path: Path) -> str:
    """The first line of a private file.

    Raises:
        ConfigError: as ``read_private_file``, or ``passphrase-length``: the line is empty.
    """
    line = read_private_file(path).decode("utf-8", "surrogateescape").partition("\n")[0].rstrip("\r")
    if not line:
        raise ConfigError("passphrase-length", f"the first line of {path} is empty", file=str(path))
    return line


def read_private_file(path: Path) -> bytes:
    """The content of a file that nobody but its owner may read.

    Raises:
        ConfigError: ``key-file-missing``, ``key-file-permissions`` or ``key-file-malformed``: too large.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError("key-file-missing", f"{path} cannot be read: {error.strerror}", file=str(path)) from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"others may read the key file {path}"
        found = f"{stat.S_IMODE(mode):04o}"
        raise ConfigError("key-file-permissions", message, file=str(path), expected="0600", found=found)
    if len(content) > FILE_BYTES_MAX:
        raise ConfigError("key-file-malformed", f"{path} is too large to be a key file", file=str(path))
    return content


def create_private_file(path: Path, content: bytes) -> None:
    """Create a file of mode 0600, durably; two keys never share a file and a planted link is not followed.

    Raises:
        ConfigError: ``key-file-exists`` or ``key-file-unwritable``.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileExistsError as error:
        message = f"{path} exists; a key is never overwritten"
        raise ConfigError("key-file-exists", message, file=str(path)) from error
    except OSError as error:
        message = f"{path} cannot be created: {error.strerror}"
        raise ConfigError("key-file-unwritable", message, file=str(path)) from error
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Names the file in a failure that only knew its content."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(error.code, f"{path}: {error.message}", **{"file": str(path)} | error.details) from error
