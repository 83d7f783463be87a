"""Governance as the registry lists it."""

from typing import Final

from contracts.governance import administration, succession
from contracts.governance.collection import COLLECTIONS
from contracts.governance.outcome import CODES, EVENTS
from contracts.governance.record import RECORDS
from contracts.kernel.family import Family

FAMILY: Final = Family(
    name="governance",
    operations=(*administration.OPERATIONS, *succession.OPERATIONS),
    events=EVENTS,
    codes=CODES,
    records=RECORDS,
    collections=COLLECTIONS,
)
"""Who may do what, and who agrees."""
