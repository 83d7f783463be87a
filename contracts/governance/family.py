"""Governance as the registry lists it."""

from typing import Final

from contracts.governance import administration, ordering, proposing, rulemaking, succession
from contracts.governance.collection import COLLECTIONS
from contracts.governance.order import ORDER
from contracts.governance.outcome import CODES, EVENTS
from contracts.governance.proposal import PROPOSAL
from contracts.governance.record import RECORDS
from contracts.kernel.family import Family

FAMILY: Final = Family(
    name="governance",
    operations=(
        *administration.OPERATIONS,
        *rulemaking.OPERATIONS,
        *succession.OPERATIONS,
        *proposing.OPERATIONS,
        *ordering.OPERATIONS,
    ),
    events=EVENTS,
    codes=CODES,
    records=RECORDS,
    lifecycles=(PROPOSAL, ORDER),
    collections=COLLECTIONS,
)
"""Who may do what, and who agrees."""
