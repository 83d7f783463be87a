"""Processes that end with the one that started them."""

import ctypes
import os
import signal
import sys
from typing import Final

from chainnode.cli.failure import CommandError, Exit

_PR_SET_PDEATHSIG: Final = 1


def die_with_parent(parent_pid: int) -> None:
    """Ask the kernel to end this process with its parent, and end now if that came too late.

    Without it a demo whose terminal was killed would leave processes behind, which nobody knows of. Killing is safe:
    what was acknowledged is durable.

    Raises:
        CommandError: ``parent-gone``.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        raise CommandError("parent-gone", "the process that started this one has ended", Exit.ENVIRONMENT)
