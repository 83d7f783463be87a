"""Who may not connect for a while, given the time as an argument.

Only nodes that proved their key are banned, so nobody can have another banned.
Each ban of a node is twice as long as the one before; a validator's stays short,
because a quorum may need it however it behaved.
"""

from collections import OrderedDict
from dataclasses import dataclass

from chainnode import limits


@dataclass(slots=True)
class _Ban:
    until_ms: int
    length_ms: int
    code: str


class BanList:
    """Temporary bans by node key; at most as many as links, the oldest forgotten first."""

    __slots__ = ("_bans",)

    def __init__(self) -> None:
        self._bans: OrderedDict[bytes, _Ban] = OrderedDict()

    def add(self, node_key: bytes, code: str, *, validator: bool, now_ms: int) -> int:
        """Ban from now on; the length in milliseconds."""
        length_max = limits.BAN_VALIDATOR_MS_MAX if validator else limits.BAN_OBSERVER_MS_MAX
        last = self._bans.pop(node_key, None)
        if last is None or now_ms - last.until_ms > limits.BAN_FORGET_MS:
            length_ms = limits.BAN_MS_MIN
        else:
            length_ms = min(2 * last.length_ms, length_max)
        self._bans[node_key] = _Ban(now_ms + length_ms, length_ms, code)
        if len(self._bans) > limits.LINKS_MAX:
            self._bans.popitem(last=False)
        return length_ms

    def reason(self, node_key: bytes, now_ms: int) -> str | None:
        """The code of the ban that is in force, if one is."""
        ban = self._bans.get(node_key)
        return ban.code if ban is not None and now_ms < ban.until_ms else None

    def active(self, now_ms: int) -> dict[bytes, str]:
        """Every banned node key with its code."""
        return {key: ban.code for key, ban in self._bans.items() if now_ms < ban.until_ms}
