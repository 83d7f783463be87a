"""A permissioned blockchain node for data markets.

This module imports nothing: ``contracts`` stands above some of the packages in
here and below others, so a busy package root would turn that into a cycle.
"""

__version__ = "0.1.0"
"""Equal to the version in pyproject.toml; an uninstalled checkout has no other place to read it from."""
