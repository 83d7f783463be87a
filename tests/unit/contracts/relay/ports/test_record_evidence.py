"""Checkpoints and anchors stand under their client, and read back."""

from contracts.kernel.registry import describe
from contracts.relay.ports import checkpoint
from contracts.relay.ports.message import CheckpointMessage
from contracts.relay.ports.record_evidence import (
    anchor_key,
    checkpoint_key,
    read_anchor,
    read_checkpoint,
    write_checkpoint,
)
from tests.unit.contracts.relay.connected import CLIENT_ID
from tests.unit.contracts.relay.ports.desk import NOW_MS, PROOF_HEIGHT, Desk
from tests.unit.contracts.relay.ports.samples import ASK


def test_checkpoint_and_anchor_are_described() -> None:
    """By client and sequence; by client and height."""
    desk = Desk()
    desk.must("governor", ASK)
    assert desk.hear(checkpoint.PORT, CheckpointMessage(5, NOW_MS)) == "ok"
    found = read_checkpoint(desk.overlay, CLIENT_ID, 1)
    assert found is not None
    write_checkpoint(desk.overlay, found)
    assert read_checkpoint(desk.overlay, CLIENT_ID, 1) == found
    assert read_checkpoint(desk.overlay, CLIENT_ID, 2) is None
    assert read_anchor(desk.overlay, "chainnode-2", PROOF_HEIGHT) is None
    for key, kind in (
        (checkpoint_key(CLIENT_ID, 1), "CheckpointRecord"),
        (anchor_key(CLIENT_ID, PROOF_HEIGHT), "AnchorRecord"),
    ):
        value = desk.overlay.get(key)
        assert value is not None
        assert describe(key, value)["type"] == kind
