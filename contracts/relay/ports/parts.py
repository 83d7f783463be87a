"""What the ports add to the family: their tables, joined."""

from typing import Final

from contracts.relay.ports import (
    accreditation,
    checkpoint,
    recognition,
    record,
    record_evidence,
    record_trade,
    registry,
)
from contracts.relay.ports import trade as trade_port

OPERATIONS: Final = (
    *registry.OPERATIONS,
    *accreditation.OPERATIONS,
    *recognition.OPERATIONS,
    *checkpoint.OPERATIONS,
    *trade_port.OPERATIONS,
)
RECORDS: Final = (*record.RECORDS, *record_evidence.RECORDS, *record_trade.RECORDS)
LIFECYCLES: Final = (
    record.ANNOUNCEMENT,
    record.RECOGNITION,
    record_evidence.CHECKPOINT,
    record_trade.ORDER,
    record_trade.FOREIGN_ORDER,
)
