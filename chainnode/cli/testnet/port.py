"""Loopback ports for a new network.

Ports come from below the system's ephemeral range: the system gives ephemeral ports to outgoing connections at any
moment, so a validator that is down for a second could find its own port taken by a stranger.
"""

import errno
import random
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Self

from chainnode.cli.failure import CommandError, Exit

LOOPBACK: Final = "127.0.0.1"
_LOWEST: Final = 20_000
_EPHEMERAL_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_EPHEMERAL_DEFAULT: Final = 32_768
_ATTEMPTS_PER_PORT: Final = 50


class Reservation:
    """Ports that nobody else who asks first will take, while their nodes are made, started or down.

    A socket that is bound but does not listen, with SO_REUSEADDR, keeps a port from everybody who does not set that
    option, ``is_free`` among them, yet lets a node's listener have it, which sets it.
    """

    def __init__(self, ports: Iterable[int]) -> None:
        """Hold the ports from now on; one that another program has just taken is passed over."""
        self._sockets: list[socket.socket] = []
        for number in ports:
            holder = socket.socket()
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                holder.bind((LOOPBACK, number))
            except OSError:
                holder.close()
            else:
                self._sockets.append(holder)

    def close(self) -> None:
        """Let go of all of them."""
        for holder in self._sockets:
            holder.close()
        self._sockets.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def free_ports(count: int) -> list[int]:
    """Distinct loopback ports that nobody holds at this moment.

    Raises:
        CommandError: ``port-taken``: too many of those tried are in use.
    """
    candidates = range(_LOWEST, max(_ephemeral_start(), _LOWEST + 1_000))
    found: list[int] = []
    for port in random.SystemRandom().sample(candidates, min(len(candidates), count * _ATTEMPTS_PER_PORT)):
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    if len(found) < count:
        searched = f"between {candidates.start} and {candidates.stop}"
        raise _taken(f"{count} free ports {searched} on {LOOPBACK}", f"{len(found)}")
    return found


def ports_from(base: int, count: int) -> list[int]:
    """The ports ``base``, ``base + 1`` ..., all of them free.

    Raises:
        CommandError: ``port-taken``, naming the first one in use.
    """
    for port in range(base, base + count):
        if port > 65_535 or not is_free(port):
            raise _taken(f"ports {base} to {base + count - 1} free on {LOOPBACK}", f"{port} is in use or not allowed")
    return list(range(base, base + count))


def is_free(port: int, *, for_listener: bool = False) -> bool:
    """Whether nobody holds this loopback port.

    ``for_listener``: whether a node could listen on it, which it can on a port that is held for it or still cools down
    from a former run.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(for_listener))
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def _ephemeral_start() -> int:
    try:
        return int(_EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _EPHEMERAL_DEFAULT


def _taken(expected: str, found: str) -> CommandError:
    message = "the ports that the network needs are not free"
    return CommandError("port-taken", message, Exit.ENVIRONMENT, expected=expected, found=found)
