"""A relayer's numbers."""

from chainnode.relayer.metrics import CODES_MAX, LaneCount, render


def test_scrape_shows_lag_packets_failures_and_expiry() -> None:
    """What an operator alarms on."""
    count = LaneCount(pending=3, lag_blocks=7, client_age_ms=1_500, client_expires_ms=60_000, last_ok_ms=1_000)
    count.carried["receive"] += 2
    count.failed("unreachable")
    text = render({"harbour/chainnode-1": count}).decode()
    lane = 'lane="harbour/chainnode-1"'
    for line in (
        f'chainnode_relayer_carried_total{{kind="receive",{lane}}} 2.0',
        f'chainnode_relayer_failures_total{{code="unreachable",{lane}}} 1.0',
        f"chainnode_relayer_pending_packets{{{lane}}} 3.0",
        f"chainnode_relayer_lag_blocks{{{lane}}} 7.0",
        f"chainnode_relayer_client_age_seconds{{{lane}}} 1.5",
        f"chainnode_relayer_client_expires_seconds{{{lane}}} 60.0",
    ):
        assert line in text


def test_codes_of_a_hostile_chain_do_not_fill_the_memory() -> None:
    """Past ``CODES_MAX`` different codes all others are one."""
    count = LaneCount()
    for number in range(10 * CODES_MAX):
        count.failed(f"code-{number}")
    assert len(count.failures) == CODES_MAX + 1
    assert count.failures["other"] == 9 * CODES_MAX
    count.failed("code-0")
    assert count.failures["code-0"] == 2
