"""Who may vote at which height: the rules of SPEC.md, Epochs, stated once more and held against what the chain does.

Validators are known here by their *identity*, the number of their keys; an index in a set is a place that moves.
"""

from typing import NamedTuple

from chainnode.types.block import Header
from chainnode.types.validator_set import ValidatorList, validators_hash
from consensus.certificates import QuorumCertificate
from consensus.quorum import ValidatorSet
from tests.simulation.checker import expect, quorum_by_definition

SEEN_HEIGHTS = 64 + 16
"""E7 counts whoever signed in the last 64 heights, noted in steps of 16."""


def faults_by_definition(size: int) -> int:
    """The largest f with n > 3f."""
    return max(count for count in range(size) if 3 * count < size)


class EpochSet(NamedTuple):
    """The set of one epoch."""

    first_height: int
    validators: ValidatorSet
    identities: tuple[int, ...]
    """By index."""
    quorum: int
    faults: int


class Membership:
    """Every set since genesis, as the first honest node led to each."""

    def __init__(self, members: ValidatorList, identity_of: dict[bytes, int], epoch_blocks: int) -> None:
        """``identity_of`` knows every consensus key of this world."""
        self._identity_of = identity_of
        self._epoch_blocks = epoch_blocks
        self._sets = [self._open(1, members)]
        self._last_signed: dict[int, int] = {}
        """Height of the last certificate on the chain with a signature of each identity."""

    def _open(self, first_height: int, members: ValidatorList) -> EpochSet:
        keys = tuple(member.consensus_key for member in members.validators)
        expect(all(key in self._identity_of for key in keys), "a key that nobody has is in the set")
        validators = ValidatorSet(members.epoch, validators_hash(members), keys)
        identities = tuple(self._identity_of[key] for key in keys)
        size = len(keys)
        return EpochSet(first_height, validators, identities, quorum_by_definition(size), faults_by_definition(size))

    @property
    def present(self) -> EpochSet:
        """The newest set."""
        return self._sets[-1]

    def at(self, height: int) -> EpochSet:
        """The set that agrees on ``height``."""
        return next(found for found in reversed(self._sets) if found.first_height <= height)

    def index_at(self, height: int, identity: int) -> int | None:
        """The place of ``identity`` in the set of ``height``."""
        identities = self.at(height).identities
        return identities.index(identity) if identity in identities else None

    def last_signed(self, identity: int) -> int:
        """Height of the newest certificate on the chain that holds a signature of ``identity``; 0 if none does."""
        return self._last_signed.get(identity, 0)

    def learn(self, height: int, members: ValidatorList) -> EpochSet | None:
        """An honest node with the tip ``height`` says who decides above it; the set that ended, if this is news."""
        before = self.present
        if members.epoch <= before.validators.epoch:
            return None
        expect(members.epoch == before.validators.epoch + 1, "an epoch was left out")
        self._sets.append(self._open(height + 1, members))
        return before

    def note_signers(self, certificate: QuorumCertificate) -> None:
        """A block of the chain carries this certificate of its parent."""
        identities = self.at(certificate.height).identities
        for index in certificate.signer_indexes():
            self._last_signed[identities[index]] = certificate.height

    def check_header(self, header: Header) -> None:
        """E1, E2, E5, E7: the header is of its epoch's set, and names the next one only where it may."""
        here, above = self.at(header.height), self.at(header.height + 1)
        expect((header.epoch, header.validators_hash) == (here.validators.epoch, here.validators.hash),
               f"the block at {header.height} is of another set")  # fmt: skip
        expect(header.next_validators_hash == above.validators.hash, f"height {header.height} names another next set")
        if above is here:
            return
        expect(header.height % self._epoch_blocks == 0, f"the set changed at {header.height}, within an epoch")
        self._check_change(header.height, here, above)

    def _check_change(self, height: int, here: EpochSet, above: EpochSet) -> None:
        joined = set(above.identities) - set(here.identities)
        left = set(here.identities) - set(above.identities)
        expect(max(len(joined), len(left)) <= max(1, here.faults), f"{len(joined)} joined and {len(left)} left at once")
        # The change was judged when it was asked for, an epoch ago at most; who joined lately had shown then that it
        # holds the chain.
        oldest = height - SEEN_HEIGHTS - self._epoch_blocks
        seen = [one for one in above.identities if max(self.last_signed(one), self._joined(one)) >= oldest]
        expect(len(seen) >= above.quorum, f"{len(seen)} of the {len(above.identities)} from {height + 1} on were seen")

    def _joined(self, identity: int) -> int:
        """First height of the newest epoch that ``identity`` is in and was not in before."""
        first_height = 0
        before: tuple[int, ...] = ()
        for found in self._sets:
            if identity in found.identities and identity not in before:
                first_height = found.first_height
            before = found.identities
        return first_height
