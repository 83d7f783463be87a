"""Every port of this program, by name.

A port that ever ran on a chain stays: packets to it may still be on their way.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from contracts.relay.port import Port

_ALL: Final[tuple[Port, ...]] = ()

PORTS: Final[Mapping[str, Port]] = MappingProxyType({port.name: port for port in _ALL})
"""Ports by name."""
