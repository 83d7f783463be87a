"""Another chain's headers run through the same rules: JSON text, weighted members, no tree of its past."""

import json
from collections.abc import Mapping
from hashlib import sha256

import pytest

from chainnode.crypto import ed25519
from chainnode.lightclient.client_state import ClientOptions, ConsensusState, DecisionKind, Untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.header_format import HeaderFormat
from chainnode.lightclient.misbehaviour import check_misbehaviour
from chainnode.lightclient.verification import verify
from tests.support.small_chain import key_of

Weights = dict[str, int]


def listed(weights: Weights) -> bytes:
    return json.dumps({key_of(name).public_key.hex(): weight for name, weight in sorted(weights.items())}).encode()


class JsonChain:
    """A chain that has nothing in common with ours but the need for two thirds of the weight."""

    def read(self, header: bytes) -> tuple[str, ConsensusState]:
        try:
            chain, height, time_ms, epoch, own, following = json.loads(header)
        except ValueError as error:
            raise LightClientError("header-malformed", "not a header") from error
        root = sha256(header).digest()
        sets = bytes.fromhex(own), bytes.fromhex(following)
        return chain, ConsensusState(height, time_ms, root, root, root, epoch, *sets)

    def weights(self, validators: bytes, expected_hash: bytes, kind: DecisionKind) -> Mapping[bytes, int]:
        if sha256(validators).digest() != expected_hash:
            raise LightClientError("validators-hash", "another list")
        return {bytes.fromhex(key): weight for key, weight in json.loads(validators).items()}

    def check_decision(self, update: Untrusted, found: ConsensusState) -> frozenset[bytes]:
        weights = self.weights(update.validators, found.validators_hash, update.decision_kind)
        signed = {bytes.fromhex(key): bytes.fromhex(value) for key, value in json.loads(update.decision).items()}
        if any(not ed25519.verify(key, update.header, signature) for key, signature in signed.items()):
            raise LightClientError("signature", "a signature is wrong")
        if 3 * sum(weights[key] for key in signed) <= 2 * sum(weights.values()):
            raise LightClientError("no-quorum", "too little weight")
        return frozenset(signed)

    def check_keys(self, update: Untrusted, keys: frozenset[bytes]) -> None:
        """Nothing is aggregated."""

    def check_ancestry(self, older: ConsensusState, newer: ConsensusState, path: tuple[bytes, ...]) -> None:
        """The headers say nothing of their past."""


FORMAT: HeaderFormat = JsonChain()
OPTIONS = ClientOptions("json", bytes(32), 1_000_000)
OLD: Weights = {"a": 6, "b": 3, "c": 1}


def header(height: int, epoch: int, own: Weights, following: Weights | None = None) -> bytes:
    hashes = [sha256(listed(weights)).hexdigest() for weights in (own, following or own)]
    return json.dumps(["json", height, 1_000 * height, epoch, *hashes]).encode()


def update(data: bytes, own: Weights, signers: str, trusted: Weights | None = None) -> Untrusted:
    decision = {key_of(name).public_key.hex(): key_of(name).sign(data).hex() for name in signers}
    before = listed(trusted) if trusted else b""
    return Untrusted(data, "certificate", json.dumps(decision).encode(), listed(own), before)


def refused(trusted: bytes, item: Untrusted) -> str:
    with pytest.raises(LightClientError) as caught:
        verify(FORMAT.read(trusted)[1], item, OPTIONS, 500_000, FORMAT)
    return caught.value.code


def test_foreign_header_is_accepted_when_the_weight_of_its_set_signed() -> None:
    """The rules know heights, times, hashes and weights only."""
    trusted = FORMAT.read(header(1, 0, OLD))[1]
    assert verify(trusted, update(header(2, 0, OLD), OLD, "ab"), OPTIONS, 500_000, FORMAT).height == 2
    assert refused(header(1, 0, OLD), update(header(2, 0, OLD), OLD, "bc")) == "no-quorum"
    assert refused(header(2, 0, OLD), update(header(2, 0, OLD), OLD, "ab")) == "height-not-above"


def test_foreign_sets_overlap_by_weight_when_headers_are_skipped() -> None:
    """One member with six tenths of the weight is more than a third; three tenths are not."""
    heavy: Weights = {"a": 1, "x": 0, "y": 0}
    item = update(header(9, 5, heavy), heavy, "a", OLD)
    assert verify(FORMAT.read(header(1, 0, OLD))[1], item, OPTIONS, 500_000, FORMAT).epoch == 5
    light: Weights = {"b": 1, "x": 5}
    assert refused(header(1, 0, OLD), update(header(9, 5, light), light, "bx", OLD)) == "overlap"


def test_foreign_misbehaviour_is_found_by_the_same_rule() -> None:
    """Two decided headers of one height."""
    first = update(header(2, 0, OLD), OLD, "ab")
    second = update(header(2, 0, OLD, {"z": 1}), OLD, "ab")
    check_misbehaviour(FORMAT.read(header(1, 0, OLD))[1], first, second, OPTIONS, 500_000, FORMAT)
