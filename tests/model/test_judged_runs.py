"""Whole simulated runs under the judgement of the model: loss, partitions, crashes, twins, and lies."""

import msgspec
import pytest

from consensus import quorum
from consensus.messages import Prepare, PrePrepare, ViewChange, decode_message, encode_message
from consensus.signing import signed_bytes, with_signature
from tests.model.judge import Disagreement
from tests.model.judged import Judged
from tests.simulation.checker import Violation
from tests.simulation.cluster import TIMERS
from tests.simulation.network import Faults


def _run(size, seed, twins=(), duration_ms=6_000):
    cluster = Judged(size, seed, twins)
    cluster.network.faults = Faults(loss=0.05, straggling=0.1)
    cluster.trouble(duration_ms)
    cluster.heal()
    cluster.submit()
    cluster.run(4_000)
    return cluster


@pytest.mark.parametrize("batch", range(4))
def test_core_keeps_to_the_model_under_loss_partitions_and_crashes(batch):
    """Every message, signature, lock, view and decision of a run is what the model says of it."""
    asked = set()
    for seed in range(batch * 6, batch * 6 + 6):
        cluster = _run((4, 5, 7)[seed % 3], seed)
        for judge in cluster.checker.judges:
            asked |= {name for name, count in judge.counts.items() if count}

    assert asked == {"PrePrepare", "Prepare", "Commit", "ViewChange", "decided", "join"}


@pytest.mark.parametrize("batch", range(2))
def test_core_keeps_to_the_model_beside_twins(batch):
    """The same with one key on two machines."""
    for seed in range(100 + batch * 5, 105 + batch * 5):
        cluster = _run(4, seed, twins=(seed % 4,))
        assert cluster.valid


def test_core_and_model_judge_altered_messages_alike():
    """F0, R2: one validator's messages are altered on the way, half of them signed again with its key (S49).

    The three others decide all the same, while it goes on.
    """
    clusters = [_lied_to(seed) for seed in range(8)]
    for seed, cluster in enumerate(clusters):
        cluster.heal()
        assert cluster.run_until_committed(cluster.submit(), 12 * TIMERS.view_timeout_max_ms, seed % 4), seed

    assert min(cluster.valid for cluster in clusters) > 100
    assert sum(cluster.invalid for cluster in clusters) > 100


def _lied_to(seed):
    cluster = Judged(4, seed)
    liar, random = seed % 4, cluster.random
    cluster.checker.twins = (liar,)
    send = cluster.network.send

    def lie(origin, to, data):
        message = decode_message(data)
        if isinstance(message, PrePrepare) and message.view == 0 and random.random() < 0.5:
            return
        if origin == liar and random.random() < 0.5:
            altered = _altered(message, random)
            if random.random() < 0.5 and hasattr(altered, "signature"):
                altered = with_signature(altered, cluster.keys.sign(liar, signed_bytes(altered)))
            data = encode_message(altered)
        send(origin, to, data)

    cluster.network.send = lie  # type: ignore[method-assign]
    cluster.trouble(6_000, crashes=False)
    return cluster


def _altered(message, random):
    """One field moved by one, or replaced by what another message could carry."""
    reason = getattr(message, "justification", None)
    if reason is not None and random.random() < 0.7:
        fewer = msgspec.structs.replace(reason, view_changes=reason.view_changes[1:])
        return msgspec.structs.replace(message, justification=random.choice((None, fewer)))
    names = [name for name in ("height", "view", "sender", "prepared_view", "epoch") if hasattr(message, name)]
    name = random.choice([*names, "block_hash", "validators_hash", "certificate"])
    if name in names:
        lowest = -1 if name == "prepared_view" else 0
        return msgspec.structs.replace(message, **{name: max(lowest, getattr(message, name) + random.choice((-1, 1)))})
    if name in {"block_hash", "validators_hash"} and hasattr(message, name):
        return msgspec.structs.replace(message, **{name: b"?" * 32})
    if name == "certificate" and isinstance(message, ViewChange) and message.certificate is not None:
        short = msgspec.structs.replace(message.certificate, signatures=message.certificate.signatures[:-1])
        return msgspec.structs.replace(message, certificate=random.choice((None, short)))
    return message


def test_judge_finds_a_quorum_that_is_one_vote_short(monkeypatch):
    """The judge has teeth: a core that counts to q - 1 commits too early."""
    correct = quorum.quorum_of
    monkeypatch.setattr(quorum, "quorum_of", lambda size: correct(size) - 1)

    with pytest.raises(Disagreement):
        _run(4, 1)


def test_judge_finds_a_filter_that_lets_a_bad_reason_pass(monkeypatch):
    """The judge has teeth: without the check of justifications the liar's are taken."""
    monkeypatch.setattr("consensus.message_filter.check_justification", lambda message, validators: None)
    found = 0
    for seed in range(12):
        try:
            _lied_to(seed)
        except (Disagreement, Violation):
            found += 1

    assert found


def test_judge_finds_votes_counted_for_another_view(monkeypatch):
    """The judge has teeth: PREPAREs of any view make a certificate."""
    def lenient(self, view, block_hash):
        voters = {vote.sender for column in self._prepares.values() for vote in column.votes
                  if isinstance(vote, Prepare) and vote.block_hash == block_hash}  # fmt: skip
        return len(voters)

    monkeypatch.setattr("consensus.vote_book.VoteBook.prepare_count", lenient)

    with pytest.raises(Disagreement):
        for seed in range(20):
            _run(4, seed)
