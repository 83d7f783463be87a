"""Why a block may be proposed above view 0: made by the new leader, checked by everybody else.

The one rule that keeps a decision from being undone: a leader may propose freely only if q validators say that they
have prepared nothing; else it must propose the block of the highest prepared view among them, and prove it. If q
validators committed a block, any q VIEW_CHANGEs include an honest one of them, so that block is named.

Source: SPEC.md R2, R6, R7; Moniz 2020 (QBFT), ``isProposalJustification``.
"""

import msgspec

from consensus import limits, rejection
from consensus.certificates import PREPARE, check_certificate
from consensus.messages import NOTHING_PREPARED, Justification, PrePrepare, ViewChange
from consensus.quorum import ValidatorSet


def make_justification(view_changes: list[ViewChange]) -> Justification:
    """Join at least q VIEW_CHANGEs for one view, each checked with its certificate, ascending by sender."""
    highest = max(view_changes, key=lambda message: message.prepared_view)
    stripped = tuple(
        message if message.certificate is None else msgspec.structs.replace(message, certificate=None)
        for message in view_changes
    )
    return Justification(stripped, highest.certificate)


def check_view_change(message: ViewChange, validators: ValidatorSet) -> str | None:
    """Judge what a VIEW_CHANGE says about the block its sender prepared; the signatures remain to be verified."""
    if message.view < 1:
        return rejection.VIEW_CHANGE_TO_ZERO
    if not _prepared_is_plausible(message):
        return rejection.VIEW_CHANGE_PREPARED
    certificate = message.certificate
    if certificate is None:
        return None if message.prepared_view == NOTHING_PREPARED else rejection.VIEW_CHANGE_PREPARED
    if (
        certificate.height != message.height
        or certificate.view != message.prepared_view
        or certificate.block_hash != message.prepared_hash
    ):
        return rejection.VIEW_CHANGE_PREPARED
    return check_certificate(certificate, validators, kind=PREPARE, chain_id=message.chain_id)


def check_justification(message: PrePrepare, validators: ValidatorSet) -> str | None:
    """Judge whether ``message`` may be proposed in its view; the signatures remain to be verified.

    Returns:
        ``None``, or the code of what is wrong. A wrong justification makes the message worthless but convicts nobody,
        and it is no reason to leave the view.
    """
    justification = message.justification
    if message.view == 0:
        return None if justification is None else rejection.JUSTIFICATION_UNWANTED
    if justification is None:
        return rejection.JUSTIFICATION_MISSING
    view_changes = justification.view_changes
    if not validators.quorum <= len(view_changes) <= validators.size:
        return rejection.JUSTIFICATION_COUNT
    previous = -1
    for item in view_changes:
        if item.sender <= previous:
            return rejection.JUSTIFICATION_ORDER
        previous = item.sender
        if not _belongs(item, message, validators):
            return rejection.JUSTIFICATION_FOREIGN
        if item.certificate is not None or not _prepared_is_plausible(item):
            return rejection.JUSTIFICATION_PREPARED
    return _check_highest(message, justification, validators)


def _check_highest(message: PrePrepare, justification: Justification, validators: ValidatorSet) -> str | None:
    highest = max(item.prepared_view for item in justification.view_changes)
    certificate = justification.certificate
    if highest == NOTHING_PREPARED:
        return None if certificate is None else rejection.JUSTIFICATION_PREPARED
    # R2: a faulty VIEW_CHANGE may claim another hash for the same view, so the certificate decides which claim holds;
    # in one view only one block can have one.
    if (
        certificate is None
        or certificate.height != message.height
        or certificate.view != highest
        or certificate.block_hash != message.block_hash
        or not any(
            item.prepared_view == highest and item.prepared_hash == certificate.block_hash
            for item in justification.view_changes
        )
    ):
        return rejection.JUSTIFICATION_PREPARED
    return check_certificate(certificate, validators, kind=PREPARE, chain_id=message.chain_id)


def _belongs(item: ViewChange, message: PrePrepare, validators: ValidatorSet) -> bool:
    return (
        item.sender < validators.size
        and item.view == message.view
        and item.height == message.height
        and item.epoch == message.epoch
        and item.validators_hash == message.validators_hash
        and item.chain_id == message.chain_id
    )


def _prepared_is_plausible(message: ViewChange) -> bool:
    if message.prepared_view == NOTHING_PREPARED:
        return not message.prepared_hash
    return 0 <= message.prepared_view < message.view and len(message.prepared_hash) == limits.HASH_BYTES
