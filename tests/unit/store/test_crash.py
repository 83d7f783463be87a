"""A process killed without warning between and within its writes: nothing acknowledged is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chainnode.store.journal import Journal
from chainnode.store.ledger_store import initialise, open_ledger
from chainnode.store.sign_state import SignStateFile
from chainnode.types.genesis import genesis_hash
from tests.support.shared import ROOT
from tests.unit.store.chain_builder import chain, genesis_bytes, next_commit, tx_id

WRITER = """
import pathlib, sys
from chainnode.store import journal as module
from chainnode.store.journal import Journal
from chainnode.store.ledger_store import open_ledger
from chainnode.store.sign_state import SignStateFile
from chainnode.types.genesis import genesis_hash
from tests.unit.store.chain_builder import first_commit, genesis_bytes, next_commit

module.SEGMENT_BYTES = 3000
folder = pathlib.Path(sys.argv[1])
ledger = open_ledger(folder / "ledger", genesis_hash(genesis_bytes()))
journal, sign_state = Journal.open(folder), SignStateFile.open(folder / "sign-state")
commit = first_commit(genesis_bytes())
while commit.height < ledger.tip().height:
    commit = next_commit(commit)
while True:
    commit = next_commit(commit)
    height = commit.height
    journal.append([b"vote %d" % height, b"body" * 50])
    journal.sync()
    sign_state.record((0, height, 0, 1), commit.block_hash, bytes(64))
    ledger.commit(commit)
    journal.start_height(height)
    print(height, flush=True)
"""


@pytest.mark.processes
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    """Fault C1: after kill -9 a restart equals some prefix; C3: no two records of a block disagree."""
    genesis = genesis_bytes()
    initialise(tmp_path / "ledger", genesis, chain(0)[0])
    Journal.create(tmp_path).close()
    SignStateFile.create(tmp_path / "sign-state").close()
    reached = 0
    for blocks in (3, 17, 40, 5):
        command = [sys.executable, "-c", WRITER, os.fspath(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(blocks):
                reached = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            reached = max([reached, *map(int, process.stdout.read().split("\n")[:-1])])
        reached = check(tmp_path, genesis_hash(genesis), reached)
    assert reached >= 65


def check(folder: Path, identity: bytes, acknowledged: int) -> int:
    """Everything agrees, and reaches at least the height that was acknowledged; returns the height."""
    journal = Journal.open(folder)
    ledger = open_ledger(folder / "ledger", identity, journal.height)
    sign_state = SignStateFile.open(folder / "sign-state")
    height = ledger.tip().height
    assert acknowledged <= height <= acknowledged + 1
    assert height - 1 <= journal.height <= height
    assert journal.read()[:1] in ([], [b"vote %d" % (journal.height + 1)], [b"vote %d" % height])
    assert sign_state.last.position[1] in (height, height + 1)
    commit = chain(0)[0]
    for _ in range(height):
        commit = next_commit(commit)
        assert ledger.block(commit.height) == commit.stored
        assert ledger.receipts(commit.height) == list(commit.receipts)
        assert ledger.locate(tx_id(commit.height, 2)) == (commit.height, 2)
    assert ledger.state(b"k/%06d/000000" % height) == b"made at %d" % height
    assert ledger.block(height + 1) is None
    assert ledger.locate(tx_id(height + 1, 0)) is None
    assert ledger.frontier() == b"frontier %d" % height
    for opened in (journal, ledger, sign_state):
        opened.close()
    return height
