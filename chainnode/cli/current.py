"""Which network runs on this machine, so that commands need no ``--node`` beside a demo.

A small file in the user's state folder names the folder of the network that was started last; it counts only while a
process of that network lives.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

import msgspec

from chainnode.cli.failure import CommandError
from chainnode.cli.testnet.manifest import Manifest, read_manifest, write_atomically
from chainnode.cli.testnet.process import ProcessRecord, is_running

_NAME: Final = "network.json"


class _Pointer(msgspec.Struct, frozen=True):
    folder: str
    processes: tuple[ProcessRecord, ...]


def remember(folder: Path, processes: tuple[ProcessRecord, ...]) -> None:
    """Make this the network that commands find while any of the processes lives."""
    path = _pointer_path()
    # A home that cannot be written to costs this convenience, not the network.
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path, msgspec.json.encode(_Pointer(str(folder.absolute()), processes)), 0o600)


def forget(folder: Path) -> None:
    """Stop naming this network; another one that was started later stays."""
    pointer = _read()
    if pointer is not None and pointer.folder == str(folder.absolute()):
        _pointer_path().unlink(missing_ok=True)


def running_network() -> tuple[Path, Manifest] | None:
    """Folder and manifest of the network that runs here, if one does."""
    pointer = _read()
    if pointer is None or not any(is_running(process) for process in pointer.processes):
        return None
    with contextlib.suppress(CommandError):
        return Path(pointer.folder), read_manifest(Path(pointer.folder))
    return None


def _read() -> _Pointer | None:
    try:
        return msgspec.json.decode(_pointer_path().read_bytes(), type=_Pointer)
    except (OSError, msgspec.DecodeError):
        return None


def _pointer_path() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "chainnode" / _NAME
