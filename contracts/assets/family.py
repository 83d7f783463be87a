"""Assets as the registry lists them."""

from typing import Final

from contracts.assets import lineage, lineage_outcome
from contracts.assets.dcat import problem
from contracts.assets.outcome import CODES, EVENTS
from contracts.assets.record import LIFECYCLE, RECORDS
from contracts.assets.registration import OPERATIONS
from contracts.kernel.family import Family

FAMILY: Final = Family(
    name="assets",
    operations=OPERATIONS,
    events=(*EVENTS, *lineage_outcome.EVENTS),
    codes={**CODES, **lineage_outcome.CODES, **problem.CODES},
    records=(*RECORDS, *lineage.RECORDS),
    lifecycles=(LIFECYCLE,),
)
"""What is registered."""
