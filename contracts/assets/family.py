"""Assets as the registry lists them."""

from typing import Final

from contracts.assets import (
    announcement,
    application,
    application_record,
    decision,
    lineage,
    lineage_outcome,
    outcome_application,
    outcome_request,
    pending,
    record,
    registrar,
    registration,
    request,
    review,
)
from contracts.assets.collection import COLLECTIONS
from contracts.assets.dcat import problem
from contracts.assets.outcome import CODES, EVENTS
from contracts.kernel.family import Family

FAMILY: Final = Family(
    name="assets",
    operations=(
        *registration.OPERATIONS,
        *registrar.OPERATIONS,
        *application.OPERATIONS,
        *review.OPERATIONS,
        *announcement.OPERATIONS,
        *request.OPERATIONS,
        *decision.OPERATIONS,
    ),
    events=(*EVENTS, *outcome_application.EVENTS, *outcome_request.EVENTS, *lineage_outcome.EVENTS),
    codes={
        **CODES,
        **outcome_application.CODES,
        **outcome_request.CODES,
        **lineage_outcome.CODES,
        **problem.CODES,
    },
    records=(
        *record.RECORDS,
        *application_record.RECORDS,
        *pending.RECORDS,
        *registrar.RECORDS,
        *lineage.RECORDS,
    ),
    lifecycles=(application_record.LIFECYCLE, record.LIFECYCLE),
    collections=COLLECTIONS,
)
"""What is registered."""
