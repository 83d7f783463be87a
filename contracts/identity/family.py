"""Identity as the registry lists it."""

from typing import Final

from contracts.identity import (
    accreditation,
    accrediting,
    collection,
    credential,
    issuing,
    management,
    outcome,
    outcome_recovery,
    outcome_registry,
    record,
    recovering,
    recovery,
)
from contracts.kernel.family import Family

FAMILY: Final = Family(
    name="identity",
    operations=(*management.OPERATIONS, *recovering.OPERATIONS, *accrediting.OPERATIONS, *issuing.OPERATIONS),
    events=(*outcome.EVENTS, *outcome_recovery.EVENTS, *outcome_registry.EVENTS),
    codes={**outcome.CODES, **outcome_recovery.CODES, **outcome_registry.CODES},
    records=(*record.RECORDS, *recovery.RECORDS, *accreditation.RECORDS, *credential.RECORDS),
    lifecycles=(record.LIFECYCLE, recovery.LIFECYCLE, accreditation.LIFECYCLE),
    collections=collection.COLLECTIONS,
)
"""Who is who, and who is trusted with what."""
