"""SQL stands in named statements, each of which says what it is for."""

from __future__ import annotations

import ast
import gc
import importlib
import re
from collections import Counter
from collections.abc import Iterator

from app.db.statements import Statement
from tests.support.source import ROOT, Module, modules

_SQL = re.compile(r"\s*\(?\s*(SELECT\s|INSERT INTO\s|UPDATE\s|DELETE FROM\s|WITH\s(RECURSIVE\s)?\w+ )")
NAMED = {"Statement", "Fragment"}
UNNAMED = {
    "app/db/migrate.py": 2,  # the lock and the note of migrations, on Alembic's own connection
    "app/db/roles.py": 1,  # a setting for the blocks that make and grant a role, on the connection of migrations
    "app/embedded/postgres_server.py": 2,  # the supervisor loads nothing of the application
}
"""SQL that is no statement, and why."""


def test_sql_stands_in_named_statements() -> None:
    counted = Counter(module.name for module in modules("app", "workers") for _ in unnamed(module.tree))
    assert counted == UNNAMED


def test_statements_have_names_of_their_own() -> None:
    for module in modules("app"):
        importlib.import_module(_dotted(module))
    statements = [
        thing for thing in gc.get_objects() if isinstance(thing, Statement) and not thing.name.startswith("test.")
    ]
    names = Counter(statement.name for statement in statements)
    assert [name for name, count in names.items() if count > 1] == []
    assert [name for name in names if not re.fullmatch(r"[a-z_]+\.[a-z][a-z0-9_]*", name)] == []
    assert [one.name for one in statements if not re.fullmatch(r"[A-Z][^\n]{4,130}\.", one.purpose)] == []


def test_the_check_sees_sql_outside_of_statements() -> None:
    tree = ast.parse(
        'A = "SELECT 1"\nB = Statement("b", "B.", f"SELECT {A}")\nC = text(f"UPDATE t SET {a}")\nD = "Select"'
    )
    assert [node.lineno for node in unnamed(tree)] == [1, 3]


def unnamed(tree: ast.AST) -> Iterator[ast.expr]:
    """String literals that begin like SQL and are no part of a statement or fragment."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMED:
            continue
        if isinstance(node, ast.Constant | ast.JoinedStr):
            if _SQL.match(_text(node)):
                yield node
            continue
        yield from unnamed(node)


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(part.value if isinstance(part, ast.Constant) else "x" for part in node.values)


def _dotted(module: Module) -> str:
    return ".".join(module.path.relative_to(ROOT).with_suffix("").parts)
