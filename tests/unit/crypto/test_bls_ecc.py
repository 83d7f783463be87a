"""The fallback library; ``tests/vectors/test_bls.py`` compares its verdicts with the other's."""

import subprocess
import sys

from chainnode.crypto import bls
from chainnode.crypto.bls_ecc import BACKEND
from tests.support.shared import ROOT

IDENTITY = b"\xc0" + bytes(47)


def test_bytes_of_no_key_or_signature_are_refused() -> None:
    """Compressed form only, on the curve, in the subgroup, never the identity."""
    key = BACKEND.public_key(2)
    assert BACKEND.aggregate([b"\xff" * 96]) is None
    assert BACKEND.aggregate([IDENTITY + bytes(48)]) is None
    assert not BACKEND.verify([key], b"m", bytes(96), bls.SIGNATURE_TAG)
    good = BACKEND.sign(2, b"m", bls.SIGNATURE_TAG)
    assert not BACKEND.verify([IDENTITY], b"m", good, bls.SIGNATURE_TAG)
    assert not BACKEND.verify([bytes(48)], b"m", good, bls.SIGNATURE_TAG)
    assert not BACKEND.verify([key, bytes((key[0] ^ 0x20,)) + key[1:]], b"m", good, bls.SIGNATURE_TAG)


def test_import_leaves_the_limit_on_recursion_as_it_was() -> None:
    """A stranger's nested input must end in an error, not in the end of the process."""
    code = (
        "import sys; before = sys.getrecursionlimit(); import chainnode.crypto.bls_ecc; "
        "sys.exit(sys.getrecursionlimit() != before)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 0


def test_node_without_arkworks_falls_back() -> None:
    """A platform without a wheel seals late, and checks as everybody does."""
    code = (
        "import sys; sys.modules['py_arkworks_bls12381'] = None; from chainnode.crypto import bls; "
        "sys.exit(bls.BACKEND.name != 'py-ecc')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 0
