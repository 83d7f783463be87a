"""Stable text of inputs, state and outputs, for scenarios, logs of a diagnosis, and comparing two runs.

Hashes and keys are cut to eight hexadecimal digits, signatures are left out; the order is the order of the fields.
"""

from enum import IntEnum

import msgspec

from consensus.certificates import QuorumCertificate
from consensus.inputs import Input, MessageReceived
from consensus.messages import Justification, Message, ViewChange
from consensus.outputs import Outputs
from consensus.replica import Replica

_HASH_DIGITS = 8
_COMMON = frozenset({"chain_id", "epoch", "validators_hash", "signature", "signatures", "validators"})


def describe_input(event: Input) -> str:
    """One line: the name of the input and its fields."""
    if isinstance(event, MessageReceived):
        return f"MessageReceived {describe_message(event.message)}"
    return _struct(event)


def describe_message(message: Message) -> str:
    """One line: type and fields without chain, epoch, set and signature, which are the same all along."""
    return _struct(message)


def describe_state(replica: Replica) -> str:
    """One line: where the replica stands and what binds it."""
    prepared = replica.prepared
    lock = "nothing" if prepared is None else f"{_value(prepared.block_hash)}@{prepared.view}"
    return f"height={replica.height} view={replica.view} {replica.phase.name} leader={replica.leader} prepared={lock}"


def describe_outputs(out: Outputs) -> list[str]:
    """One line for each thing asked, in the order in which the host performs them; nothing asked, no line."""
    lines = [f"persist {_struct(record)}" for record in out.persist]
    lines += [f"sign {describe_message(message)}" for message in out.sign]
    lines += [f"send to={'all' if send.to is None else send.to} {describe_message(send.message)}" for send in out.sends]
    for items in (out.timers, out.requests, () if out.decided is None else (out.decided,), out.evidence, out.rejected):
        lines += [_tuple(item) for item in items]
    if out.halt is not None:
        lines.append(_tuple(out.halt))
    lines += [_tuple(event) for event in out.events]
    return lines


def _struct(value: msgspec.Struct) -> str:
    fields = [
        f"{name}={_value(getattr(value, name))}" for name in value.__struct_fields__ if name not in _COMMON
    ]
    return " ".join([type(value).__name__, *fields])


def _tuple(value: tuple[object, ...]) -> str:
    names: tuple[str, ...] = getattr(value, "_fields", ())
    fields = [f"{name}={_value(item)}" for name, item in zip(names, value, strict=True)]
    return " ".join([type(value).__name__, *fields])


def _value(value: object) -> str:
    match value:
        case bytes():
            return value.hex()[:_HASH_DIGITS] or "-"
        case IntEnum():
            return value.name
        case QuorumCertificate():
            signers = ",".join(map(str, value.signer_indexes()))
            return f"{value.kind.name}({_value(value.block_hash)}@{value.view} by {signers})"
        case Justification():
            senders = ",".join(_claim(message) for message in value.view_changes)
            return f"({senders} highest={_value(value.certificate)})"
        case msgspec.Struct():
            return f"({_struct(value)})"
        case tuple() if hasattr(value, "_fields"):
            return f"({_tuple(value)})"
        case tuple():
            return "(" + ",".join(map(_value, value)) + ")"
        case _:
            return str(value)


def _claim(message: ViewChange) -> str:
    return f"{message.sender}:{message.prepared_view}"
