"""Rights as the registry lists them."""

from typing import Final

from contracts.kernel.family import Family
from contracts.rights import exercise, granting
from contracts.rights.collection import COLLECTIONS
from contracts.rights.outcome import EVENTS
from contracts.rights.record import LIFECYCLE, RECORDS
from contracts.rights.refusal import CODES

FAMILY: Final = Family(
    name="rights",
    operations=(*granting.OPERATIONS, *exercise.OPERATIONS),
    events=EVENTS,
    codes=CODES,
    records=RECORDS,
    lifecycles=(LIFECYCLE,),
    collections=COLLECTIONS,
)
"""Who may do what with an asset."""
