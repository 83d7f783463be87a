"""Identity as the registry lists it."""

from typing import Final

from contracts.identity import accreditation, accrediting, management, outcome, outcome_registry, record
from contracts.kernel.family import Family

FAMILY: Final = Family(
    name="identity",
    operations=(*management.OPERATIONS, *accrediting.OPERATIONS),
    events=(*outcome.EVENTS, *outcome_registry.EVENTS),
    codes={**outcome.CODES, **outcome_registry.CODES},
    records=(*record.RECORDS, *accreditation.RECORDS),
    lifecycles=(accreditation.LIFECYCLE,),
)
"""Who is who, and who is trusted with what."""
