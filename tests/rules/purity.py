"""Finds in one syntax tree what a pure module may not do: reach outside itself, or depend on an arbitrary order.

Works on names alone, without types: a set is recognised where the same function or class shows that it is one
(a literal, a comprehension, a call of ``set``, an annotation). What it finds is real; it does not find everything.
"""

import ast
from collections.abc import Iterator

IMPORTS = frozenset({
    "asyncio", "chainnode.clock", "cmath", "concurrent", "decimal", "fcntl", "fractions", "getpass", "glob", "http",
    "io", "locale", "logging", "mmap", "multiprocessing", "os", "pathlib", "platform", "random", "sched", "secrets",
    "select", "selectors", "shutil", "signal", "socket", "socketserver", "sqlite3", "ssl", "statistics", "structlog",
    "subprocess", "tempfile", "threading", "time", "urllib", "uuid", "warnings",
})
"""Modules that reach outside, tell time, draw chance, or calculate in ways that depend on a context."""
CALLS = frozenset({
    "__import__", "breakpoint", "compile", "complex", "eval", "exec", "float", "globals", "hash", "id", "input", "open",
    "print",
})
"""Builtins; ``hash`` of text and ``id`` differ from process to process."""
METHODS = frozenset({
    "generate", "generate_key", "generate_private_key", "now", "random_serial_number", "today", "token_bytes",
    "urandom", "utcnow",
})
"""Calls of methods that tell time or draw chance, whatever they are called on."""
ORDERING = frozenset({
    "enumerate", "extend", "filter", "iter", "join", "list", "map", "next", "reversed", "tuple", "zip",
})
"""Calls that keep their argument's order; ``sorted``, ``len``, ``sum``, ``min``, ``max``, ``any``, ``all`` do not."""
SETS = frozenset({"AbstractSet", "FrozenSet", "MutableSet", "Set", "frozenset", "set"})


def findings(tree: ast.Module) -> list[tuple[int, str]]:
    """Line and reason of everything impure in a module, in order."""
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    found = {(node.lineno, reason) for node in ast.walk(tree) for reason in _reasons(node)}  # type: ignore[attr-defined]
    fields = _set_names(tree, attributes=True)
    for scope in (tree, *scopes):
        known = _set_names(scope) | fields
        found |= {(line, "iterates over a set: sort it first") for line in _set_iterations(scope, known)}
    return sorted(found)


def _reasons(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (f"imports {name.name}" for name in names if _forbidden(name.name))
        case ast.ImportFrom(module=str(source), names=names, level=0):
            yield from (
                f"imports {source}.{name.name}"
                for name in names
                if _forbidden(source) or f"{source}.{name.name}" in IMPORTS
            )
        case ast.Constant(value=float() | complex()):
            yield f"float {node.value!r}: scale to an integer"
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            yield "true division gives a float: use //"
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            yield f"calls {name}()"
        case ast.Call(func=ast.Attribute(attr=name)) if name in METHODS:
            yield f"calls .{name}(): time and entropy are arguments"
        case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            yield "is asynchronous"
        case ast.arg(annotation=ast.Name(id="float")) | ast.AnnAssign(annotation=ast.Name(id="float")):
            yield "declares a float"


def _forbidden(module: str) -> bool:
    return module in IMPORTS or module.partition(".")[0] in IMPORTS


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a module, class or function without those of the functions in it, which are scopes of their own."""
    yield scope
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _own_nodes(child)


def _set_iterations(scope: ast.AST, known: frozenset[str]) -> Iterator[int]:
    for node in _own_nodes(scope):
        match node:
            case ast.For(iter=source) | ast.Starred(value=source) | ast.YieldFrom(value=source):
                sources = [source]
            case ast.ListComp() | ast.DictComp():
                sources = [generator.iter for generator in node.generators]
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in ORDERING:
                sources = [a.generators[0].iter if isinstance(a, ast.GeneratorExp) else a for a in node.args]
            case ast.Call(func=ast.Attribute(value=source, attr="pop"), args=[]):
                sources = [source]
            case _:
                continue
        yield from (node.lineno for source in sources if _is_set(source, known))


def _is_set(node: ast.AST | None, known: frozenset[str]) -> bool:
    match node:
        case ast.Set() | ast.SetComp() | ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor(), right=right):
            return _is_set(left, known) or _is_set(right, known)
        case ast.Call(func=ast.Attribute(attr="union" | "intersection" | "difference" | "copy", value=value)):
            return _is_set(value, known)
        case ast.Name(id=name):
            return name in known
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return f"self.{name}" in known
    return False


def _set_names(scope: ast.AST, *, attributes: bool = False) -> frozenset[str]:
    """Names that are sets in a function (or, with ``attributes``, fields of self anywhere in the module)."""
    names = set()
    in_class = {id(item) for node in ast.walk(scope) if isinstance(node, ast.ClassDef) for item in node.body}
    for node in ast.walk(scope) if attributes else _own_nodes(scope):
        match node:
            case ast.Assign(targets=[target], value=value) if _is_set(value, frozenset()):
                names.add(_written(target, id(node) in in_class))
            case ast.AnnAssign(target=target, annotation=annotation) if _says_set(annotation):
                names.add(_written(target, id(node) in in_class))
            case ast.arg(arg=name, annotation=annotation) if _says_set(annotation):
                names.add(name)
    return frozenset(name for name in names if name.startswith("self.") == attributes)


def _written(target: ast.expr, in_class: bool) -> str:
    return f"self.{ast.unparse(target)}" if in_class else ast.unparse(target)


def _says_set(annotation: ast.expr | None) -> bool:
    if isinstance(annotation, ast.Subscript):
        return _says_set(annotation.value)
    return isinstance(annotation, ast.Name) and annotation.id in SETS
