"""Profiled functions find their stage."""

import pytest

from benchmarks.node_profile import by_stage, stage_of


@pytest.mark.parametrize(
    ("place", "stage"),
    [
        ("<built-in method nacl._sodium.crypto_sign_open>", "signature checks"),
        ("<built-in method nacl._sodium.crypto_sign>", "signing votes"),
        ("<built-in method posix.fdatasync>", "disk: journal, sign-state, block"),
        ("here/chainnode/state/batch.py:50(apply)", "state tree"),
        ("here/contracts/kernel/execution.py:31(execute_transaction)", "execution"),
        ("here/consensus/replica.py:90(step)", "agreement core"),
        ("here/chainnode/net/connection.py:120(data_received)", "links between nodes"),
        ("<built-in method _hashlib.openssl_sha256>", "hashing"),
        ("<built-in method builtins.len>", "other"),
    ],
)
def test_stage_is_told_by_the_place_of_a_function(place: str, stage: str) -> None:
    assert stage_of(place) == stage


def test_stages_add_up_to_the_whole() -> None:
    functions = [("x/consensus/a.py:1(f)", 1, 2.0), ("x/consensus/b.py:1(g)", 1, 1.0), ("len", 9, 0.5)]
    assert by_stage(functions) == [("agreement core", 3.0), ("other", 0.5)]
