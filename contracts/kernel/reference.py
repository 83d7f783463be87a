"""The whole of what the contracts offer, as one document: operations, events, state machines, codes.

The tables that drive the checks are the source; nothing here is written twice. Pages for
people (``reference_page``), the command line and other programs read this.
"""

import importlib
from collections.abc import Mapping, Sequence
from typing import Final

from contracts.kernel import outcome as kernel_outcome
from contracts.kernel.collection import Collection
from contracts.kernel.document import Document, shown
from contracts.kernel.event import TypedEvent
from contracts.kernel.family import Family
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import Code
from contracts.kernel.policy import ANY_MEMBER, Rule
from contracts.kernel.registry import FAMILIES
from contracts.kernel.schema import Notes, SchemaBook, no_notes, summary_of

WHO: Final = {"EVERYONE": "every identity", "SELF": "the identity itself", "FORBIDDEN": "nobody"}


def reference(families: Sequence[Family] = FAMILIES, notes: Notes = no_notes) -> Document:
    """Everything about ``families``.

    ``families``: one object each: ``name``, ``summary``, ``operations``, ``events``,
    ``lifecycles``, ``collections``, ``codes``. An operation has ``name``, ``summary``, ``rule``, ``who`` (the
    rule in words), ``genesis``, ``feature``, ``work`` (as many usual operations as it counts for in a block),
    ``schema`` (of the JSON form), ``codes`` (its own
    refusals; every operation can meet those of ``kernel_codes`` too). Schemas refer to
    ``$defs`` of this document.

    Args:
        families: which, in order.
        notes: meaning of fields; shown as ``description`` in the schemas.
    """
    book = SchemaBook(notes)
    listed = [_family(family, book) for family in families]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "families": listed,
        "kernel_codes": _codes(kernel_outcome.CODES),
        "$defs": dict(sorted(book.definitions.items())),
    }


def who(rule: Rule) -> str:
    """A rule in a few words."""
    if rule.kind in WHO:
        return WHO[rule.kind]
    roles = "any role" if rule.roles == ANY_MEMBER.roles else ", ".join(rule.roles)
    counted = {
        "ANY": roles,
        "ALL": f"all of {roles}",
        "MAJORITY": f"a majority of {roles}",
        "COUNT": f"{rule.numerator} of {roles}",
        "FRACTION": f"{rule.numerator}/{rule.denominator} of {roles}",
    }[rule.kind]
    return f"{counted} within {len(rule.organisations)} named organisations" if rule.organisations else counted


def _family(family: Family, book: SchemaBook) -> Document:
    return {
        "name": family.name,
        "summary": (importlib.import_module(f"contracts.{family.name}").__doc__ or "").strip(),
        "operations": [_operation(spec, book) for spec in family.operations],
        "events": [_event(event, book) for event in family.events],
        "lifecycles": [_lifecycle(machine) for machine in family.lifecycles],
        "collections": [_collection(found, book) for found in family.collections],
        "codes": _codes(family.codes),
    }


def _operation(spec: OperationSpec, book: SchemaBook) -> Document:
    fields = book.object_schema(spec.type)
    schema = {
        **fields,
        "properties": {"operation": {"const": spec.name}, **fields["properties"]},
        "required": ["operation", *fields["required"]],
    }
    return {
        "name": spec.name,
        "summary": summary_of(spec.type),
        "rule": shown(spec.rule),
        "who": who(spec.rule),
        "genesis": spec.genesis,
        "feature": spec.feature,
        "work": spec.work,
        "schema": schema,
        "codes": list(spec.codes),
    }


def _event(event: type[TypedEvent], book: SchemaBook) -> Document:
    attributes = book.object_schema(event)["properties"]
    return {
        "name": event.NAME,
        "summary": summary_of(event),
        "indexed": list(event.INDEXED),
        "attributes": attributes,
    }


def _lifecycle(machine: Lifecycle) -> Document:
    steps = [{"from": before, "action": act, "to": after} for (before, act), after in machine.transitions.items()]
    return {"name": machine.name, "code": machine.code, "statuses": list(machine.statuses()), "transitions": steps}


def _collection(found: Collection, book: SchemaBook) -> Document:
    filters = [
        {
            "name": one.name,
            "path": one.path,
            "found_by": "events" if one.indexes else "key" if one.name in found.ids[:-1] else "walk",
            "schema": {"enum": list(one.choices)} if one.choices else book.schema_of(found.type_of(one.path)),
        }
        for one in found.filters
    ]
    ids = {name: book.schema_of(found.type_of(name)) for name in found.ids}
    return {
        "name": found.name,
        "summary": found.summary,
        "path": f"/v1/{found.name}",
        "record_path": "/".join([f"/v1/{found.name}", *(f"{{{name}}}" for name in found.ids)]),
        "ids": ids,
        "filters": filters,
        "missing": found.missing,
    }


def _codes(codes: Mapping[str, Code]) -> Document:
    return {name: {"title": code.title, "meaning": code.meaning, "hint": code.hint} for name, code in codes.items()}
