"""One node on one data directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chainnode.errors import StoreError
from chainnode.store.lock import DirectoryLock
from tests.support.shared import ROOT

HOLD = (
    "import pathlib, sys, time\nfrom chainnode.store.lock import DirectoryLock\n"
    "held = DirectoryLock.acquire(pathlib.Path(sys.argv[1]))\nprint('held', flush=True)\ntime.sleep(60)\n"
)


def test_second_holder_is_refused_and_told_who_holds(tmp_path: Path) -> None:
    with DirectoryLock.acquire(tmp_path) as held:
        with pytest.raises(StoreError) as caught:
            DirectoryLock.acquire(tmp_path)
        assert caught.value.code == "data-in-use"
        assert caught.value.details["pid"] == os.getpid()
        held.release()
    DirectoryLock.acquire(tmp_path).release()


def test_lock_goes_with_its_process_when_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(StoreError) as caught:
            DirectoryLock.acquire(tmp_path)
        assert caught.value.details["pid"] == process.pid
        process.kill()
    with DirectoryLock.acquire(tmp_path):
        assert (tmp_path / "lock").read_text().strip() == str(os.getpid())


def test_missing_directory_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        DirectoryLock.acquire(tmp_path / "nowhere")
    assert caught.value.code == "data-missing"
