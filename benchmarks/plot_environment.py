"""``./run bench plot``: makes the environment that draws, once, and draws in it.

matplotlib is no part of the product nor of its tests: ``.venv-plots`` holds it, from ``plots.lock``, by hash.
"""

import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from benchmarks.machine import ROOT

PYTHON: Final = ROOT / ".venv-plots" / "bin" / "python"


def main(arguments: Sequence[str]) -> int:
    """Exit status of ``benchmarks.plot``, or of the attempt to make its environment."""
    made = subprocess.run([sys.executable, ROOT / "run", "plots"], check=False)
    if made.returncode:
        return made.returncode
    return subprocess.run([PYTHON, "-m", "benchmarks.plot", *arguments], check=False, cwd=ROOT).returncode
