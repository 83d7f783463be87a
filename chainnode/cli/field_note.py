"""What a field means, in the words that stand below it in the source.

A string after a field is for readers of the code; Python forgets it. Help texts and the
reference read it back from the source, so that it is written once.
"""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import cache


@cache
def notes_of(kind: type) -> Mapping[str, str]:
    """Field names and their notes, of the class and those it derives from; none where the source is not at hand."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.partition(".")[0] in {"chainnode", "contracts"}:
            found |= _own_notes(base)
    return found


def _own_notes(kind: type) -> dict[str, str]:
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    except (OSError, TypeError):
        return {}
    found: dict[str, str] = {}
    name = ""
    for node in body.body if isinstance(body, ast.ClassDef) else ():
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                found[name] = " ".join(text.replace("``", "`").split())
                name = ""
            case _:
                name = ""
    return found
