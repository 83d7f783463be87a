"""Every port of this program, by name.

A port that ever ran on a chain stays: packets to it may still be on their way.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from contracts.relay.port import Port
from contracts.relay.ports import accreditation, checkpoint, registry, trade

_ALL: Final[tuple[Port, ...]] = (registry.PORT, accreditation.PORT, checkpoint.PORT, trade.PORT)

PORTS: Final[Mapping[str, Port]] = MappingProxyType({port.name: port for port in _ALL})
"""Ports by name."""
