"""chainnode/net/ban.py."""

from chainnode import limits
from chainnode.net.ban import BanList

KEY = bytes(32)


def test_ban_holds_for_its_length_and_then_ends() -> None:
    bans = BanList()
    length_ms = bans.add(KEY, "lied", validator=False, now_ms=1000)
    assert length_ms == limits.BAN_MS_MIN
    assert bans.reason(KEY, 1000 + length_ms - 1) == "lied"
    assert bans.reason(KEY, 1000 + length_ms) is None
    assert bans.active(1000) == {KEY: "lied"}
    assert bans.active(1000 + length_ms) == {}


def test_each_ban_is_twice_as_long_up_to_the_bound_of_the_role() -> None:
    """A validator's bans stay short: a quorum may need it however it behaved."""
    for validator, bound in ((True, limits.BAN_VALIDATOR_MS_MAX), (False, limits.BAN_OBSERVER_MS_MAX)):
        bans, now_ms, lengths = BanList(), 0, []
        for _ in range(12):
            lengths.append(bans.add(KEY, "x", validator=validator, now_ms=now_ms))
            now_ms += lengths[-1]
        assert lengths[:3] == [1000, 2000, 4000]
        assert lengths[-1] == bound


def test_good_conduct_makes_the_next_ban_a_first_one() -> None:
    bans = BanList()
    first = bans.add(KEY, "x", validator=False, now_ms=0)
    assert bans.add(KEY, "x", validator=False, now_ms=first) == 2 * first
    assert bans.add(KEY, "x", validator=False, now_ms=10 * limits.BAN_FORGET_MS) == first


def test_list_is_bounded() -> None:
    bans = BanList()
    for number in range(limits.LINKS_MAX + 10):
        bans.add(number.to_bytes(32, "big"), "x", validator=False, now_ms=0)
    assert len(bans.active(0)) == limits.LINKS_MAX
