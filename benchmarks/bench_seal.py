"""Seals: one signature for a quorum.

Question: what does sealing cost a validator, and a light client the check, at 4, 31 and 100 validators?

Workload: one block, keys from one seed, shares of a quorum; the update of a light client by seal and by certificate.
Unit: us for one share, sum or check. Limit: the same calls of the bare library in a loop in the same round, on points
that are read already. The targets: a check below 3 ms, the update at 31 validators below 10 ms.
A lie would be: a check whose keys are read in no round (a node reads those of a list once; the round that is not
counted does it here), or a sum of equal shares (they are distinct).
"""

from collections.abc import Callable
from typing import Final

import msgspec
from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from benchmarks import workload
from benchmarks.harness import Case, Figure, Size, measure
from chainnode.codec.canonical import encode
from chainnode.crypto import bls
from chainnode.lightclient.client_state import ClientOptions, ConsensusState, Untrusted
from chainnode.lightclient.own_chain import consensus_state_of
from chainnode.lightclient.verification import verify
from chainnode.proofs import merkle
from chainnode.proofs.authority import read_header
from chainnode.proofs.seal import check_seal
from chainnode.types.block import Header, block_hash
from chainnode.types.genesis import GENESIS_VERSION, SUITE_ED25519_SHA256, Genesis, genesis_header
from chainnode.types.seal import Seal, seal_bytes, signers_bitmap
from chainnode.types.validator_set import ValidatorList, seal_key_of, validator_of, validators_hash
from consensus.certificates import CertificateKind, encode_certificate, make_certificate, vote_bytes
from consensus.quorum import quorum_of

VALIDATORS: Final = {"full": (4, 31, 100), "smoke": (4,)}
REPEATS: Final = 5
CHAIN: Final = "bench"
TIME_MS: Final = 1_700_000_000_000


def run(size: Size) -> list[Figure]:
    found: list[Figure] = []
    for validators in VALIDATORS[size]:
        found += measure(_cases(Sealed(validators)), size)
    return found


class Sealed:
    """Two blocks of a chain with so many validators; the second is sealed and certified by a quorum."""

    def __init__(self, validators: int) -> None:
        self.keys = [workload.key_of(f"seal-{number}") for number in range(validators)]
        entries = [
            validator_of(f"v{number}", f"did:{number}", key, workload.material(f"node {number}", 32))
            for number, key in enumerate(self.keys)
        ]
        self.members = ValidatorList(0, tuple(entries))
        genesis = encode(Genesis(GENESIS_VERSION, CHAIN, TIME_MS, SUITE_ED25519_SHA256, self.members, (), ()))
        self.first = genesis_header(genesis)
        root = merkle.root([merkle.leaf_hash(block_hash(self.first))])
        self.header = encode(
            msgspec.structs.replace(
                read_header(self.first), height=1, time_ms=TIME_MS + 1_000, history_root=root,
                parent_hash=block_hash(self.first),
            )
        )
        self.hash = block_hash(self.header)
        self.signers = range(quorum_of(validators))
        self.message = seal_bytes(CHAIN, 0, validators_hash(self.members), 1, self.hash)
        self.sealing = [seal_key_of(key) for key in self.keys]
        self.shares = [self.sealing[number].sign(self.message) for number in self.signers]
        self.seal = encode(Seal(0, 1, self.hash, signers_bitmap(self.signers), bls.aggregate(self.shares) or b""))

    @property
    def parsed(self) -> Header:
        return read_header(self.header)

    def certificate(self) -> bytes:
        signed = vote_bytes(
            CertificateKind.COMMIT, chain_id=CHAIN, epoch=0, validators_hash=validators_hash(self.members), height=1,
            view=0, block_hash=self.hash,
        )
        votes = [(number, self.keys[number].sign(signed)) for number in self.signers]
        made = make_certificate(CertificateKind.COMMIT, votes, epoch=0, height=1, view=0, block_hash=self.hash)
        return encode_certificate(made)

    def update(self, kind: str) -> Callable[[], bytes]:
        trusted: ConsensusState = consensus_state_of(self.first)
        options = ClientOptions(CHAIN, block_hash(self.first), 86_400_000)
        decision = self.seal if kind == "seal" else self.certificate()
        update = Untrusted(self.header, "seal" if kind == "seal" else "certificate", decision, encode(self.members))
        return lambda: verify(trusted, update, options, TIME_MS + 2_000).block_hash


def _cases(made: Sealed) -> list[Case]:
    size = len(made.keys)
    share, total, check = f"seal.raw_share[{size}]", f"seal.raw_sum[{size}]", f"seal.raw_verify[{size}]"
    header = made.parsed
    return [
        Case(share, _repeated(_raw_share(made)), REPEATS),
        Case(f"seal.share[{size}]", _repeated(lambda: made.sealing[0].sign(made.message)), REPEATS, share),
        Case(total, _repeated(_raw_sum(made)), REPEATS),
        Case(f"seal.aggregate[{size}]", _repeated(lambda: bls.aggregate(made.shares) or b""), REPEATS, total),
        Case(check, _repeated(_raw_verify(made)), REPEATS),
        Case(
            f"seal.verify[{size}]",
            _repeated(lambda: bytes((check_seal(made.header, header, made.seal, made.members) > 0,))), REPEATS, check,
            note="target: 3,000",
        ),
        Case(f"seal.light_client[seal, {size}]", _repeated(made.update("seal")), REPEATS, note="one update"),
        Case(
            f"seal.light_client[certificate, {size}]", _repeated(made.update("certificate")), REPEATS,
            note="one update; target at 31: 10,000",
        ),
    ]


def _repeated(act: Callable[[], bytes]) -> Callable[[], bytes]:
    return lambda: b"".join([act() for _ in range(REPEATS)])


def _raw_share(made: Sealed) -> Callable[[], bytes]:
    secret = Scalar.from_be_bytes(workload.material("scalar", 31).rjust(32, b"\0"))

    def work() -> bytes:
        return (G2Point.hash_to_curve(made.message, bls.SIGNATURE_TAG) * secret).to_compressed_bytes()

    return work


def _raw_sum(made: Sealed) -> Callable[[], bytes]:
    def work() -> bytes:
        found = G2Point.identity()
        for share in made.shares:
            found += G2Point.from_compressed_bytes(share)
        return found.to_compressed_bytes()

    return work


def _raw_verify(made: Sealed) -> Callable[[], bytes]:
    keys = [G1Point.from_compressed_bytes(made.members.validators[number].seal_key) for number in made.signers]
    signature = msgspec.msgpack.decode(made.seal)[-1]
    base = -G1Point()

    def work() -> bytes:
        found = G1Point.identity()
        for key in keys:
            found += key
        points = [G2Point.hash_to_curve(made.message, bls.SIGNATURE_TAG), G2Point.from_compressed_bytes(signature)]
        return bytes((GT.pairing_check([found, base], points),))

    return work
