"""Disputes as the registry lists them."""

from typing import Final

from contracts.disputes import enforcement, filing, hearing
from contracts.disputes.collection import COLLECTIONS
from contracts.disputes.outcome import CODES, EVENTS
from contracts.disputes.record import LIFECYCLE, RECORDS
from contracts.kernel.family import Family

FAMILY: Final = Family(
    name="disputes",
    operations=(*filing.OPERATIONS, *hearing.OPERATIONS, *enforcement.OPERATIONS),
    events=EVENTS,
    codes=CODES,
    records=RECORDS,
    lifecycles=(LIFECYCLE,),
    collections=COLLECTIONS,
)
"""What is contested."""
