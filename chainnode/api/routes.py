"""Routes as data: path, parameters and media types of each, from which the application (and later OpenAPI) is built.

Query parameters are strict: a name the route does not take, a name given twice, or a value out of bounds is refused,
so that a misspelt filter never silently returns everything.
"""

import difflib
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from aiohttp import web

from chainnode.api.capacity import Capacity
from chainnode.api.meter import ApiMeter
from chainnode.errors import Rejected
from chainnode.node.service import NodeService
from chainnode.types.ids import did_chain

JSON: Final = "application/json"
MSGPACK: Final = "application/msgpack"

VALUE_CHARS_MAX: Final = 2_048
INTEGER_MAX: Final = 2**63 - 1
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter."""

    name: str
    kind: Literal["integer", "text", "hex", "choice"]
    meaning: str
    default: int | str | None = None
    least: int = 0
    """Smallest integer, or fewest bytes of hex."""
    most: int = INTEGER_MAX
    """Largest integer, or most bytes of hex."""
    choices: tuple[str, ...] = ()

    def parse(self, text: str) -> int | str | bytes:
        """The value that ``text`` stands for.

        Raises:
            Rejected: ``query-invalid``.
        """
        if self.kind == "integer":
            return self._integer(text)
        if self.kind == "hex":
            return parse_hex(text, self.name, self.least, min(self.most, VALUE_CHARS_MAX), code="query-invalid")
        if self.kind == "choice" and text not in self.choices:
            raise Rejected("query-invalid", f"{self.name} is one of {', '.join(self.choices)}", found=text[:64])
        if len(text) > VALUE_CHARS_MAX:
            raise Rejected("query-invalid", f"{self.name} has at most {VALUE_CHARS_MAX} characters", found=len(text))
        return text

    def _integer(self, text: str) -> int:
        # The pattern is ASCII: int() alone would take digits of any script, signs, blanks and underscores.
        value = int(text) if _INTEGER.fullmatch(text) else None
        if value is None or not self.least <= value <= self.most:
            expected = f"a whole number from {self.least} to {self.most}"
            raise Rejected("query-invalid", f"{self.name} is not {expected}", expected=expected, found=text[:64])
        return value


@dataclass(frozen=True, slots=True)
class Call:
    """One request, its path and query already read."""

    service: NodeService
    """The node that answers."""
    capacity: Capacity
    meter: ApiMeter
    body_timeout_ms: int
    request: web.Request
    path: Mapping[str, str]
    query: Mapping[str, Any]
    media_type: str
    """Of the answer, as the client prefers."""

    def hash_of(self, name: str = "id") -> bytes:
        """A 32-byte id or hash in the path.

        Raises:
            Rejected: ``path-invalid``.
        """
        return parse_hex(self.path[name], name, 32, 32, code="path-invalid")


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path."""

    method: Literal["GET", "POST"]
    path: str
    """aiohttp's pattern; what is in braces reaches the handler as ``Call.path``."""
    handler: Handler
    summary: str
    parameters: tuple[Parameter, ...] = ()
    media_types: tuple[str, ...] = (JSON,)
    """In which the answer exists; the first is the default."""
    body_types: tuple[str, ...] = ()
    cost: int = 1
    """Tokens of the client's allowance: reads that walk trees or many records cost more."""
    guarded: bool = True
    """Counts against rate and capacity; probes and metrics have a rate of their own, so that a busy node answers."""
    foreign: bool = False
    """Follows another standard's rules for query and Accept, which its handler reads itself."""
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(parameter.name for parameter in self.parameters))


def parse_query(route: Route, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The typed values of a query string, defaults filled in (None where there is none).

    Raises:
        Rejected: ``query-unknown`` (naming the nearest known parameter) or ``query-invalid``.
    """
    given: dict[str, str] = {}
    for name, text in pairs:
        if name not in route.names:
            near = difflib.get_close_matches(name[:64], sorted(route.names), n=1, cutoff=0.5)
            known = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(route.names)) or 'none'}"
            raise Rejected("query-unknown", f"no parameter {name[:64]!r} here; {known}", found=name[:64])
        if name in given:
            raise Rejected("query-invalid", f"{name} is given twice")
        given[name] = text
    return {
        parameter.name: parameter.parse(given[parameter.name]) if parameter.name in given else parameter.default
        for parameter in route.parameters
    }


def parse_hex(text: str, name: str, least: int, most: int, *, code: str) -> bytes:
    """Lower-case hex of ``least`` to ``most`` bytes.

    Raises:
        Rejected: with ``code``.
    """
    if len(text) > 2 * most or len(text) < 2 * least or not _HEX.fullmatch(text):
        size = str(least) if least == most else f"{least} to {most}"
        raise Rejected(code, f"{name} is not {size} bytes in lower-case hex", found=text[:80])
    return bytes.fromhex(text)


def parse_did(text: str) -> str:
    """A DID of this method, of any chain.

    Raises:
        Rejected: ``path-invalid``.
    """
    if did_chain(text) is None:
        raise Rejected("path-invalid", "not a DID of this method", expected="did:cnode:<chain>:<id>", found=text[:80])
    return text


LIMIT: Final = Parameter("limit", "integer", "items of one page", default=50, least=1, most=500)
AFTER: Final = Parameter("after", "text", "cursor: the page after the one whose `next` this is")
