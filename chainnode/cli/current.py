"""Which network runs on this machine, so that commands need no ``--node`` beside a demo.

A small file in the user's state folder names the folders of the networks that were started, the last one first; each
counts only while a process of it lives. So a testnet is found again when a demo beside it has ended.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

import msgspec

from chainnode.cli.failure import CommandError
from chainnode.cli.testnet.manifest import Manifest, read_manifest, write_atomically
from chainnode.cli.testnet.process import ProcessRecord, is_running

_NAME: Final = "networks.json"
NETWORKS_MAX: Final = 16
"""More at one time on one machine are found by ``--node`` only."""


class _Pointer(msgspec.Struct, frozen=True):
    folder: str
    processes: tuple[ProcessRecord, ...]


def remember(folder: Path, processes: tuple[ProcessRecord, ...]) -> None:
    """Make this the network that commands find while any of the processes lives."""
    _write((_Pointer(str(folder.absolute()), processes), *_others(folder)))


def forget(folder: Path) -> None:
    """Stop naming this network; others that run stay."""
    _write(_others(folder))


def running_network() -> tuple[Path, Manifest] | None:
    """Folder and manifest of the network that runs here, if one does; of several, of the one that was started last."""
    for pointer in _living():
        with contextlib.suppress(CommandError):
            return Path(pointer.folder), read_manifest(Path(pointer.folder))
    return None


def _living() -> tuple[_Pointer, ...]:
    try:
        pointers = msgspec.json.decode(_pointer_path().read_bytes(), type=tuple[_Pointer, ...])
    except (OSError, msgspec.DecodeError):
        return ()
    return tuple(pointer for pointer in pointers if any(is_running(process) for process in pointer.processes))


def _others(folder: Path) -> tuple[_Pointer, ...]:
    return tuple(pointer for pointer in _living() if pointer.folder != str(folder.absolute()))


def _write(pointers: tuple[_Pointer, ...]) -> None:
    path = _pointer_path()
    # A home that cannot be written to costs this convenience, not the network.
    with contextlib.suppress(OSError):
        if pointers:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(path, msgspec.json.encode(pointers[:NETWORKS_MAX]), 0o600)
        else:
            path.unlink(missing_ok=True)


def _pointer_path() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "chainnode" / _NAME
