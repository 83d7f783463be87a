"""Exit statuses, and how a failure is told: what was expected, what was found, what to do next.

| status | meaning |
|---|---|
| 0 | done |
| 1 | refused or failed: a transaction did not apply, a proof is not valid, the demo broke a promise |
| 2 | the command line or a configuration is wrong |
| 3 | this machine is in the way: a port, a disk, a file, a lock |
| 4 | what was asked for does not exist |
| 5 | no answer in time, so the outcome is not known; asking again is safe |
| 70 | a fault of chainnode itself |
| 130 | interrupted |
"""

import enum
from typing import Any, Final

import msgspec

from chainnode.errors import ChainError, ConfigError, Detail, NotFound, StoreError


class Exit(enum.IntEnum):
    """What the shell gets."""

    OK = 0
    FAILED = 1
    USAGE = 2
    ENVIRONMENT = 3
    NOT_FOUND = 4
    NO_ANSWER = 5
    BUG = 70
    INTERRUPTED = 130


class CommandError(ChainError):
    """A command cannot do what was asked; names its own exit status."""

    def __init__(self, code: str, message: str, status: Exit = Exit.FAILED, **details: Detail) -> None:
        super().__init__(code, message, **details)
        self.status: Final = status


class Failure(msgspec.Struct, frozen=True):
    """A failure as it is printed; with ``--json`` exactly these fields under ``error``, on stderr."""

    code: str
    message: str
    details: dict[str, Any]
    next: str
    """What to do, or nothing."""
    status: Exit


NEXT_STEP: Final[dict[str, str]] = {
    "port-taken": "stop the program that holds the port, or choose another: network.listen and api.listen of a node, "
    "--port-base of a demo or testnet",
    "no-network": "start one with `chainnode demo` or `chainnode testnet up DIR`, or name a node with --node URL",
    "wallet-needed": "name a key file or a development identity with --wallet; `chainnode key new` makes a key file",
    "wallet-unknown": "name a key file, or one of the identities that `chainnode testnet status` lists",
    "directory-not-empty": "choose another folder, or remove this one yourself",
    "directory-not-writable": "choose a folder you may write to",
    "not-a-network": "make one with `chainnode testnet init DIR`",
    "node-died": "read the end of the log above; the whole log stands in the folder of the node",
    "node-not-ready": "read the end of the log above; a slow machine may need --timeout",
    "config-unknown-key": "configs/ shows every key; `chainnode config check --config FILE` checks a file",
    "config-missing-key": "configs/ shows every key with a comment",
    "config-value": "configs/ shows every key with a comment",
    "key-file-permissions": "allow only yourself to read it: chmod 600 FILE",
    "passphrase-needed": "put it into a file of mode 0600 and name that file with --passphrase-file",
    "data-missing": "make the data directory once with `chainnode init --config FILE`",
    "data-of-other-chain": "name this chain's genesis file, or another data directory; never mix the two",
    "data-in-use": "another process uses this data directory: stop it first; two nodes on one key would be a fault",
    "disk-full": "free some space, then start the node again; nothing acknowledged is lost",
    "unreachable": "is the node running? `chainnode testnet status`; choose another with --node URL",
    "node-failed": "ask another node with --node URL; submitting the same bytes again is safe",
    "not-yet-committed": "ask again with `chainnode tx wait ID` before you resubmit; the same bytes are always safe",
    "genesis-hash": "give the 64 hexadecimal digits that the consortium published",
}
"""By code; a hint that came with the failure itself goes first."""

_DETAILS_SHOWN_MAX: Final = 12
_FOR_PROGRAMS: Final = frozenset({"status", "retryable"})
"""Of a node's answer: the HTTP status and what a program should make of it; --json has them."""


def describe(error: BaseException) -> Failure:
    """Any expected failure as it is to be printed."""
    if isinstance(error, ChainError):
        details = {name: value for name, value in error.details.items() if name != "hint"}
        hint = str(error.details.get("hint") or "")
        return Failure(error.code, error.message, details, hint or NEXT_STEP.get(error.code, ""), status_of(error))
    if isinstance(error, OSError):
        name = str(error.filename) if error.filename is not None else ""
        message = f"{name}: {error.strerror}" if name and error.strerror else str(error)
        return Failure("system", message, {}, "", Exit.ENVIRONMENT)
    return Failure("internal", f"{type(error).__name__}: {error}", {}, "", Exit.BUG)


def status_of(error: ChainError) -> Exit:
    """The exit status that belongs to a failure."""
    if isinstance(error, CommandError):
        return error.status
    if error.code in _ENVIRONMENT:
        return Exit.ENVIRONMENT
    if isinstance(error, ConfigError):
        return Exit.USAGE
    if isinstance(error, NotFound):
        return Exit.NOT_FOUND
    if isinstance(error, StoreError):
        return Exit.ENVIRONMENT
    if error.code in _NO_ANSWER:
        return Exit.NO_ANSWER
    return Exit.FAILED


_ENVIRONMENT: Final = frozenset({"port-taken", "listen-address", "file-missing", "file-unreadable"})
_NO_ANSWER: Final = frozenset({"unreachable", "node-failed", "bad-answer", "not-yet-committed", "commit-timeout"})
"""By code and not by type: this module loads with every command and must not import the client."""


def lines(failure: Failure) -> list[str]:
    """The failure for a person."""
    text = [f"chainnode: {failure.message} ({failure.code})"]
    details = {name: value for name, value in failure.details.items() if name not in _FOR_PROGRAMS}
    shown = [(name, value) for name, value in details.items() if value is not None]
    shown = [*shown[:_DETAILS_SHOWN_MAX], ("next", failure.next)] if failure.next else shown[:_DETAILS_SHOWN_MAX]
    width = max((len(name) for name, _ in shown), default=0)
    return text + [f"  {name:<{width}}  {value}" for name, value in shown]


def document(failure: Failure) -> dict[str, object]:
    """The failure for a program."""
    return {
        "error": {
            "code": failure.code,
            "message": failure.message,
            "details": failure.details,
            "next": failure.next,
            "exit_status": int(failure.status),
        }
    }
