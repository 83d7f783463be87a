"""What the network counted since it started, for metrics and tests."""

from collections import Counter
from dataclasses import dataclass, field

from chainnode.net.channel import CHANNELS, Channel


def _zeros() -> list[int]:
    return [0] * CHANNELS


@dataclass(slots=True)
class NetworkCounters:
    """Counters that only grow; lists are indexed by ``Channel``.

    Keys of ``refused`` and ``closed`` are codes of this package, or of the handler:
    never text from a peer, so their number is bounded.
    """

    messages_in: list[int] = field(default_factory=_zeros)
    bytes_in: list[int] = field(default_factory=_zeros)
    messages_out: list[int] = field(default_factory=_zeros)
    """Accepted into a send queue."""
    bytes_out: list[int] = field(default_factory=_zeros)
    dropped_out: list[int] = field(default_factory=_zeros)
    """Forgotten or refused because a send queue was full."""
    limited_in: list[int] = field(default_factory=_zeros)
    """Dropped because a peer sent more than its rate."""
    reading_paused: int = 0
    """Times a link was not read for a while because its peer sent more than its rate."""
    accepted: int = 0
    """TCP connections accepted, before any check."""
    refused: Counter[str] = field(default_factory=Counter)
    """Inbound connections that never became a link, by code."""
    dials_failed: Counter[str] = field(default_factory=Counter)
    """Outbound attempts that never became a link, by code."""
    closed: Counter[str] = field(default_factory=Counter)
    """Links that ended, by code."""
    bans: Counter[str] = field(default_factory=Counter)
    requests_failed: Counter[str] = field(default_factory=Counter)
    """Requests of ours without an answer, by code."""

    def snapshot(self) -> dict[str, int]:
        """Every counter by a flat name such as ``messages_in.consensus`` or ``refused.hello-chain``."""
        found: dict[str, int] = {"accepted": self.accepted, "reading_paused": self.reading_paused}
        for name in ("messages_in", "bytes_in", "messages_out", "bytes_out", "dropped_out", "limited_in"):
            values: list[int] = getattr(self, name)
            found |= {f"{name}.{channel.name.lower()}": values[channel] for channel in Channel}
        for name in ("refused", "dials_failed", "closed", "bans", "requests_failed"):
            by_code: Counter[str] = getattr(self, name)
            found |= {f"{name}.{code}": count for code, count in sorted(by_code.items())}
        return found
