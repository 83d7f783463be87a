"""Values of fields as people write them: hexadecimal, JSON, names of identities, moments, lengths of time.

Whoever knows the exact value may always give that instead, as the operation's JSON form holds it.
"""

import hashlib
import re
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from chainnode.cli.current import running_network
from chainnode.cli.testnet.manifest import write_atomically
from chainnode.limits import MIB
from chainnode.sdk.market import agreement_hash
from contracts.evidence.digest import SALT_BYTES

FILE_BYTES_MAX: Final = MIB
"""Of JSON in a file."""
CONTENT_BYTES_MAX: Final = 64 * MIB
"""Of a document that is hashed here."""
_SPAN: Final = re.compile(r"([1-9][0-9]{0,8})(ms|s|m|h|d)")
_UNIT_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class HexBytes(click.ParamType[str]):
    """Bytes in hexadecimal digits; the value is lower-case hex, as JSON forms hold it."""

    name = "hex"

    def __init__(self, least: int | None, most: int | None) -> None:
        self.least = least or 0
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See click."""
        text = str(value).strip().lower().removeprefix("0x")
        if len(text) % 2 or set(text) - set("0123456789abcdef"):
            self.fail(f"{str(value)[:80]!r} is not hexadecimal", param, ctx)
        size = len(text) // 2
        if size < self.least or (self.most is not None and size > self.most):
            wanted = str(self.least) if self.least == self.most else f"{self.least} to {self.most}"
            self.fail(f"{size} bytes where {wanted} belong", param, ctx)
        return text


class ContentHash(HexBytes):
    """The hash of a document: hexadecimal digits, or ``@FILE`` to have that file hashed here.

    A ``salted`` one is an HMAC under 32 random bytes, which are kept in ``FILE.salt`` beside the document: whoever is
    to compute the same hash needs both.
    """

    def __init__(self, *, salted: bool) -> None:
        super().__init__(32, 32)
        self.salted = salted

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See click."""
        text = str(value)
        if not text.startswith("@"):
            return super().convert(value, param, ctx)
        path = Path(text[1:])
        try:
            content = read_bounded(path, CONTENT_BYTES_MAX)
            if not self.salted:
                return hashlib.sha256(content).hexdigest()
            return agreement_hash(_salt_of(path), content).hex()
        except (OSError, ValueError) as error:
            self.fail(str(error), param, ctx)


class JsonValue(click.ParamType[Any]):
    """JSON, or ``@FILE`` with JSON in it."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click."""
        text = str(value)
        try:
            content = read_bounded(Path(text[1:]), FILE_BYTES_MAX) if text.startswith("@") else text.encode()
        except (OSError, ValueError) as error:
            self.fail(str(error), param, ctx)
        try:
            return msgspec.json.decode(content)
        except (msgspec.DecodeError, RecursionError) as error:
            self.fail(f"{text[:80]!r} is not JSON: {error}", param, ctx)


class DidText(click.ParamType[str]):
    """A DID, or the name of a development identity of the network that runs here."""

    name = "did"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See click."""
        text = str(value)
        if not text or text.startswith("did:"):
            return text
        found = did_of_name(text)
        if found is None:
            message = f"{text[:80]!r} is neither a DID nor a development identity of a network running here"
            self.fail(message, param, ctx)
        return found


class Span(click.ParamType[int]):
    """A length of time such as ``90s``, ``12h`` or ``7d``, in milliseconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """See click."""
        found = span_ms(str(value))
        if found is None:
            self.fail(f"{str(value)[:40]!r} is no time such as 90s, 12h or 7d", param, ctx)
        return found


class Period(click.IntRange):
    """Milliseconds, or a length of time such as ``12h``."""

    name = "time range"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """See click."""
        found = span_ms(str(value))
        return super().convert(value if found is None else found, param, ctx)


class Moment(click.IntRange):
    """Milliseconds since 1970, a date and time with its zone, or ``+2h``: so long from now by this machine's clock."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """See click."""
        text = str(value)
        ahead = span_ms(text[1:]) if text.startswith("+") else None
        if ahead is not None:
            return super().convert(time.time_ns() // 1_000_000 + ahead, param, ctx)
        if text.isdecimal():
            return super().convert(int(text), param, ctx)
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            message = f"{text[:40]!r} is no moment such as +2h, 2026-11-22T18:00:00Z or milliseconds since 1970"
            self.fail(message, param, ctx)
        since = at.astimezone(UTC) - datetime.fromtimestamp(0, UTC)
        return super().convert((since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000, param, ctx)


class MomentSeconds(click.IntRange):
    """Seconds since 1970, or as ``Moment``; a part of a second counts as none."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """See click."""
        text = str(value)
        seconds = int(text) if text.isdecimal() else Moment(0).convert(text, param, ctx) // 1_000
        return super().convert(seconds, param, ctx)


def did_of_name(name: str) -> str | None:
    """The DID of a development identity of the network that runs here; None where there is none of this name."""
    network = running_network()
    return next((entry.did for entry in network[1].identities if entry.name == name), None) if network else None


def span_ms(text: str) -> int | None:
    """Milliseconds of ``90s``, ``12h`` or ``7d``; None for anything else."""
    found = _SPAN.fullmatch(text)
    return None if found is None else int(found[1]) * _UNIT_MS[found[2]]


def read_bounded(path: Path, most: int) -> bytes:
    """The content of a file of at most ``most`` bytes.

    Raises:
        OSError: it cannot be read.
        ValueError: it is absent or larger; the message says so.
    """
    if not path.is_file():
        raise ValueError(f"file {str(path)!r} does not exist")
    with path.open("rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{str(path)!r} has more than {most} bytes")
    return content


def _salt_of(path: Path) -> bytes:
    """The salt kept beside a document; made where there is none."""
    place = path.with_name(path.name + ".salt")
    if not place.is_file():
        write_atomically(place, secrets.token_bytes(SALT_BYTES).hex().encode() + b"\n", 0o600)
    salt = bytes.fromhex(read_bounded(place, 4 * SALT_BYTES).decode("ascii").strip())
    if len(salt) != SALT_BYTES:
        raise ValueError(f"{str(place)!r} does not hold a salt of {SALT_BYTES} bytes")
    return salt
