"""Codes for messages that are of no use. A peer's fault is a returned code, never an exception.

Codes are stable: operators see them as metric labels and in logs. Those that start with ``certificate_`` come from
``certificates.check_certificate``.

Source: SPEC.md F0.
"""

from typing import Final

HALTED: Final = "halted"
NOT_VALIDATOR: Final = "not_validator"
"""This node is an observer: it counts no votes."""
WRONG_CHAIN: Final = "wrong_chain"
WRONG_EPOCH: Final = "wrong_epoch"
WRONG_VALIDATORS: Final = "wrong_validators"
UNKNOWN_SENDER: Final = "unknown_sender"
UNSIGNED: Final = "unsigned"
OLD_HEIGHT: Final = "old_height"
FUTURE_HEIGHT: Final = "future_height"
"""A hint that we are behind, and no more: it starts nothing (R9)."""
DECIDED: Final = "decided"
"""The height is decided here and waits to be applied."""
VIEW_TOO_HIGH: Final = "view_too_high"
STALE_VIEW: Final = "stale_view"
NOT_LEADER: Final = "not_leader"
DUPLICATE: Final = "duplicate"
ACCUSED: Final = "accused"
"""Equivocation of this sender at this height is reported already."""
NO_HELP_DUE: Final = "no_help_due"
"""A STATUS that calls for nothing now: its sender is not behind, does not vote, or was helped a moment ago."""
SYNCING: Final = "syncing"
VIEW_CHANGE_TO_ZERO: Final = "view_change_to_zero"
VIEW_CHANGE_PREPARED: Final = "view_change_prepared"
"""Prepared view, prepared hash and certificate of a VIEW_CHANGE do not belong together."""
JUSTIFICATION_MISSING: Final = "justification_missing"
JUSTIFICATION_UNWANTED: Final = "justification_unwanted"
JUSTIFICATION_COUNT: Final = "justification_count"
JUSTIFICATION_ORDER: Final = "justification_order"
"""VIEW_CHANGEs of one sender twice, or not ascending by sender."""
JUSTIFICATION_FOREIGN: Final = "justification_foreign"
"""A VIEW_CHANGE of another chain, epoch, set, height or view, or by no member."""
JUSTIFICATION_PREPARED: Final = "justification_prepared"
"""The certificate is not the one of the highest prepared view, or the block is not the one it names."""
