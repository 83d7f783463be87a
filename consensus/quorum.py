"""Thresholds, and the validator set by index.

Two quorums of ``quorum`` validators share at least ``weak`` validators, hence an honest one, for every size; ``weak``
validators contain at least one honest one. All of agreement rests on these two facts.

Source: SPEC.md, Numbers.
"""

from dataclasses import dataclass, field

from consensus import limits


def faults_max(size: int) -> int:
    """Byzantine validators that a set of ``size`` tolerates: f = (n - 1) // 3."""
    return (size - 1) // 3


def quorum_of(size: int) -> int:
    """Votes that decide: q = ceil((n + f + 1) / 2), in integers.

    Plain n - f would ask for one vote too many when n = 3f + 3.
    """
    return (size + faults_max(size) + 2) // 2


@dataclass(frozen=True, slots=True)
class ValidatorSet:
    """The validators of one epoch, in the fixed order that gives each its index.

    Raises:
        ValueError: no validator, more than ``VALIDATORS_MAX``, a key twice, or a hash of the wrong length.
    """

    epoch: int
    hash: bytes
    """Commitment of the chain to this set; stands in every signed payload, so votes of another set never count."""
    public_keys: tuple[bytes, ...]
    size: int = field(init=False, repr=False, compare=False)
    faults: int = field(init=False, repr=False, compare=False)
    """f: Byzantine members tolerated."""
    quorum: int = field(init=False, repr=False, compare=False)
    """q: votes that decide."""
    weak: int = field(init=False, repr=False, compare=False)
    """f + 1: at least one of them is honest."""
    _indexes: dict[bytes, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        size = len(self.public_keys)
        if not 1 <= size <= limits.VALIDATORS_MAX:
            raise ValueError(f"a validator set has 1 to {limits.VALIDATORS_MAX} members, got {size}")
        if len(self.hash) != limits.HASH_BYTES:
            raise ValueError(f"a validator set hash has {limits.HASH_BYTES} bytes, got {len(self.hash)}")
        indexes = {key: index for index, key in enumerate(self.public_keys)}
        if len(indexes) != size:
            raise ValueError("a validator set names a public key twice")
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "faults", faults_max(size))
        object.__setattr__(self, "quorum", quorum_of(size))
        object.__setattr__(self, "weak", faults_max(size) + 1)
        object.__setattr__(self, "_indexes", indexes)

    def index_of(self, public_key: bytes) -> int | None:
        """Position of ``public_key`` in the set, or ``None`` for a stranger."""
        return self._indexes.get(public_key)
