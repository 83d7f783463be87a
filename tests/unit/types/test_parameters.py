"""Parameters of the whole chain."""

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.types.parameters import ChainParameters, decode_parameters


def test_parameters_are_plain_message_pack() -> None:
    """[tag 7, ...] in the order of the fields, defaults written out; golden: they lie in the state of every chain."""
    plain = [7, 10, 10_000, 2_000, 30_000, 1_000, 1_000, 2_000, 2 * 1024 * 1024, 10_000, 2_000, 10_000, 100]
    assert msgpack.packb(plain) == encode(ChainParameters())
    assert decode_parameters(encode(ChainParameters())) == ChainParameters()


def test_timers_reach_the_agreement_core_unchanged() -> None:
    """The part the agreement core needs, field by field."""
    found = ChainParameters(1, 2, 51, 52, 53).timer_config()
    assert (found.batch_wait_ms, found.idle_block_ms) == (1, 2)
    assert (found.view_timeout_ms, found.view_timeout_max_ms, found.resend_ms) == (51, 52, 53)


@pytest.mark.parametrize(
    "fields",
    [
        {"batch_wait_ms": -1},
        {"view_timeout_ms": 49},
        {"view_timeout_max_ms": 600_001},
        {"validity_window": 9},
        {"block_transactions_max": 0},
        {"block_transactions_max": 10_001},
        {"block_bytes_max": 1},
        {"block_work_max": 8_191},
        {"clock_ahead_ms": 3_600_001},
        {"epoch_blocks": 3},
    ],
)
def test_parameter_outside_its_bounds_is_refused(fields: dict[str, int]) -> None:
    """A governance mistake must not stop the chain."""
    with pytest.raises(DecodeError):
        decode_parameters(encode(msgspec.structs.replace(ChainParameters(), **fields)))
