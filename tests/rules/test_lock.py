"""The lock that ``./run`` installs from: complete for what pyproject.toml asks, and every package pinned by hash."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.rules.source import report
from tests.support.shared import ROOT

ENTRY = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?P<rest>(?:.*\\\n)*.*)", re.MULTILINE)


def locked() -> dict[str, tuple[str, str]]:
    text = (ROOT / "requirements.lock").read_text()
    return {canonicalize_name(m["name"]): (m["version"], m["rest"]) for m in ENTRY.finditer(text)}


def test_lock_satisfies_every_direct_dependency() -> None:
    """``./run lock`` follows every change of the dependencies."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    pins = locked()
    wrong = []
    for requirement in map(Requirement, lines):
        version, _ = pins.get(canonicalize_name(requirement.name), ("", ""))
        if not version or not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement}: the lock has {version or 'nothing'}")
    assert not wrong, report("requirements.lock is behind pyproject.toml (./run lock):", wrong)


def test_lock_holds_a_hash_for_every_entry() -> None:
    """Nothing is installed that the lock does not name by its SHA-256."""
    pins = locked()
    assert pins, "requirements.lock names no package"
    bare = [name for name, (_, rest) in pins.items() if not re.search(r"--hash=sha256:[0-9a-f]{64}", rest)]
    assert not bare, report("entries without a hash:", bare)


def test_lock_holds_nothing_but_pinned_entries() -> None:
    """No URL, no editable, no index option, no open range: one line, one version."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    other = [line for line in lines if not re.match(r"([\w.-]+==\S+( ; .+)? \\$| {4}--hash=sha256:| *#|$)", line)]
    assert not other, report("lines that pin nothing:", other)
