"""What one peer may cost: an allowance of its own, which a new link does not refill."""

from chainnode import limits
from chainnode.node.share import PeerShare
from tests.unit.node.clock import StillClock


def test_peer_pays_from_its_own_share() -> None:
    """Units a second, with a reserve for one that was quiet."""
    clock = StillClock()
    share = PeerShare(10, 20, clock)
    assert share.take(b"a", 20)
    assert not share.take(b"a", 1)
    assert share.take(b"b", 20)
    clock.monotonic += 500
    assert share.take(b"a", 5)
    assert not share.take(b"a", 1)


def test_debt_is_paid_before_anything_is_granted() -> None:
    """Work whose size is known only afterwards."""
    clock = StillClock()
    share = PeerShare(10, 10, clock)
    assert share.take(b"a", 1)
    share.charge(b"a", 29)
    clock.monotonic += 2_000
    assert not share.take(b"a", 1)
    clock.monotonic += 100
    assert share.take(b"a", 1)


def test_shares_are_kept_for_as_many_peers_as_may_connect() -> None:
    """Bounded by the links; the one unused for longest is forgotten."""
    share = PeerShare(1, 1, StillClock())
    for number in range(limits.LINKS_MAX):
        assert share.take(number.to_bytes(32, "big"), 1)
    assert not share.take(bytes(32), 1)
    assert share.take(b"x" * 32, 1)
    assert not share.take(bytes(32), 1)
