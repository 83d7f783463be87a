"""The checker has teeth: each rule that agreement rests on, when broken, is found within a few seeds.

A simulation that nothing can fail proves nothing, so every test here breaks one rule of the core or one duty of the
host, and expects the run to end in a ``Violation`` or without progress.
"""

import msgspec
import pytest

from consensus import journal, message_filter, normal_case, quorum, recovery, state, view_change
from consensus.invariant import InvariantBroken
from consensus.journal import MessageSigned, PersistBlock
from consensus.justification import make_justification
from consensus.messages import NOTHING_PREPARED, Justification, Prepare, ViewChange
from consensus.timers import TimerConfig
from tests.simulation import host as host_module
from tests.simulation.checker import Checker, Violation
from tests.simulation.cluster import Cluster
from tests.simulation.disk import Disk
from tests.simulation.keys import Keys
from tests.simulation.network import Faults

SEEDS_MAX = 300


def _first_violation():
    for seed in range(SEEDS_MAX):
        try:
            cluster = Cluster(4, seed=seed)
            cluster.network.faults = Faults(loss=0.1, straggling=0.2)
            cluster.trouble(12_000)
        except (Violation, InvariantBroken) as violation:
            return str(violation)
    return ""


def test_checker_finds_a_quorum_that_is_one_vote_short(monkeypatch):
    """Numbers: with q - 1 votes two blocks can be decided at one height."""
    correct = quorum.quorum_of
    monkeypatch.setattr(quorum, "quorum_of", lambda size: correct(size) - 1)

    assert "applied without a quorum" in _first_violation()


def test_checker_finds_view_changes_that_forget_what_was_prepared(monkeypatch):
    """R6: a VIEW_CHANGE without the lock lets a new leader replace a committed block."""
    def forgetful(*fields, certificate):
        asked = ViewChange(*fields, certificate=certificate)  # type: ignore[misc]
        return msgspec.structs.replace(asked, prepared_view=NOTHING_PREPARED, prepared_hash=b"", certificate=None)

    monkeypatch.setattr(view_change, "ViewChange", forgetful)

    assert "a committed block was proposed away" in _first_violation()


def test_checker_finds_a_leader_that_ignores_the_highest_certificate(monkeypatch):
    """R2, R7: if justifications are neither made nor checked by the certificate, a committed block is replaced."""
    def ignorant(view_changes):
        return Justification(make_justification(view_changes).view_changes, None)

    monkeypatch.setattr(view_change, "make_justification", ignorant)
    monkeypatch.setattr(message_filter, "check_justification", lambda message, validators: None)

    assert "a committed block was proposed away" in _first_violation()


def test_checker_finds_a_vote_below_an_own_view_change():
    """R6: after VIEW_CHANGE(t) no COMMIT below t. The core knows one view, so the checker is fed by hand."""
    keys, disk = Keys(4), Disk(b"\0" * 32)
    checker = Checker(keys.validators)
    set_hash = keys.validators.hash
    asked = ViewChange("simulated", 0, set_hash, 1, 2, 0, NOTHING_PREPARED, b"", b"s" * 64)
    prepare = Prepare("simulated", 0, set_hash, 1, 1, 0, b"b" * 32, b"s" * 64)
    disk.bodies[b"b" * 32] = b""
    disk.append([PersistBlock(1, b"b" * 32), MessageSigned(asked), MessageSigned(prepare)])
    checker.on_sent(0, asked, disk)

    with pytest.raises(Violation, match="a vote below an own VIEW_CHANGE"):
        checker.on_sent(0, prepare, disk)


def test_checker_finds_a_host_that_sends_before_the_sync(monkeypatch):
    """Durable before sent: the journal write is skipped."""
    monkeypatch.setattr(Disk, "append", lambda self, records: None)

    assert "sent before durable" in _first_violation()


def test_checker_finds_a_restart_that_forgets(monkeypatch):
    """Restart: a replica that starts afresh, with a sign-state that lets it, votes twice or goes back."""
    monkeypatch.setattr(host_module, "recover", lambda *memory: recovery.Recovered())
    monkeypatch.setattr(journal.SignState, "decide", lambda self, position, digest: "sign")

    assert "restarted in view" in _first_violation()


def test_checker_finds_a_commit_without_a_certificate(monkeypatch):
    """R3: COMMIT is asked for without making the PREPARE certificate durable."""
    monkeypatch.setattr(normal_case, "BlockPrepared", lambda certificate: journal.PersistBlock(1, b"\0" * 32))

    def lenient(self, out):
        out.persist = [record for record in out.persist if getattr(record, "block_hash", b"") != b"\0" * 32]
        return correct(self, out)

    correct = host_module.Host._make_durable
    monkeypatch.setattr(host_module.Host, "_make_durable", lenient)

    assert _first_violation() == "committed before the certificate was durable"


def test_checker_finds_a_vote_cast_while_syncing(monkeypatch):
    """R9: a validator that is behind votes."""
    monkeypatch.setattr(
        state.State, "can_vote", property(lambda self: self.own_index is not None and self.phase != state.Phase.DECIDED)
    )

    assert "voted while syncing" in _first_violation()


def test_simulation_notices_views_that_never_meet(monkeypatch):
    """R6: when no replica ever joins or times out above view 0, a silent leader stops the chain."""
    monkeypatch.setattr(view_change, "on_timer", lambda state, out: None)
    cluster = Cluster(4)
    cluster.hosts[1].crash()

    assert not all(cluster.run_until_committed(cluster.submit(), 10_000, 1) for _ in range(3))


@pytest.mark.parametrize("seed", [3, 4])
def test_simulation_repeats_itself_from_its_seed(seed):
    """One seed, one run: what fails once can be run again."""

    def fingerprint():
        cluster = Cluster(4, seed=seed, timers=TimerConfig(view_timeout_ms=400))
        cluster.trouble(8_000)
        return [msgspec.msgpack.encode([stored.block for stored in host.disk.chain]) for host in cluster.hosts]

    assert fingerprint() == fingerprint()
