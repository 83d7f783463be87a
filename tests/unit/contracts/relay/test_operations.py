"""The wire forms and their form rules."""

import msgspec
import pytest

from contracts.kernel.operation import encode_operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.registry import decode_operation
from contracts.relay.operations import PROOF_BYTES_MAX, ReceivePacket, check_attestors
from tests.unit.contracts.relay.remote import ARRIVING, HELLO


@pytest.mark.parametrize(
    ("attestors", "threshold", "fine"),
    [
        ((b"a" * 32, b"b" * 32), 2, True),
        ((b"b" * 32, b"a" * 32), 1, False),
        ((b"a" * 32, b"a" * 32), 1, False),
        ((b"a" * 32,), 2, False),
    ],
)
def test_attestors_stand_once_in_order_and_suffice(attestors: tuple[bytes, ...], threshold: int, fine: bool) -> None:
    """operations: ``relay-attestors``."""
    if fine:
        check_attestors(attestors, threshold)
        return
    with pytest.raises(OperationFailed) as refusal:
        check_attestors(attestors, threshold)
    assert refusal.value.code == "relay-attestors"


@pytest.mark.parametrize(
    "changes",
    [
        {"packet": msgspec.structs.replace(ARRIVING, sequence=0)},
        {"packet": msgspec.structs.replace(ARRIVING, timeout_s=0)},
        {"packet": msgspec.structs.replace(ARRIVING, source_client="a/b")},
        {"packet": msgspec.structs.replace(ARRIVING, source_client="a\x01bc")},
        {"packet": msgspec.structs.replace(ARRIVING, payloads=())},
        {"packet": msgspec.structs.replace(ARRIVING, payloads=(msgspec.structs.replace(HELLO, value=b""),))},
        {"proof": bytes(PROOF_BYTES_MAX + 1)},
        {"proof": b""},
        {"proof_height": -1},
    ],
)
def test_packet_out_of_bounds_is_no_operation(changes: dict[str, object]) -> None:
    """packet: client ids hold no separators, so no two packets share a key; sizes are bounded before anything runs."""
    good = ReceivePacket(ARRIVING, 2, b"proof")
    assert decode_operation(encode_operation(good)) == good
    with pytest.raises(OperationFailed) as refusal:
        decode_operation(encode_operation(msgspec.structs.replace(good, **changes)))
    assert refusal.value.code == "operation-malformed"
