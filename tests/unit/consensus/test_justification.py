"""Justifications: the rule that keeps a decision from being undone."""

import msgspec
import pytest

from consensus.justification import check_justification, check_view_change, make_justification
from consensus.messages import Justification
from tests.unit.consensus.rig import (
    HEIGHT,
    A,
    B,
    C,
    certificate,
    justification,
    pre_prepare,
    validators,
    view_change,
)

LOCK = certificate(block_hash=A, view=0)


def check(reason, block_hash=A, view=1):
    return check_justification(pre_prepare(block_hash, view, reason), validators())


def with_items(*items, lock=None):
    return Justification(items, lock)


def stripped(sender, lock, view=2):
    return view_change(sender, view, lock, certificate=None)


def test_justification_names_the_highest_certificate_once():
    """R7: VIEW_CHANGEs go without certificates, the highest one is attached once."""
    low, high = certificate(block_hash=A, view=0), certificate(block_hash=B, view=2)
    made = make_justification([view_change(0, 3, low), view_change(1, 3, high), view_change(3, 3)])

    assert made.certificate == high
    assert [item.certificate for item in made.view_changes] == [None, None, None]
    assert [item.prepared_view for item in made.view_changes] == [0, 2, -1]
    assert check_justification(pre_prepare(B, 3, made), validators()) is None


def test_justification_without_a_lock_admits_a_fresh_block():
    """R2: if none had prepared, any fresh block may follow."""
    assert check(justification(), C) is None


def test_justification_with_a_lock_admits_exactly_the_locked_block():
    """R2: the block is exactly the one of the highest certificate."""
    assert check(justification(prepared=LOCK), A) is None
    assert check(justification(prepared=LOCK), B) == "justification_prepared"


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (None, "justification_missing"),
        (justification(senders=(0, 2)), "justification_count"),
        (justification(senders=(0, 1, 2, 3, 4)), "justification_count"),
        (justification(senders=(0, 2, 2)), "justification_order"),
        (justification(senders=(2, 0, 3)), "justification_order"),
        (justification(senders=(0, 2, 4)), "justification_foreign"),
        (justification(view=2), "justification_foreign"),
        (justification(height=HEIGHT + 1), "justification_foreign"),
        (with_items(view_change(0), view_change(2, epoch=1), view_change(3)), "justification_foreign"),
        (with_items(view_change(0), view_change(2, validators_hash=B), view_change(3)), "justification_foreign"),
        (with_items(view_change(0), view_change(2, chain_id="other"), view_change(3)), "justification_foreign"),
        (with_items(view_change(0, prepared=LOCK), view_change(2), view_change(3), lock=LOCK),
         "justification_prepared"),
        (with_items(view_change(0), view_change(2), view_change(3), lock=LOCK), "justification_prepared"),
        (with_items(view_change(0), view_change(2, prepared_hash=A), view_change(3)), "justification_prepared"),
        (with_items(view_change(0), view_change(2, prepared_view=0), view_change(3)), "justification_prepared"),
        (with_items(view_change(0), view_change(2, prepared_view=1, prepared_hash=A), view_change(3)),
         "justification_prepared"),
    ],
)
def test_justification_is_refused(reason, code):
    """R2: at least q distinct members, for exactly this place, each prepared below it (S15)."""
    assert check(reason) == code


def test_justification_has_no_place_in_view_zero():
    """R2: view 0 needs none."""
    assert check_justification(pre_prepare(A, 0, justification()), validators()) == "justification_unwanted"
    assert check_justification(pre_prepare(A, 0), validators()) is None


@pytest.mark.parametrize(
    ("lock", "code"),
    [
        (None, "justification_prepared"),
        (certificate(block_hash=A, view=0), "justification_prepared"),
        (certificate(block_hash=B, view=1), "justification_prepared"),
        (certificate(block_hash=A, view=1, height=HEIGHT + 1), "justification_prepared"),
        (certificate(block_hash=A, view=1, signers=(0, 1)), "certificate_no_quorum"),
        (certificate(2, block_hash=A, view=1), "certificate_kind"),
    ],
)
def test_leader_cannot_hide_or_lower_the_highest_certificate(lock, code):
    """R2: the certificate is of the highest prepared view, of the hash named there, and valid (S16)."""
    high = certificate(block_hash=A, view=1)
    items = (stripped(0, certificate(block_hash=A, view=0)), stripped(1, high), stripped(3, None))

    assert check(Justification(items, high), view=2) is None
    assert check(Justification(items, lock), view=2) == code


def test_false_claim_beside_a_true_one_of_the_same_view_changes_nothing():
    """R2: a faulty VIEW_CHANGE may claim another hash; the certificate decides which claim holds."""
    true, false = certificate(block_hash=A, view=1), certificate(block_hash=B, view=1)
    items = (stripped(0, false), stripped(1, true), stripped(3, None))

    assert check(Justification(items, true), view=2) is None
    assert check(Justification((stripped(0, false), stripped(1, None), stripped(3, None)), true), view=2) is not None


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (view_change(0), None),
        (view_change(0, 1, LOCK), None),
        (view_change(0, 0), "view_change_to_zero"),
        (view_change(0, 1, LOCK, certificate=None), "view_change_prepared"),
        (view_change(0, 1, certificate=LOCK), "view_change_prepared"),
        (view_change(0, 1, LOCK, prepared_hash=B), "view_change_prepared"),
        (view_change(0, 1, LOCK, prepared_hash=b"x"), "view_change_prepared"),
        (view_change(0, 5, LOCK, prepared_view=1), "view_change_prepared"),
        (view_change(0, 1, certificate(view=1)), "view_change_prepared"),
        (view_change(0, 1, certificate(height=HEIGHT - 1)), "view_change_prepared"),
        (view_change(0, 1, certificate(2)), "certificate_kind"),
        (view_change(0, 1, msgspec.structs.replace(LOCK, signers=b"\x03")), "certificate_signature_count"),
    ],
)
def test_view_change_must_prove_what_it_claims(message, code):
    """R6: prepared view, hash and certificate belong together, or the leader could not use it (S14)."""
    assert check_view_change(message, validators()) == code
