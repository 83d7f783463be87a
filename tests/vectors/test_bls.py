"""BLS verdicts of others' vectors, held to by both libraries: nodes of one must not differ from nodes of the other."""

import json
from typing import Any

import pytest

from chainnode.crypto import bls
from chainnode.crypto.bls_arkworks import BACKEND as ARKWORKS
from chainnode.crypto.bls_arkworks import Arkworks
from chainnode.crypto.bls_ecc import BACKEND as PY_ECC
from chainnode.crypto.bls_ecc import PyEcc
from tests.support.shared import shared

BACKENDS = pytest.mark.parametrize("backend", [ARKWORKS, PY_ECC], ids=lambda backend: backend.name)
SLOW_FLAGS = frozenset({"Valid", "LargeMessage", "WrongMessage", "WrongKey", "InvalidSignature"})
"""Cases that cost py-ecc two pairings; it does the first of each kind, and every case about encodings."""


def groups(name: str) -> list[Any]:
    return json.loads(shared("vectors", "wycheproof", name).read_text())["testGroups"]


def verdicts(backend: Arkworks | PyEcc, name: str) -> tuple[int, list[str]]:
    """How many cases were judged, and those that were judged otherwise than the vectors say."""
    done, seen, wrong = 0, set(), []
    for group in groups(name):
        key, tag = bytes.fromhex(group["publicKey"]["pk"]), group["ciphersuite"].encode()
        for case in group["tests"]:
            flags = frozenset(case["flags"])
            if backend is PY_ECC and flags <= SLOW_FLAGS:
                if flags in seen:
                    continue
                seen.add(flags)
            signature = bytes.fromhex(case["sig"])
            accepted = len(signature) == 96 and backend.verify((key,), bytes.fromhex(case["msg"]), signature, tag)
            done += 1
            if accepted != (case["result"] == "valid"):
                wrong.append(f"{case['tcId']}: {case['comment']}")
    return done, wrong


@BACKENDS
@pytest.mark.parametrize(
    ("name", "least"), [("bls_sig_g2_basic_verify_test.json", 25), ("bls_sig_g2_pop_verify_test.json", 10)]
)
def test_verify_agrees_with_wycheproof(backend: Arkworks | PyEcc, name: str, least: int) -> None:
    """Every `valid` accepted, every `invalid` rejected: subgroup, identity, flags, field boundary, other suite."""
    done, wrong = verdicts(backend, name)
    assert done >= least
    assert wrong == []


@BACKENDS
def test_hash_to_the_curve_agrees_with_wycheproof(backend: Arkworks | PyEcc) -> None:
    """RFC 9380: with the secret 1 a signature is the hashed point itself."""
    cases = [(group["dst"].encode(), case) for group in groups("bls_hash_to_g2_test.json") for case in group["tests"]]
    assert cases
    for tag, case in cases if backend is ARKWORKS else cases[:4]:
        hashed = backend.sign(1, bytes.fromhex(case["msg"]), tag).hex()
        assert (hashed == case["expected"]) == (case["result"] == "valid"), case["comment"]


@BACKENDS
def test_aggregates_of_wycheproof_with_one_message_are_judged_alike(backend: Arkworks | PyEcc) -> None:
    """Sums, wrong encodings and the identity, where the vectors sign one message or carry one signer."""
    done = 0
    for group in groups("bls_sig_g2_aggregate_verify_test.json"):
        for case in group["tests"]:
            messages = {*case["messages"]}
            keys = [bytes.fromhex(key) for key in case["pubkeys"]]
            signature = bytes.fromhex(case["sig"])
            if len(messages) != 1 or len(case["messages"]) != len(keys) or len(signature) != 96:
                continue
            accepted = backend.verify(keys, bytes.fromhex(messages.pop()), signature, group["ciphersuite"].encode())
            assert accepted == (case["result"] == "valid"), case["comment"]
            done += 1
    assert done


def test_both_libraries_sign_and_add_alike() -> None:
    """One key pair, one signature, one sum: bytes are equal, and each library accepts the other's."""
    secrets = [bls.secret_of(bytes((number,)) * 32) for number in (1, 2, 3)]
    keys = [ARKWORKS.public_key(secret) for secret in secrets]
    assert keys == [PY_ECC.public_key(secret) for secret in secrets]
    signatures = [ARKWORKS.sign(secret, b"block", bls.SIGNATURE_TAG) for secret in secrets]
    assert signatures[0] == PY_ECC.sign(secrets[0], b"block", bls.SIGNATURE_TAG)
    total = ARKWORKS.aggregate(signatures)
    assert total is not None
    assert total == PY_ECC.aggregate(signatures)
    for backend in (ARKWORKS, PY_ECC):
        assert backend.verify(keys, b"block", total, bls.SIGNATURE_TAG)
        assert not backend.verify(keys[:2], b"block", total, bls.SIGNATURE_TAG)
