"""The process of a profiled node: ``python -m benchmarks.profiled_node FILE start --config ...``.

The same command as any node's, under cProfile with the clock of processor time, so that waiting costs nothing; the
statistics are written to FILE when the node has been told to stop.
"""

import cProfile
import sys
import time

from chainnode.cli.main import main as chainnode


def main(path: str, arguments: list[str]) -> int:
    """Exit status of the node."""
    profile = cProfile.Profile(time.process_time)
    try:
        return profile.runcall(chainnode, arguments)
    finally:
        profile.dump_stats(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
