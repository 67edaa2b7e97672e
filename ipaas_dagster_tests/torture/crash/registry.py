"""Every crash point of the product, read from its code: named ones, and two for each transaction.

A transaction is a `with` over `<...>operations.write(...)` or the hub's `transaction(...)`; it is named for the
function around it, as `ipaas_dagster.crash_points` names it at run time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[3] / "ipaas_dagster"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def registered(package: Path = PACKAGE) -> frozenset[str]:
    """The names of all points. Raises ValueError where a name is no literal: it could not be looked for."""
    found: set[str] = set()
    for path in sorted(package.rglob("*.py")):
        module = ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__")
        if not module.startswith("sandbox"):
            found |= set(_points(ast.parse(path.read_text(encoding="utf-8")), module))
    return frozenset(found)


def _points(tree: ast.AST, module: str) -> Iterator[str]:
    for function, node in _within(tree, ""):
        if isinstance(node, ast.Call) and _last_name(node.func) == "crash_point":
            if not _is_of_a_transaction(node):
                yield _literal(node, module)
        elif isinstance(node, ast.With) and any(_opens(item.context_expr) for item in node.items):
            yield f"{module}.{function}: committing"
            yield f"{module}.{function}: committed"


def _is_of_a_transaction(call: ast.Call) -> bool:
    """The two points in the context managers that are the transactions: `f"{name}: committing"`."""
    parts = call.args[0].values if call.args and isinstance(call.args[0], ast.JoinedStr) else []
    last = parts[-1] if parts else None
    return isinstance(last, ast.Constant) and last.value in (": committing", ": committed")


def _within(node: ast.AST, inside: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node with the qualified name of what is around it, as Python's `co_qualname` says it."""
    prefix = f"{inside}.<locals>." if isinstance(node, _FUNCTIONS) else f"{inside}." if inside else ""
    for child in ast.iter_child_nodes(node):
        yield inside, child
        named = prefix + child.name if isinstance(child, (*_FUNCTIONS, ast.ClassDef)) else inside
        yield from _within(child, named)


def _opens(expression: ast.expr) -> bool:
    if not isinstance(expression, ast.Call):
        return False
    called = expression.func
    if isinstance(called, ast.Attribute) and called.attr == "write":
        return _last_name(called.value) == "operations"
    return _last_name(called) == "transaction"


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _literal(call: ast.Call, module: str) -> str:
    match call.args:
        case [ast.Constant(value=str(name))]:
            return name
    raise ValueError(f"{module}:{call.lineno}: a crash point is named by a plain text, so that it can be looked for")
