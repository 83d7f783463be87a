"""Where tests find the checkout and the material beside it: others' test vectors and real catalogues.

The material is large and belongs to others, so it is read in place and never copied into the project. A
checkout without it still passes its own tests: those that need it skip and say so. Under ``CI=true`` they
fail instead, because there a missing folder is a broken set-up and a silent skip would hide it.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
"""The top folder of the checkout."""


def shared(*parts: str) -> Path:
    """The existing file or folder ``../shared/<parts>`` beside the checkout.

    May be called in a test, in a fixture or while a test module is imported (for parametrisation); in the last
    case the whole module skips.

    Raises:
        pytest.skip.Exception: it is absent and this is not a CI run.
        pytest.fail.Exception: it is absent and the environment says ``CI=true``.
    """
    path = ROOT.parent.joinpath("shared", *parts)
    if path.exists():
        return path
    missing = f"{Path('..', 'shared', *parts)} is not beside the checkout"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{missing}, and CI must have it", pytrace=False)
    pytest.skip(missing, allow_module_level=True)
