"""Every exception this project raises, and what a caller is expected to do.

    ChainError
    |- DecodeError       bytes are not canonical                  -> drop, count, answer the code
    |- PeerError         a peer broke the protocol                -> close the link, score the peer
    |- RequestFailed     a peer did not answer what we asked      -> ask another peer, or later
    |- Rejected          a client's request cannot be accepted    -> answer with its code; nothing changed
    |- NotFound          what was asked for is not here           -> 404, or 410 when it was pruned
    |- StoreError        the disk failed                          -> stop signing, keep reading, say so
    |  `- StoreCorrupt   stored bytes contradict their checksum   -> recover from peers, never truncate
    |- ConfigError       an operator's mistake                    -> print, exit 2
    `- Misuse            our own caller broke a contract (a bug)  -> fix it

    InvariantBroken      not a ChainError: nothing catches it but the crash handler of the command line;
                         the agreement core raises the same one, whence it comes

Every ChainError carries a stable ``code`` (kebab-case, listed in the API's
problem catalogue) and ``details`` of plain values for the reader: what was
expected, what was found.
"""

from typing import Final

from consensus.invariant import InvariantBroken, invariant

__all__ = [
    "ChainError",
    "ConfigError",
    "DecodeError",
    "Detail",
    "InvariantBroken",
    "Misuse",
    "NotFound",
    "PeerError",
    "Rejected",
    "RequestFailed",
    "StoreCorrupt",
    "StoreError",
    "invariant",
]

Detail = str | int | bool | None


class ChainError(Exception):
    """Base of every expected failure."""

    def __init__(self, code: str, message: str, **details: Detail) -> None:
        super().__init__(message)
        self.code: Final = code
        """Stable kebab-case name of this failure; part of the public interface."""
        self.details: Final = details
        """Plain values a reader needs: limits, sizes, ids."""

    @property
    def message(self) -> str:
        """One sentence for a person, without a trailing stop."""
        return str(self.args[0])


class DecodeError(ChainError):
    """Input bytes are not the canonical encoding of the expected type."""


class PeerError(ChainError):
    """A peer broke the protocol; the link to it cannot continue."""


class RequestFailed(ChainError):
    """A peer did not answer a request: no link, too late, busy, or it answered with an error code."""


class Rejected(ChainError):
    """A client's request cannot be accepted; nothing was changed by it."""


class NotFound(ChainError):
    """The thing asked for does not exist here."""


class StoreError(ChainError):
    """The disk refused: full, failing, or locked by another process."""


class StoreCorrupt(StoreError):
    """Stored bytes contradict their checksum or each other."""


class ConfigError(ChainError):
    """An operator's mistake: the message says what to change."""


class Misuse(ChainError):
    """Our own code broke a documented contract."""
