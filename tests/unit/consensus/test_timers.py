"""How long timers run."""

import pytest

from consensus.timers import TimerConfig


def test_view_timeout_grows_by_half_and_is_capped():
    """Timers: min(T0 x 1.5^view, cap)."""
    config = TimerConfig(view_timeout_ms=2_000, view_timeout_max_ms=30_000)

    assert [config.view_timeout_of(config.view_timeout_ms, view) for view in range(8)] == [
        2_000, 3_000, 4_500, 6_750, 10_125, 15_188, 22_782, 30_000,
    ]
    assert config.view_timeout_of(2_000, 2**31 - 1) == 30_000


def test_view_timeout_grows_from_a_single_millisecond():
    """Timers: rounding must not stop the growth."""
    config = TimerConfig(view_timeout_ms=1, view_timeout_max_ms=100)

    assert config.view_timeout_of(1, 20) == 100


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_wait_ms": -1},
        {"idle_block_ms": -1},
        {"view_timeout_ms": 0},
        {"view_timeout_ms": 5_000, "view_timeout_max_ms": 4_000},
        {"resend_ms": 0},
    ],
)
def test_timer_config_refuses(wrong):
    """Parameters of the chain are checked where they enter."""
    with pytest.raises(ValueError, match="must"):
        TimerConfig(**wrong)
