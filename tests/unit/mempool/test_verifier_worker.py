"""The process behind the verifier: its protocol, and that it ends when its input does."""

import struct
import subprocess
import sys

import pytest

from chainnode.mempool.verifier import BATCH_RECORDS_MAX, RECORD_BYTES, pack_record
from chainnode.types.transaction import SIGNATURE_DOMAIN
from tests.support.local_chain import key_of
from tests.support.shared import ROOT

KEY = key_of("signer")
TX_ID = bytes(range(32))
VALID = pack_record(KEY.public_key, KEY.sign(SIGNATURE_DOMAIN + TX_ID), TX_ID)


def _serve(data: bytes) -> tuple[int, bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "chainnode.mempool.verifier_worker"],
        input=data, capture_output=True, cwd=ROOT, timeout=20, check=False,
    )
    return done.returncode, done.stdout


def test_worker_answers_batches_until_its_input_closes() -> None:
    """Count, then so many records of 128 bytes; as many verdict bytes back."""
    batch = struct.pack(">I", 3) + VALID + bytes(RECORD_BYTES) + VALID
    assert _serve(batch + struct.pack(">I", 0) + struct.pack(">I", 1) + VALID) == (0, b"\x01\x00\x01\x01")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 0),
        (b"\x00\x00", 0),
        (struct.pack(">I", 2) + VALID, 0),
        (struct.pack(">I", BATCH_RECORDS_MAX + 1), 2),
        (b"\xff\xff\xff\xff", 2),
    ],
    ids=["nothing", "half-head", "half-batch", "too-many", "garbage"],
)
def test_worker_ends_without_an_answer_when_its_input_is_broken(data: bytes, status: int) -> None:
    """No verdict is better than a verdict about other bytes."""
    assert _serve(data) == (status, b"")
