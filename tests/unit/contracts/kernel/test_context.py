from contracts.evidence.outcome import EvidenceSuperseded
from contracts.kernel.context import Context


def context(height: int) -> Context:
    return Context(chain_id="c", height=height, time_ms=5, tx_id=bytes(32), index=0, sender="", signers=())


def test_emitted_events_keep_their_order() -> None:
    here = context(3)
    for number in (1, 2):
        here.emit(EvidenceSuperseded(bytes((number,)), "did", b""))
    assert [event.attributes["evidence_id"] for event in here.events] == [b"\x01", b"\x02"]


def test_only_height_zero_is_genesis() -> None:
    assert context(0).at_genesis
    assert not context(1).at_genesis
