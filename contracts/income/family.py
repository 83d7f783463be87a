"""Income as the registry lists it."""

from typing import Final

from contracts.income.collection import COLLECTIONS
from contracts.income.distribution import OPERATIONS
from contracts.income.outcome import CODES, EVENTS
from contracts.income.record import LIFECYCLE, RECORDS
from contracts.kernel.family import Family

FAMILY: Final = Family(
    name="income",
    operations=OPERATIONS,
    events=EVENTS,
    codes=CODES,
    records=RECORDS,
    lifecycles=(LIFECYCLE,),
    collections=COLLECTIONS,
)
"""Who receives what."""
