"""Pauses grow, stay within bounds, and begin again."""

from chainnode.relayer.backoff import PAUSE_MS_MAX, PAUSE_MS_MIN, Backoff


def test_pause_doubles_to_its_bound_and_begins_again_after_a_success() -> None:
    """Longer after each, never for ever."""
    backoff = Backoff()
    for failures in range(64):
        ceiling = min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2**failures)
        assert backoff.failures == failures
        assert ceiling // 2 <= backoff.failed() <= ceiling
    backoff.succeeded()
    assert backoff.failures == 0
    assert backoff.failed() <= PAUSE_MS_MIN


def test_pauses_differ() -> None:
    """Never all at one moment: a hundred relayers that failed together do not come back together."""
    pauses = set()
    for _ in range(100):
        backoff = Backoff()
        for _ in range(5):
            backoff.failed()
        pauses.add(backoff.failed())
    assert len(pauses) > 50
