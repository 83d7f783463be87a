"""The story of a run: hashed always, kept readable on demand."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from chainnode.net.channel import Channel
from consensus.inputs import Input
from consensus.messages import MalformedMessage, decode_message
from consensus.outputs import Outputs
from consensus.trace import describe_input, describe_message, describe_outputs


class Trace:
    """What happened, in order."""

    def __init__(self, loop: Any, *, keep: bool) -> None:
        self._loop = loop
        self._hash = blake2b(digest_size=16)
        self._kept: list[tuple[int, str, tuple[object, ...]]] | None = [] if keep else None

    @property
    def digest(self) -> str:
        """Equal for two runs in which the same things happened at the same times."""
        return self._hash.hexdigest()

    def note(self, kind: str, facts: tuple[object, ...]) -> None:
        now_ms = self._loop.now_ms
        update = self._hash.update
        update(b"%d %s" % (now_ms, kind.encode()))
        for fact in facts:
            update(fact if isinstance(fact, bytes) else str(fact).encode())
        if self._kept is not None:
            self._kept.append((now_ms, kind, facts))

    def step(self, address: int, event: Input, out: Outputs) -> None:
        """One step of the core: its input, and how much it asked for."""
        self._hash.update(b"%d %d %d %d" % (address, len(out.sign), len(out.sends), len(out.requests)))
        self._hash.update(type(event).__name__.encode())
        if self._kept is not None and (out.sign or out.requests or out.decided or out.halt):
            facts = (address, describe_input(event), "->", *describe_outputs(out))
            self._kept.append((self._loop.now_ms, "step", facts))

    def lines(self) -> Iterator[str]:
        """Readable lines, for a kept trace."""
        for now_ms, kind, facts in self._kept or ():
            yield f"{now_ms / 1000:10.3f}  {kind:<10} " + " ".join(_text(kind, fact, facts) for fact in facts)


def _text(kind: str, fact: object, facts: tuple[object, ...]) -> str:
    if not isinstance(fact, bytes):
        return fact.name.lower() if isinstance(fact, Channel) else str(fact)
    if kind == "message" and facts[2] is Channel.CONSENSUS:
        try:
            return describe_message(decode_message(fact))
        except MalformedMessage as error:
            return f"<{error.code}>"
    return fact.hex()[:12] if len(fact) <= 64 else f"<{len(fact)} bytes>"
