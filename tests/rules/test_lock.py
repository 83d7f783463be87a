"""The locks that ``./run`` installs from: complete for what pyproject.toml asks, and every package pinned by hash."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.rules.source import report
from tests.support.shared import ROOT

ENTRY = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?P<rest>(?:.*\\\n)*.*)", re.MULTILINE)


LOCKS = {"requirements.lock": "dev", "benchmarks/plots.lock": "plots"}
"""Each with the group of dependencies that it is for."""


def locked(name: str) -> dict[str, tuple[str, str]]:
    text = (ROOT / name).read_text()
    return {canonicalize_name(m["name"]): (m["version"], m["rest"]) for m in ENTRY.finditer(text)}


def test_lock_satisfies_every_direct_dependency() -> None:
    """``./run lock`` follows every change of the dependencies."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wrong = []
    for name, group in LOCKS.items():
        lines = project["dependency-groups"][group] + (project["project"]["dependencies"] if group == "dev" else [])
        pins = locked(name)
        for requirement in map(Requirement, lines):
            version, _ = pins.get(canonicalize_name(requirement.name), ("", ""))
            if not version or not requirement.specifier.contains(version, prereleases=True):
                wrong.append(f"{requirement}: {name} has {version or 'nothing'}")
    assert not wrong, report("locks behind pyproject.toml (./run lock):", wrong)


def test_reports_are_written_and_drawn_by_the_same_msgspec() -> None:
    """What draws is another environment; both must understand the same files."""
    assert locked("benchmarks/plots.lock")["msgspec"][0] == locked("requirements.lock")["msgspec"][0]


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_a_hash_for_every_entry(name: str) -> None:
    """Nothing is installed that the lock does not name by its SHA-256."""
    pins = locked(name)
    assert pins, f"{name} names no package"
    bare = [package for package, (_, rest) in pins.items() if not re.search(r"--hash=sha256:[0-9a-f]{64}", rest)]
    assert not bare, report("entries without a hash:", bare)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_nothing_but_pinned_entries(name: str) -> None:
    """No URL, no editable, no index option, no open range: one line, one version."""
    lines = (ROOT / name).read_text().splitlines()
    other = [line for line in lines if not re.match(r"([\w.-]+==\S+( ; .+)? \\$| {4}--hash=sha256:| *#|$)", line)]
    assert not other, report("lines that pin nothing:", other)
