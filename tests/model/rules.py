"""The safety rules of agreement, said a second time: written from consensus/SPEC.md, importing nothing of the core.

Messages here are plain facts about *one chain, one epoch and one height* (``reading.py`` makes them of real messages
and answers for signatures). Every rule is a function of sets of such facts: slow, without state, and in the words of
the specification, so that it can be read beside it. Nothing here is bounded, optimised or incremental.
"""

from collections.abc import Collection, Iterable, Sequence
from enum import IntEnum
from itertools import count
from typing import NamedTuple


class Step(IntEnum):
    """Sign-state: the order of signing within one view."""

    VIEW_CHANGE = 0
    PRE_PREPARE = 1
    PREPARE = 2
    COMMIT = 3


class Vote(NamedTuple):
    """A PREPARE or COMMIT."""

    step: Step
    view: int
    sender: int
    block: bytes


class Certificate(NamedTuple):
    """What a certificate says about itself, and whether its bytes are those of a certificate of this set."""

    step: Step
    height: int
    view: int
    block: bytes
    signers: tuple[int, ...]
    in_form: bool
    """Known scheme, right epoch, bitmap without padding, one signature for each bit, and every signature verifies."""


class Claim(NamedTuple):
    """A VIEW_CHANGE: its sender asks for ``view`` and says what it prepared."""

    view: int
    sender: int
    prepared_view: int
    """-1: nothing."""
    prepared_block: bytes
    at_home: bool
    """For exactly this chain, epoch, set and height, by a member, and signed by it."""


class Proposal(NamedTuple):
    """A PRE_PREPARE with its reasons."""

    height: int
    view: int
    sender: int
    block: bytes
    claims: tuple[Claim, ...] | None
    certificate: Certificate | None


class Signed(NamedTuple):
    """One own signature: its place in the order of signing, and what was signed."""

    epoch: int
    height: int
    view: int
    step: Step
    payload: bytes


# Numbers


def faults(size: int) -> int:
    """f: as many as possible with n > 3f."""
    return max(number for number in range(size) if size > 3 * number)


def quorum(size: int) -> int:
    """q: the fewest votes of which any two sets share more validators than can be faulty."""
    return next(votes for votes in count(1) if 2 * votes - size >= faults(size) + 1)


def weak(size: int) -> int:
    """The fewest validators among which one is honest."""
    return faults(size) + 1


def leader(size: int, height: int, view: int, suspended: Collection[int] = ()) -> int:
    """R12: they take turns, height by height and view by view, the suspended left out unless that leaves nobody."""
    members = [member for member in range(size) if member not in suspended] or list(range(size))
    return members[(height + view) % len(members)]


# Certificates


def certificate_holds(certificate: Certificate, step: Step, size: int) -> bool:
    """Valid means: right kind, in form, no signer outside the set, none twice, at least q."""
    members = set(certificate.signers)
    return (
        certificate.step == step
        and certificate.in_form
        and len(members) == len(certificate.signers) >= quorum(size)
        and members <= set(range(size))
    )


# R2, R6: VIEW_CHANGE and justification


def claim_makes_sense(claim: Claim) -> bool:
    """A view above 0, and either nothing prepared or a block of an earlier view."""
    if claim.view < 1:
        return False
    if claim.prepared_view == -1:
        return claim.prepared_block == b""
    return 0 <= claim.prepared_view < claim.view and len(claim.prepared_block) == 32


def valid_view_change(claim: Claim, certificate: Certificate | None, height: int, size: int) -> bool:
    """A VIEW_CHANGE on its own: what it claims as prepared is proved by the attached certificate alone."""
    if not (claim.at_home and claim_makes_sense(claim)):
        return False
    if claim.prepared_view == -1:
        return certificate is None
    return (
        certificate is not None
        and certificate_holds(certificate, Step.PREPARE, size)
        and (certificate.height, certificate.view, certificate.block)
        == (height, claim.prepared_view, claim.prepared_block)
    )


def highest_prepared(claims: Iterable[Claim]) -> int:
    """m: the highest prepared view among them; -1 if there is none."""
    return max((claim.prepared_view for claim in claims), default=-1)


def valid_justification(proposal: Proposal, size: int) -> bool:
    """R2: whether the reasons of ``proposal`` allow its block in its view."""
    if proposal.view == 0:
        return proposal.claims is None and proposal.certificate is None
    claims = proposal.claims
    if claims is None:
        return False
    senders = [claim.sender for claim in claims]
    if senders != sorted(set(senders)) or len(senders) < quorum(size):
        return False
    if not all(claim.at_home and claim.view == proposal.view and claim_makes_sense(claim) for claim in claims):
        return False
    highest, certificate = highest_prepared(claims), proposal.certificate
    if highest == -1:
        return certificate is None
    return (
        certificate is not None
        and certificate_holds(certificate, Step.PREPARE, size)
        and (certificate.height, certificate.view) == (proposal.height, highest)
        and any((c.prepared_view, c.prepared_block) == (highest, certificate.block) for c in claims)
        and proposal.block == certificate.block
    )


def must_be_fresh(proposal: Proposal) -> bool:
    """R2: whether the host judges the block by every rule, or compares its hash only."""
    return highest_prepared(proposal.claims or ()) == -1


def valid_proposal(proposal: Proposal, size: int, suspended: Collection[int] = ()) -> bool:
    """R2 without what depends on the receiver: by the leader of its view, for a good reason."""
    rightful = leader(size, proposal.height, proposal.view, suspended)
    return proposal.sender == rightful and valid_justification(proposal, size)


# R3, R4: counting


def supporters(votes: Iterable[Vote], step: Step, view: int, block: bytes) -> set[int]:
    """Who voted so; of two votes of one sender for one place the first counts, so pass them in their order."""
    first: dict[int, bytes] = {}
    for vote in votes:
        if (vote.step, vote.view) == (step, view):
            first.setdefault(vote.sender, vote.block)
    return {sender for sender, voted in first.items() if voted == block}


def prepared_blocks(votes: Sequence[Vote], size: int) -> set[tuple[int, bytes]]:
    """R3: view and block of everything that q validators prepared."""
    places = {(vote.view, vote.block) for vote in votes if vote.step == Step.PREPARE}
    return {place for place in places if len(supporters(votes, Step.PREPARE, *place)) >= quorum(size)}


def decides(votes: Sequence[Vote], size: int) -> set[bytes]:
    """R4: the blocks that q COMMITs of one view decide; never two while at most f are faulty."""
    places = {(vote.view, vote.block) for vote in votes if vote.step == Step.COMMIT}
    return {
        block for view, block in places if len(supporters(votes, Step.COMMIT, view, block)) >= quorum(size)
    }


# R6: which view to be in


def view_to_join(claims: Iterable[Claim], size: int) -> int:
    """The highest view that f + 1 senders ask for or exceed; 0 if there is none."""
    highest: dict[int, int] = {}
    for claim in claims:
        highest[claim.sender] = max(claim.view, highest.get(claim.sender, 0))
    views = sorted(highest.values())
    wanted = [view for view in views if sum(other >= view for other in views) >= weak(size)]
    return max(wanted, default=0)


# What an honest validator may sign


def may_sign(history: Collection[Signed], wanted: Signed) -> bool:
    """Sign-state: above everything signed before; or the very same payload at the highest place."""
    if not history:
        return True
    highest = max(history, key=lambda done: done[:4])
    return wanted[:4] > highest[:4] or wanted == highest


def may_prepare(history: Collection[Signed], proposal: Proposal, size: int, suspended: Collection[int] = ()) -> bool:
    """R2, R6: a proposal of the leader, justified, of no view below an own VIEW_CHANGE, and the first in its view."""
    return valid_proposal(proposal, size, suspended) and not any(
        done.height == proposal.height
        and (
            (done.step == Step.VIEW_CHANGE and done.view > proposal.view)
            or (done.step in {Step.PREPARE, Step.COMMIT} and done.view >= proposal.view)
        )
        for done in history
    )


def may_commit(accepted: Proposal | None, votes: Sequence[Vote], view: int, block: bytes, size: int) -> bool:
    """R3: q PREPAREs of this view for the proposal that was accepted in it."""
    return (
        accepted is not None
        and (accepted.view, accepted.block) == (view, block)
        and len(supporters(votes, Step.PREPARE, view, block)) >= quorum(size)
    )


def may_ask(claim: Claim, locks: Collection[tuple[int, bytes]]) -> bool:
    """R3, R6: a VIEW_CHANGE names the highest own lock, and nothing only if there is none."""
    view, block = max(locks, default=(-1, b""))
    return (claim.prepared_view, claim.prepared_block) == (view, block) and claim.view > view
