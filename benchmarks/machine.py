"""The machine sheet: what a figure has to be read beside."""

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).resolve().parents[1]
LIBRARIES: Final = ("aiohttp", "cryptography", "msgspec", "plyvel", "pynacl", "uvloop")


class Machine(msgspec.Struct, frozen=True):
    """What ran the benchmark."""

    cpu: str
    cores: int
    """That this process may use."""
    memory_mib: int
    system: str
    python: str
    libraries: dict[str, str]
    load: float
    """Runnable processes over the last minute before the run: above 0.3 others were at work, too."""
    commit: str
    """Of this checkout; ``+`` after it: with changes. Empty outside a checkout."""


def sheet() -> Machine:
    """The machine as it is now."""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_mib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        system=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {sys.version.split()[0]}",
        libraries={name: found for name in LIBRARIES if (found := _version(name))},
        load=round(os.getloadavg()[0], 2),
        commit=_commit(),
    )


def _cpu() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    try:
        head = git("rev-parse", "--short=12", "HEAD")
        return head + ("+" if head and git("status", "--porcelain") else "")
    except OSError:
        return ""
