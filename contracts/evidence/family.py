"""Evidence as the registry lists it."""

from typing import Final

from contracts.evidence import continuation, countersigning, recording
from contracts.evidence.collection import COLLECTIONS
from contracts.evidence.outcome import CODES, EVENTS
from contracts.evidence.public_data import handling, outcome
from contracts.evidence.public_data.record import LIFECYCLE as PUBLIC_DATA
from contracts.evidence.public_data.record import RECORDS as PUBLIC_DATA_RECORDS
from contracts.evidence.record import LIFECYCLE, RECORDS, SIGNING
from contracts.kernel.family import Family

FAMILY: Final = Family(
    name="evidence",
    operations=(
        *recording.OPERATIONS,
        *continuation.OPERATIONS,
        *countersigning.OPERATIONS,
        *handling.OPERATIONS,
    ),
    events=(*EVENTS, *outcome.EVENTS),
    codes={**CODES, **outcome.CODES},
    records=(*RECORDS, *PUBLIC_DATA_RECORDS),
    lifecycles=(LIFECYCLE, SIGNING, PUBLIC_DATA),
    collections=COLLECTIONS,
)
"""What existed when."""
