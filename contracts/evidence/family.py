"""Evidence as the registry lists it."""

from typing import Final

from contracts.evidence.collection import COLLECTIONS
from contracts.evidence.outcome import CODES, EVENTS
from contracts.evidence.record import LIFECYCLE, RECORDS
from contracts.evidence.recording import OPERATIONS
from contracts.kernel.family import Family

FAMILY: Final = Family(
    name="evidence",
    operations=OPERATIONS,
    events=EVENTS,
    codes=CODES,
    records=RECORDS,
    lifecycles=(LIFECYCLE,),
    collections=COLLECTIONS,
)
"""What existed when."""
