"""Finds in one syntax tree of the contracts what could differ between two machines or two versions of Python.

Beside what every pure package may not do (``purity``): the order of a mapping that somebody filled, tables of
Unicode and of time zones, which come with the interpreter, and words of libraries in what validators agree on.

A mapping in CAPITALS is a table of the source: its order is the same wherever the program is. Works on names and
annotations alone, like ``purity``: what it finds is real; it does not find everything.
"""

import ast
import re
from collections.abc import Iterator

IMPORTS = frozenset({
    "calendar", "ctypes", "datetime", "gc", "inspect", "sys", "traceback", "unicodedata", "weakref", "zoneinfo",
})
"""Modules whose answers depend on the machine, the process or the interpreter's own tables."""
WHOLE_NUMBERS = frozenset({"comb", "factorial", "gcd", "isqrt", "lcm", "perm", "prod"})
"""Of ``math``; the rest calculates in floats."""
CALLS = frozenset({"dir", "locals", "repr", "round", "vars"})
"""``repr`` shows text by the interpreter's tables and objects in its words; ``round`` can give a float."""
UNICODE = frozenset({
    "capitalize", "casefold", "isalnum", "isalpha", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric",
    "isprintable", "isspace", "istitle", "isupper", "swapcase", "title",
})
"""Methods of text that ask the interpreter's Unicode tables, which change with its version."""
BLANKS = frozenset({"lstrip", "rsplit", "rstrip", "split", "splitlines", "strip"})
"""Without an argument these ask what a blank is; with one they do not (``splitlines`` always does)."""
ORDERED = frozenset({
    "enumerate", "extend", "filter", "iter", "join", "list", "map", "next", "reversed", "tuple", "zip",
})
"""Calls that keep their argument's order; ``sorted``, ``sum``, ``max``, ``set``, ``len``, ``any`` do not."""
MAPPINGS = frozenset({"Counter", "Mapping", "MutableMapping", "defaultdict", "dict"})
_CLASSES = re.compile(r"(?<!\\)(?:\\\\)*\\[bBdDsSwW]")


def findings(tree: ast.Module) -> list[tuple[int, str]]:
    """Line and reason of everything that could differ, in order."""
    found = {(node.lineno, reason) for node in ast.walk(tree) for reason in _reasons(node)}  # type: ignore[attr-defined]
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef):
            known = _mappings(scope)
            for node in _own(scope):
                found |= {(node.lineno, reason) for reason in _orders(node, known)}  # type: ignore[attr-defined]
        if isinstance(scope, ast.ExceptHandler) and scope.name:
            found |= {(line, "puts a library's words into a refusal") for line in _quoted(scope, scope.name)}
    return sorted(found)


def _reasons(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (f"imports {name.name}" for name in names if name.name.partition(".")[0] in IMPORTS | {"math"})
        case ast.ImportFrom(module="math", names=names):
            yield from (f"imports math.{name.name}: a float" for name in names if name.name not in WHOLE_NUMBERS)
        case ast.ImportFrom(module=str(source), level=0) if source.partition(".")[0] in IMPORTS:
            yield f"imports {source}"
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            yield f"calls {name}()"
        case ast.Call(func=ast.Name(id="pow"), args=args) if len(args) < 3:
            yield "calls pow() without a modulus: it can give a float"
        case ast.FormattedValue(conversion=114):
            yield "shows a value as the interpreter writes it (!r): use !a"
        case ast.Call(func=ast.Attribute(attr=name)) if name in UNICODE:
            yield f"calls .{name}(): Unicode tables differ between versions"
        case ast.Call(func=ast.Attribute(attr=name), args=[]) if name in BLANKS:
            yield f"calls .{name}() without saying at what"
        case ast.Call(func=ast.Attribute(attr="lower" | "upper", value=value)) if not _is_hex(value):
            yield "changes case by Unicode tables"
        case ast.Constant(value=str(text)) if _CLASSES.search(text) and not text[:1].isupper():
            yield "matches a class of characters (such as backslash w) by Unicode tables"
        case ast.Attribute(value=ast.Name(id="re"), attr="IGNORECASE" | "I" | "LOCALE" | "UNICODE"):
            yield "matches by Unicode tables"


def _is_hex(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "hex"


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions in it."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield from _own(child)


def _orders(node: ast.AST, known: frozenset[str]) -> Iterator[str]:
    """Where the order of a mapping can reach a result."""
    sources: list[ast.expr] = []
    match node:
        case ast.For(iter=source) | ast.Starred(value=source) | ast.YieldFrom(value=source):
            sources = [source]
        case ast.ListComp(generators=generators):
            sources = [generator.iter for generator in generators]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in ORDERED:
            sources = [one.generators[0].iter if isinstance(one, ast.GeneratorExp) else one for one in args]
        case ast.Call(func=ast.Attribute(attr="popitem")):
            yield "takes an arbitrary item of a mapping"
    for source in sources:
        if _is_mapping(source, known):
            yield "iterates over a mapping: sort it, or keep a sequence beside it"


def _is_mapping(node: ast.expr, known: frozenset[str]) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="items" | "keys" | "values", value=value), args=[]):
            return not _is_table(value)
        case ast.Dict() | ast.DictComp() | ast.Call(func=ast.Name(id="dict" | "vars" | "Counter")):
            return True
        case ast.Name(id=name):
            return name in known
    return False


def _is_table(node: ast.expr) -> bool:
    """Whether a name, or what a name leads to, is written in CAPITALS."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.lstrip("_").isupper()


def _mappings(scope: ast.FunctionDef) -> frozenset[str]:
    """Names that are mappings in a function."""
    names = {one.arg for one in [*scope.args.args, *scope.args.kwonlyargs] if _says_mapping(one.annotation)}
    if scope.args.kwarg is not None:
        names.add(scope.args.kwarg.arg)
    for node in _own(scope):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() | ast.DictComp()):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="dict" | "Counter"))):
                names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation) if _says_mapping(annotation):
                names.add(name)
    return frozenset(names)


def _says_mapping(annotation: ast.expr | None) -> bool:
    if isinstance(annotation, ast.Subscript):
        return _says_mapping(annotation.value)
    return isinstance(annotation, ast.Name) and annotation.id in MAPPINGS


def _quoted(handler: ast.ExceptHandler, name: str) -> Iterator[int]:
    """Lines of refusals that say what was caught; its ``code`` and ``message`` are our own where it is ours."""
    for node in ast.walk(handler):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "OperationFailed":
            own = {id(one.value) for part in node.args for one in ast.walk(part) if isinstance(one, ast.Attribute)}
            for part in node.args:
                if any(isinstance(one, ast.Name) and one.id == name and id(one) not in own for one in ast.walk(part)):
                    yield node.lineno
