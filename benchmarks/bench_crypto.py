"""Signatures, the verifier pipeline, hashes, Merkle trees.

Question: how close do hashing and signature checking stand to the bare libraries, alone and as the node does them?

Workload: distinct keys, messages and signatures from one seed; the node's 128-byte verifier records in batches.
Unit: us for one signature or hash, MB/s for long inputs. Limit: the bare call of libsodium or hashlib in a loop in
the same round; for the pipeline that loop spread over all cores at once without any loss.
A lie would be: one signature checked again and again from a warm cache (they are distinct), signatures that fail early
(all are valid, and the digest holds every verdict), or a pipeline whose workers still run when the clock stops.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b, sha3_256, sha256, sha512
from typing import Final

from nacl.bindings import crypto_sign, crypto_sign_open

from benchmarks import workload
from benchmarks.harness import Case, Figure, Size, measure
from chainnode.crypto import ed25519
from chainnode.crypto.hashing import tagged_hash
from chainnode.mempool.verifier import InlineVerifier, ProcessVerifier, Verifier, check_records, pack_record
from chainnode.proofs import merkle
from chainnode.types.transaction import SIGNATURE_DOMAIN

COUNT: Final = {"full": 1_000, "smoke": 100}
PIPELINE: Final = {"full": 4_096, "smoke": 512}
KEYS: Final = 64
CHECKS: Final = 1_000


def run(size: Size) -> list[Figure]:
    return [*_signatures(size), *_pipeline(size), *_hashing(size), *_functions(size), *_merkle(size)]


def _signatures(size: Size) -> list[Figure]:
    count = COUNT[size]
    keys = [workload.key_of(f"crypto-{number}") for number in range(KEYS)]
    cases = []
    for length in (64, 1_024, 16_384) if size == "full" else (64,):
        jobs = [(keys[n % KEYS], workload.material(f"message {n}", length)) for n in range(count)]
        done = [(key.public_key, message, key.sign(message)) for key, message in jobs]
        raw = [(signature + message, key) for key, message, signature in done]
        secrets = [(message, key.seed + key.public_key) for key, message in jobs]
        cases += [
            Case(f"crypto.raw_verify[{length} B]", _each(_opened, raw), count),
            Case(f"crypto.verify[{length} B]", _each(_verified, done), count, f"crypto.raw_verify[{length} B]"),
            Case(f"crypto.raw_sign[{length} B]", _each(_signed_raw, secrets), count),
            Case(f"crypto.sign[{length} B]", _each(_signed, jobs), count, f"crypto.raw_sign[{length} B]"),
        ]
    return measure(cases, size)


def _each(act: Callable[..., bytes], arguments: Sequence[tuple[object, ...]]) -> Callable[[], bytes]:
    def work() -> bytes:
        return b"".join([act(*one) for one in arguments])

    return work


def _opened(signed: bytes, key: bytes) -> bytes:
    return b"\1" if crypto_sign_open(signed, key) is not None else b"\0"


def _verified(key: bytes, message: bytes, signature: bytes) -> bytes:
    return b"\1" if ed25519.verify(key, message, signature) else b"\0"


def _signed_raw(message: bytes, secret: bytes) -> bytes:
    return crypto_sign(message, secret)[:64]


def _signed(key: ed25519.SigningKey, message: bytes) -> bytes:
    return key.sign(message)


def records(count: int) -> list[bytes]:
    """Valid verifier records, all distinct."""
    keys = [workload.key_of(f"crypto-{number}") for number in range(KEYS)]
    ids = [workload.material(f"tx {number}", 32) for number in range(count)]
    return [
        pack_record(key.public_key, key.sign(SIGNATURE_DOMAIN + tx_id), tx_id)
        for tx_id, key in ((tx_id, keys[number % KEYS]) for number, tx_id in enumerate(ids))
    ]


def verify_us() -> float:
    """One bare signature check, in processor time of this process."""
    raw = [(one[32:96] + SIGNATURE_DOMAIN + one[96:], one[:32]) for one in records(CHECKS)]
    samples = []
    for _ in range(3):
        began = time.process_time()
        for signed, key in raw:
            crypto_sign_open(signed, key)
        samples.append(1e6 * (time.process_time() - began) / CHECKS)
    return statistics.median(samples)


def _pipeline(size: Size) -> list[Figure]:
    count, cores = PIPELINE[size], len(os.sched_getaffinity(0))
    made = records(count)
    joined = b"".join(made)
    raw = [(one[32:96] + SIGNATURE_DOMAIN + one[96:], one[:32]) for one in made]
    limit = f"crypto.raw_verify[records {count}]"
    cases = [
        Case(limit, _each(_opened, raw), count, clock="wall"),
        Case("crypto.check_records", lambda: check_records(joined), count, limit, clock="wall"),
    ]
    note = f"limit: bare loop on {cores} cores"
    with asyncio.Runner() as runner:
        verifiers: list[tuple[str, Verifier]] = [("inline", InlineVerifier())]
        verifiers += [(f"processes {n}", ProcessVerifier(n)) for n in sorted({1, cores})]
        try:
            for name, verifier in verifiers:
                runner.run(verifier.start())
                for batch in _batches(name, count // cores, size):
                    work = _piped(runner, verifier, made, batch)
                    title = f"crypto.pipeline[{name}, batch {batch}]"
                    cases.append(Case(title, work, count, limit, clock="wall", share=1 / cores, note=note))
            return measure(cases, size)
        finally:
            for _, verifier in verifiers:
                runner.run(verifier.close())


def _batches(name: str, largest: int, size: Size) -> tuple[int, ...]:
    """Records handed over at a time: where processes take part, their number is what decides."""
    if size == "smoke":
        return (largest,)
    return (16, 64, 256, largest) if name.startswith("processes") else (64, largest)


def _piped(runner: asyncio.Runner, verifier: Verifier, made: list[bytes], batch: int) -> Callable[[], bytes]:
    """All records through ``verifier`` in parts of ``batch``, several of them under way at a time as in admission."""
    parts = [made[start : start + batch] for start in range(0, len(made), batch)]
    lanes = min(len(parts), 4 * len(os.sched_getaffinity(0)))

    async def lane(first: int) -> bytes:
        return b"".join([await verifier.check(part) for part in parts[first::lanes]])

    async def work() -> bytes:
        return b"".join(await asyncio.gather(*(lane(first) for first in range(lanes))))

    return lambda: runner.run(work())


def _hashing(size: Size) -> list[Figure]:
    cases = []
    tagged = tagged_hash("bench")
    for length, count in ((64, 2_000), (300, 2_000), (65_536, 40)) if size == "full" else ((300, 200),):
        inputs = [workload.material(f"hashed {number}", length) for number in range(min(count, 64))]
        inputs *= -(-count // len(inputs))
        raw = f"crypto.raw_sha256[{length} B]"
        cases += [
            Case(raw, _digests(lambda data: sha256(data).digest(), inputs), len(inputs)),
            Case(f"crypto.tagged_hash[{length} B]", _digests(tagged, inputs), len(inputs), raw),
        ]
    return measure(cases, size)


FUNCTIONS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "sha256": lambda data: sha256(data).digest(),
    "sha512": lambda data: sha512(data).digest(),
    "sha3_256": lambda data: sha3_256(data).digest(),
    "blake2b": lambda data: blake2b(data, digest_size=32).digest(),
}
"""The chain hashes with SHA-256; the others say what another choice would have brought on this machine."""


def _functions(size: Size) -> list[Figure]:
    found = []
    for length, count in ((64, 2_000), (1_024, 1_000), (65_536, 40)) if size == "full" else ((300, 200),):
        inputs = [workload.material(f"input {number}", length) for number in range(min(count, 64))]
        inputs *= -(-count // len(inputs))
        limit = f"crypto.hash[sha256, {length} B]"
        cases = [
            Case(f"crypto.hash[{name}, {length} B]", _digests(function, inputs), len(inputs),
                 "" if name == "sha256" else limit)
            for name, function in FUNCTIONS.items()
        ]
        found += measure(cases, size)
    return found


def _digests(hash_one: Callable[[bytes], bytes], inputs: list[bytes]) -> Callable[[], bytes]:
    return lambda: b"".join([hash_one(data) for data in inputs])


def _merkle(size: Size) -> list[Figure]:
    cases = []
    for leaves in (100, 2_000) if size == "full" else (100,):
        hashes = [workload.material(f"leaf {number}", 32) for number in range(leaves)]
        pairs = [(b"\x01" + hashes[n] + hashes[n - 1],) for n in range(leaves - 1)]
        raw = f"crypto.raw_inner_hashes[{leaves}]"
        cases += [
            Case(raw, _each(lambda pair: sha256(pair).digest(), pairs), leaves),
            Case(f"crypto.merkle_root[{leaves}]", _root(hashes), leaves, raw, note="per leaf"),
            Case(f"crypto.merkle_path[{leaves}]", _path(hashes), 1, note="one path from the leaves"),
            Case(f"crypto.merkle_verify[{leaves}]", _checked(hashes), leaves, note="one path to the root"),
        ]
    return measure(cases, size)


def _root(hashes: list[bytes]) -> Callable[[], bytes]:
    return lambda: merkle.root(hashes)


def _path(hashes: list[bytes]) -> Callable[[], bytes]:
    return lambda: b"".join(merkle.inclusion_path(hashes, len(hashes) // 3))


def _checked(hashes: list[bytes]) -> Callable[[], bytes]:
    size, at = len(hashes), len(hashes) // 3
    path = merkle.inclusion_path(hashes, at)
    return lambda: b"".join([merkle.root_from_path(hashes[at], at, size, path) for _ in range(size)])
