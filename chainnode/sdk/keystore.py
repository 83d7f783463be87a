"""Key files of people and programs: the same files as those of nodes (``chainnode.crypto.keystore``).

Created with mode 0600, never overwritten, and read only when nobody else can read them. A key in the clear takes a
function of its own to write, so that no forgotten passphrase ever makes one.
"""

from pathlib import Path

from chainnode.crypto.ed25519 import SigningKey
from chainnode.crypto.keystore import Cost, KeyInfo
from chainnode.node import key_file

__all__ = ["Cost", "KeyInfo", "key_info", "read_key", "write_development_key", "write_key"]

read_key = key_file.read_key
key_info = key_file.read_key_info


def write_key(path: Path, key: SigningKey, *, name: str, passphrase: str, cost: Cost | None = None) -> None:
    """Create an encrypted key file.

    Args:
        path: must not exist.
        key: what to keep.
        name: for people, up to 128 characters; not secret.
        passphrase: 1-1024 bytes of UTF-8.
        cost: of one guess; about 0.1 s and 64 MiB by default.

    Raises:
        ConfigError: ``key-file-exists``, ``key-file-unwritable``, or ``passphrase-length``.
    """
    key_file.write_key(path, key, name=name, passphrase=passphrase, cost=cost)


def write_development_key(path: Path, key: SigningKey, *, name: str) -> None:
    """Create a key file whose key anyone with the file has; it says so itself.

    Raises:
        ConfigError: ``key-file-exists`` or ``key-file-unwritable``.
    """
    key_file.write_key(path, key, name=name, passphrase=None)
