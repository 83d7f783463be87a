"""Identity as the registry lists it."""

from typing import Final

from contracts.identity.management import OPERATIONS
from contracts.identity.outcome import CODES, EVENTS
from contracts.identity.record import RECORDS
from contracts.kernel.family import Family

FAMILY: Final = Family(name="identity", operations=OPERATIONS, events=EVENTS, codes=CODES, records=RECORDS)
"""Who is who."""
