"""What a client keeps of another chain, and what is submitted to move it on.

    ConsensusState  [height, time_ms, block_hash, state_root, history_root, epoch, validators_hash,
                     next_validators_hash]
    ClientOptions   [chain_id, genesis_hash, trusting_period_ms, clock_drift_ms, trust_numerator, trust_denominator]
    Untrusted       [header, decision_kind, decision, validators, trusted_validators, ancestry]

All three are canonical values of bounded size, so a contract can keep and compare them.
"""

from typing import Annotated, Final, Literal

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder
from chainnode.proofs.merkle import PATH_HASHES_MAX
from chainnode.types.block import CERTIFICATE_BYTES_MAX, HEADER_BYTES_MAX, Hash
from chainnode.types.transaction import Height

VALIDATORS_BYTES_MAX: Final = 64 * limits.KIB
"""100 validators with names, DIDs and keys."""
TRUSTING_PERIOD_MS_MAX: Final = 10 * 366 * 86_400_000
"""Ten years: members of a consortium are known institutions, and their keys are replaced more often."""
CLOCK_DRIFT_MS_MAX: Final = 3_600_000

DecisionKind = Literal["certificate", "seal"]
"""How a header shows that it was decided: a list of Ed25519 signatures, or one aggregated BLS signature."""

TimeMs = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Path = Annotated[tuple[Hash, ...], msgspec.Meta(max_length=PATH_HASHES_MAX)]


class ConsensusState(msgspec.Struct, frozen=True, array_like=True):
    """What is known of another chain from one of its headers."""

    height: Height
    time_ms: TimeMs
    block_hash: Hash
    state_root: Hash
    """The state after block ``height - 1``: a header commits to what came before it."""
    history_root: Hash
    """RFC 6962 tree over the hashes of blocks ``0 .. height - 1``."""
    epoch: Height
    validators_hash: Hash
    """The set that decided this header."""
    next_validators_hash: Hash
    """The set that decides the next one; another set only in the last header of an epoch (SPEC E1)."""

    @property
    def next_epoch(self) -> int:
        """The epoch of the following header."""
        return self.epoch + (self.next_validators_hash != self.validators_hash)


class ClientOptions(msgspec.Struct, frozen=True, array_like=True):
    """What those who create a client agree on. Times in milliseconds."""

    chain_id: Annotated[str, msgspec.Meta(min_length=1, max_length=limits.CHAIN_ID_BYTES_MAX)]
    genesis_hash: Hash
    """A chain of the same name with another genesis is another chain."""
    trusting_period_ms: Annotated[int, msgspec.Meta(gt=0, le=TRUSTING_PERIOD_MS_MAX)]
    """A header older than this vouches for no other: keys of its validators may have been given away since."""
    clock_drift_ms: Annotated[int, msgspec.Meta(ge=0, le=CLOCK_DRIFT_MS_MAX)] = 10_000
    """A header's time may be less than this ahead of ours."""
    trust_numerator: Annotated[int, msgspec.Meta(ge=1, le=limits.VALIDATORS_MAX)] = 1
    trust_denominator: Annotated[int, msgspec.Meta(ge=1, le=limits.VALIDATORS_MAX)] = 3
    """Of the trusted set more than this part must have signed a header of a set that it did not name; 1/3 to 1."""


class Untrusted(msgspec.Struct, frozen=True, array_like=True):
    """A header with what shows that its chain decided it. Whoever carries it needs no trust."""

    header: Annotated[bytes, msgspec.Meta(max_length=HEADER_BYTES_MAX)]
    """Canonical bytes."""
    decision_kind: DecisionKind
    decision: Annotated[bytes, msgspec.Meta(max_length=CERTIFICATE_BYTES_MAX)]
    """Canonical bytes of the certificate or of the seal over this header."""
    validators: Annotated[bytes, msgspec.Meta(max_length=VALIDATORS_BYTES_MAX)]
    """Canonical bytes of the list that decided: its hash is the header's ``validators_hash``."""
    trusted_validators: Annotated[bytes, msgspec.Meta(max_length=VALIDATORS_BYTES_MAX)] = b""
    """Canonical bytes of the list that the trusted state names as next, where the header is of a later set; else
    empty, or the same list."""
    ancestry: Path = ()
    """RFC 6962 path of the trusted block in the header's ``history_root``."""


class PlacedHeader(msgspec.Struct, frozen=True, array_like=True):
    """A header and a path: of its own hash in a later header's history, or of the genesis hash in its own."""

    header: Annotated[bytes, msgspec.Meta(max_length=HEADER_BYTES_MAX)]
    ancestry: Path


decode_placed_header: Final = Decoder(PlacedHeader, HEADER_BYTES_MAX + 34 * PATH_HASHES_MAX + 16)
decode_untrusted: Final = Decoder(
    Untrusted, HEADER_BYTES_MAX + CERTIFICATE_BYTES_MAX + 2 * VALIDATORS_BYTES_MAX + 34 * PATH_HASHES_MAX + 64
)
decode_consensus_state: Final = Decoder(ConsensusState, limits.KIB)
decode_client_options: Final = Decoder(ClientOptions, limits.KIB)
