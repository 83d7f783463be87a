"""Well-formed operations of every kind, made from their schemas: ids that exist more often than not, bounds, odd text.

Nothing here knows a family: forms and bounds come from the structs, plausible values from the families' samples, from
events and from operations that applied. So a new operation is attacked from the day on which it has a sample.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

import msgspec
from msgspec import inspect

from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import Rejected
from chainnode.types.receipt import Event
from contracts.identity.operations import CreateIdentity, SponsorIdentity
from contracts.identity.record import VerificationMethod, sponsorship_bytes
from contracts.kernel.operation import Operation, encode_operation
from contracts.kernel.registry import OPERATIONS, decode_operation
from contracts.kernel.text import DID_PATTERN, LINE_PATTERN, TEXT_PATTERN

KEPT_MAX: Final = 24
"""Values remembered of one field: the latest matter most, and small pools make steps meet."""
_PERIODS_MS: Final = (0, 1, 1_000, 10_000, 86_400_000, 3 * 86_400_000, 400 * 86_400_000)
_WORDS: Final = ("a", "b", "A/B%", "main", "訂單")
_BOTH: Final = {"parents": "asset_id", "target_id": "asset_id", "related_asset": "asset_id", "parent": "right_id"}
"""Fields whose values are found under another name."""

LookUp = Callable[[bytes], Sequence[msgspec.Struct]]


def _nothing(_found: bytes) -> Sequence[msgspec.Struct]:
    return ()


class OperationMaker:
    """Makes operations for a chain whose members hold ``keys``; remembers what it has seen of it."""

    def __init__(self, chain_id: str, dids: Sequence[str], keys: Sequence[SigningKey], samples: Sequence[Operation]):
        self.chain_id = chain_id
        self.dids = list(dids)
        self.keys = list(keys)
        self.time_ms = 0
        self.sender = ""
        self._seen: dict[str, list[Any]] = {}
        self._names = sorted(OPERATIONS)
        for sample in samples:
            self.learn(sample)
        self._plausible, self._seen = self._seen, {}

    def learn(self, found: msgspec.Struct) -> None:
        """Remember the fields of an operation, or of a struct within one."""
        for name in found.__struct_fields__:
            value = getattr(found, name)
            self._keep(name, value)
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, msgspec.Struct):
                    self.learn(item)

    def hear(self, events: Sequence[Event]) -> None:
        """Remember what events tell: ids above all."""
        for event in events:
            for name, value in event.attributes.items():
                self._keep(name, value)

    def _keep(self, name: str, value: Any) -> None:
        kept = self._seen.setdefault(name, [])
        if value in (None, b"", "", ()) or value in kept:
            return
        kept.append(value)
        del kept[:-KEPT_MAX]

    def make(self, rng: Random, name: str = "", look_up: LookUp = _nothing) -> Operation:
        """An operation ``name``, or any; it reads back from its bytes, unless a hundred attempts did not.

        ``look_up`` finds the records of an id: mostly an operation repeats what they say, as honest clients do.
        """
        kind = OPERATIONS[name or rng.choice(self._names)].type
        for _ in range(100):
            operation: Operation = self._fitted(rng, self._struct(rng, kind), look_up)
            if isinstance(operation, SponsorIdentity):
                operation = self._sponsored(rng)
            try:
                return decode_operation(encode_operation(operation))
            except Rejected:
                continue
        return operation

    def _fitted(self, rng: Random, operation: Operation, look_up: LookUp) -> Operation:
        fields = operation.__struct_fields__
        said: dict[str, Any] = {}
        for name in fields:
            value = getattr(operation, name)
            for record in look_up(value) if isinstance(value, bytes) and len(value) >= 16 else ():
                said |= {one: getattr(record, one) for one in record.__struct_fields__ if one in fields and one != name}
        return msgspec.structs.replace(operation, **{one: said[one] for one in said if rng.random() < 0.8})

    def _sponsored(self, rng: Random) -> SponsorIdentity:
        key = rng.choice(self.keys)
        return SponsorIdentity(key.public_key, key.sign(sponsorship_bytes(self.chain_id, self.sender)))

    def _struct(self, rng: Random, kind: type[Any]) -> Any:
        if kind is VerificationMethod:
            key = rng.choice(self.keys)
            return VerificationMethod(f"key-{rng.randrange(4)}", "ed25519", key.public_key, ("authentication",))
        values = {}
        for field in msgspec.structs.fields(kind):
            defaulted = not field.required and rng.random() < 0.55
            if not defaulted:
                values[field.name] = self._value(rng, field.name, inspect.type_info(field.type))
        if kind is CreateIdentity:
            values["initial_key"] = rng.choice(self.keys).public_key
        return kind(**values)

    def _value(self, rng: Random, name: str, info: inspect.Type) -> Any:
        if isinstance(info, inspect.Metadata):
            return self._value(rng, name, info.type)
        kept = self._seen.get(_BOTH.get(name, name), [])
        usual = not isinstance(info, inspect.IntType) or name in ("price", "number", "amount")
        if usual and kept and rng.random() < 0.85:
            found = rng.choice(kept[-4:] if rng.random() < 0.6 else kept)
            if isinstance(info, inspect.IntType) and rng.random() < 0.4:
                return min(found + 1, int(info.le or found))
            return found
        plausible = self._plausible.get(name, ())
        if plausible and usual and rng.random() < 0.7:
            return rng.choice(plausible)
        if isinstance(info, inspect.UnionType):
            return self._value(rng, name, rng.choice(info.types))
        if isinstance(info, inspect.VarTupleType):
            return self._items(rng, name, info)
        if isinstance(info, inspect.StructType):
            return self._struct(rng, info.cls)
        return self._scalar(rng, name, info)

    def _items(self, rng: Random, name: str, info: inspect.VarTupleType) -> tuple[Any, ...]:
        if name == "operations":
            fit = [found for found in self._names if OPERATIONS[found].by_proposal]
            return tuple(encode_operation(self.make(rng, rng.choice(fit))) for _ in range(rng.randint(1, 2)))
        least, most = info.min_length or 0, min(info.max_length or 4, 4)
        made = [self._value(rng, name, info.item_type) for _ in range(rng.randint(least, max(least, most)))]
        distinct = list({repr(item): item for item in made}.values())
        return tuple(sorted(distinct)) if all(isinstance(item, str) for item in distinct) else tuple(distinct)

    def _scalar(self, rng: Random, name: str, info: inspect.Type) -> Any:
        if isinstance(info, inspect.LiteralType):
            return rng.choice(info.values)
        if isinstance(info, inspect.IntType):
            return self._integer(rng, name, info)
        if isinstance(info, inspect.BoolType):
            return rng.random() < 0.5
        if isinstance(info, inspect.BytesType):
            size = rng.choice((info.min_length or 0, info.max_length or 32))
            return bytes([rng.randrange(4)]) * size
        if isinstance(info, inspect.StrType):
            return self._text(rng, name, info)
        return None

    def _integer(self, rng: Random, name: str, info: inspect.IntType) -> int:
        low, high = int(info.ge or 0), int(info.le if info.le is not None else 2**53)
        if name.endswith("_ms") and rng.random() < 0.8:
            relative = rng.choice(_PERIODS_MS)
            spans = high < 2**53 or name in ("accept_within_ms", "voting_ms")
            return min(max(relative if spans else self.time_ms + relative, low), high)
        chosen = rng.choice((low, low + 1, low + 2, 10_000, high, high - 1)) if rng.random() < 0.5 else low + 1
        return min(max(chosen, low), high)

    def _text(self, rng: Random, name: str, info: inspect.StrType) -> str:
        longest = info.max_length or 8
        if info.pattern == DID_PATTERN:
            return rng.choice((*self.dids, "did:cnode:test-1:ghost", "did:web:a"))
        if name == "target":
            return rng.choice(self._names)
        if info.pattern in (LINE_PATTERN, TEXT_PATTERN, None):
            odd = ("", "x" * longest, "字" * longest, "😀" * longest)
            return rng.choice(_WORDS)[:longest] if rng.random() < 0.7 else rng.choice(odd)
        return rng.choice(("", "CNY", "CN", "a", "1.0", "https://a.example/x", "VerifiableCredential"))
