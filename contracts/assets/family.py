"""Assets as the registry lists them."""

from typing import Final

from contracts.assets import lineage, lineage_outcome, pending, record, registrar, registration
from contracts.assets.collection import COLLECTIONS
from contracts.assets.dcat import problem
from contracts.assets.outcome import CODES, EVENTS
from contracts.kernel.family import Family

FAMILY: Final = Family(
    name="assets",
    operations=(*registration.OPERATIONS, *registrar.OPERATIONS),
    events=(*EVENTS, *lineage_outcome.EVENTS),
    codes={**CODES, **lineage_outcome.CODES, **problem.CODES},
    records=(*record.RECORDS, *pending.RECORDS, *registrar.RECORDS, *lineage.RECORDS),
    lifecycles=(record.LIFECYCLE,),
    collections=COLLECTIONS,
)
"""What is registered."""
