"""What every test shares: hypothesis profiles, and one lane for the tests that start real processes."""

import os

import pytest
from hypothesis import settings

settings.register_profile("local", max_examples=50, deadline=None)
# CI must not turn red by luck: the same examples every time, and the blob that replays a failure is printed.
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put all tests marked ``processes`` on one xdist worker: side by side they would starve each other's timers."""
    for item in items:
        if item.get_closest_marker("processes") is not None:
            item.add_marker(pytest.mark.xdist_group("processes"))
