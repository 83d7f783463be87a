"""What a light client found wrong, as the ledger says it: its codes grouped under ours, its words left out.

Some of its messages quote a library; a receipt is agreed on byte by byte, so it names the check that failed and no
more.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chainnode.lightclient.errors import LightClientError
from contracts.kernel.outcome import OperationFailed

_EXACT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "client-expired": "relay-header-expired",
        "chain-id": "relay-header-chain",
        "height-not-above": "relay-header-order",
        "height-not-below": "relay-header-order",
        "time-not-later": "relay-header-order",
        "time-ahead": "relay-header-ahead",
        "ancestry": "relay-header-history",
        "genesis-hash": "relay-header-history",
        "ancestry-unbound": "relay-update-malformed",
        "epoch-set": "relay-header-set",
        "set-outdated": "relay-header-outdated",
        "trusted-validators-missing": "relay-validators-missing",
        "overlap": "relay-overlap-few",
        "certificate-no-quorum": "relay-signers-few",
        "certificate-signature": "relay-header-forged",
        "certificate-block": "relay-header-forged",
        "seal-no-quorum": "relay-signers-few",
        "seal-signature": "relay-header-forged",
        "seal-block": "relay-header-forged",
        "no-conflict": "relay-misbehaviour-none",
        "attestation-other": "relay-attestation-other",
        "attestor-unknown": "relay-attestor-unknown",
        "attestors-order": "relay-attestor-twice",
        "attestors-few": "relay-attestors-few",
        "attestor-signature": "relay-attestation-forged",
        "root-mismatch": "relay-proof-mismatch",
        "key-present": "relay-proof-mismatch",
        "other-path": "relay-proof-mismatch",
        "state-uncommitted": "relay-proof-mismatch",
        "state-key": "relay-proof-mismatch",
        "attestation-height": "relay-proof-mismatch",
        "attestation-path": "relay-proof-mismatch",
        "attestation-value": "relay-proof-mismatch",
        "proof-kind": "relay-proof-malformed",
    }
)
_BEGINNING: Final = (
    ("header-", "relay-header-malformed"),
    ("validators-", "relay-validators-differ"),
    ("certificate-", "relay-signers-unfit"),
    ("seal-", "relay-signers-unfit"),
    ("attestation-", "relay-attestation-malformed"),
    ("proof-", "relay-proof-malformed"),
    ("path-", "relay-proof-malformed"),
)
OTHERWISE: Final = "relay-update-malformed"

UPDATE_CODES: Final = (
    "relay-update-malformed",
    "relay-header-malformed",
    "relay-header-expired",
    "relay-header-chain",
    "relay-header-order",
    "relay-header-ahead",
    "relay-header-history",
    "relay-header-set",
    "relay-header-outdated",
    "relay-header-forged",
    "relay-validators-missing",
    "relay-validators-differ",
    "relay-overlap-few",
    "relay-signers-few",
    "relay-signers-unfit",
)
"""Of headers, lists and decisions."""
ATTESTATION_CODES: Final = (
    "relay-attestation-malformed",
    "relay-attestation-other",
    "relay-attestation-forged",
    "relay-attestor-unknown",
    "relay-attestor-twice",
    "relay-attestors-few",
)
PROOF_CODES: Final = (
    "relay-height-unknown",
    "relay-proof-malformed",
    "relay-proof-mismatch",
    *ATTESTATION_CODES,
)
"""Of what another chain holds."""


def refusal_of(error: LightClientError, client_id: str) -> OperationFailed:
    """The refusal to raise for what a light client found."""
    code = _EXACT.get(error.code)
    if code is None:
        code = next((ours for start, ours in _BEGINNING if error.code.startswith(start)), OTHERWISE)
    return OperationFailed(code, f"{client_id}: {error.code}")
