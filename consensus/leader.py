"""Who leads: rotation at every height and view over the members that are not suspended.

Suspensions follow from the blocks alone: from the certificate of its parent that each block carries, and from proofs
of equivocation in its body. So every replica, restarted or synced, has the same table.

Source: SPEC.md R12.
"""

from typing import Annotated

import msgspec

from consensus import limits, scalar
from consensus.quorum import faults_max

Index = Annotated[int, msgspec.Meta(ge=0, lt=limits.VALIDATORS_MAX)]
Term = Annotated[int, msgspec.Meta(ge=0, le=limits.SUSPENSION_HEIGHTS_MAX)]


def leader(size: int, height: int, view: int, suspended: tuple[int, ...] = ()) -> int:
    """Index of the validator that proposes in ``(height, view)``.

    ``suspended`` holds indexes derived from blocks, so every validator computes the same answer; should it ever cover
    the whole set, nobody counts as suspended, because a height without a leader would stop the chain for good.
    """
    if suspended:
        members = [index for index in range(size) if index not in suspended]
        if members:
            return members[(height + view) % len(members)]
    return (height + view) % size


def passed_over(size: int, height: int, view: int, suspended: tuple[int, ...] = ()) -> tuple[int, ...]:
    """Who led the views of ``height`` below ``view`` and does not lead ``view`` itself: each once, in order."""
    # A view names nobody that the last ``size`` views below it do not name.
    passed = dict.fromkeys(leader(size, height, earlier, suspended) for earlier in range(max(0, view - size), view))
    passed.pop(leader(size, height, view, suspended), None)
    return tuple(passed)


class Suspension(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """One validator that lost its turns by silence."""

    validator: Index
    until_height: scalar.Height
    """The last height at which it does not lead."""


class Leadership(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Who does not lead at one height, and what is remembered to compute the same for the next one."""

    suspensions: Annotated[tuple[Suspension, ...], msgspec.Meta(max_length=limits.VALIDATORS_MAX)]
    """For silence; oldest first, never more than f together with ``excluded``."""
    terms: Annotated[tuple[Term, ...], msgspec.Meta(min_length=1, max_length=limits.VALIDATORS_MAX)]
    """For each validator the heights of its last suspension; 0 once it has led again."""
    excluded: Annotated[tuple[Index, ...], msgspec.Meta(max_length=limits.VALIDATORS_MAX)]
    """Proved to have equivocated (R10), ascending; out until governance says otherwise."""
    before: Annotated[tuple[Index, ...], msgspec.Meta(max_length=limits.VALIDATORS_MAX)]
    """Who did not lead at the height below, whose certificate comes with the next block."""

    @classmethod
    def fresh(cls, size: int) -> "Leadership":
        """The table of ``size`` validators of whom nothing is known."""
        return cls((), (0,) * size, (), ())

    @property
    def size(self) -> int:
        """How many validators the table is for."""
        return len(self.terms)

    @property
    def suspended(self) -> tuple[int, ...]:
        """Everybody who does not lead at this height, ascending."""
        return tuple(sorted({item.validator for item in self.suspensions}.union(self.excluded)))

    def after(self, height: int, certificate_view: int | None) -> "Leadership":
        """The table for ``height + 1``, given that this one holds at ``height``.

        ``certificate_view`` is the view in which the parent of the block at ``height`` was decided, by the certificate
        that block carries; ``None`` if it speaks of another validator set or there is none. The leaders of the views
        below it were silent: they do not lead for 64 heights, twice as long as the last time if they have not led
        since, 1,024 at most. When more than f would be out, the oldest suspension ends first: f is all that can be
        faulty, so whoever is beyond it may be honest and late.
        """
        kept = [item for item in self.suspensions if item.until_height > height]
        terms = list(self.terms)
        if certificate_view is not None:
            led = leader(self.size, height - 1, certificate_view, self.before)
            terms[led] = 0
            for silent in passed_over(self.size, height - 1, certificate_view, self.before):
                if silent in self.excluded or any(item.validator == silent for item in kept):
                    continue
                longer = max(limits.SUSPENSION_HEIGHTS_MIN, 2 * terms[silent])
                terms[silent] = min(longer, limits.SUSPENSION_HEIGHTS_MAX)
                kept.append(Suspension(silent, height + terms[silent]))
        return Leadership(self._newest(kept, self.excluded), tuple(terms), self.excluded, self.suspended)

    def excluding(self, validator: int) -> "Leadership":
        """R10: ``validator`` is proved to have equivocated."""
        excluded = tuple(sorted({*self.excluded, validator}))
        kept = [item for item in self.suspensions if item.validator != validator]
        return Leadership(self._newest(kept, excluded), self.terms, excluded, self.before)

    def readmitting(self, validator: int) -> "Leadership":
        """Governance lets ``validator`` lead again, whatever kept it out."""
        excluded = tuple(index for index in self.excluded if index != validator)
        kept = tuple(item for item in self.suspensions if item.validator != validator)
        terms = tuple(0 if index == validator else term for index, term in enumerate(self.terms))
        return Leadership(kept, terms, excluded, self.before)

    def handed_over(self, old_indexes: tuple[int | None, ...]) -> "Leadership":
        """The table of the next set; ``old_indexes`` names each new member's place in this one, ``None`` for a joiner.

        What members have earned goes with them. ``before`` is of no more use: the first block of an epoch carries a
        certificate of the old set, from which nobody is suspended.
        """
        new_indexes = {old: new for new, old in enumerate(old_indexes) if old is not None}
        terms = tuple(0 if old is None else self.terms[old] for old in old_indexes)
        excluded = tuple(sorted(new_indexes[old] for old in self.excluded if old in new_indexes))
        kept = [
            Suspension(new_indexes[item.validator], item.until_height)
            for item in self.suspensions
            if item.validator in new_indexes
        ]
        table = Leadership((), terms, excluded, ())
        return msgspec.structs.replace(table, suspensions=table._newest(kept, excluded))

    def _newest(self, kept: list[Suspension], excluded: tuple[int, ...]) -> tuple[Suspension, ...]:
        room = max(0, faults_max(self.size) - len(excluded))
        return tuple(kept[-room:]) if room else ()
