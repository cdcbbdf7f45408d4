"""SQL of a feature names its own tables; what it needs of others' is a fragment that they export."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

import app.metadata  # noqa: F401 - declares all tables
from app.db.base import Row
from tests.support.source import Module, modules

OWNERS = {mapper.class_.__tablename__: mapper.class_.__module__.split(".")[1] for mapper in Row.registry.mappers}
NAMES = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|USING|ONLY)\s+(\w+)")
FOREIGN = {
    ("artifacts", "candidates"): 2,
    ("artifacts", "logged_models"): 2,
    ("artifacts", "model_versions"): 2,
    ("artifacts", "models"): 2,
    ("tracking", "model_versions"): 1,
    ("tracking", "models"): 3,
}
"""How often a feature still names a table of another. The numbers only fall."""


def test_features_name_their_own_tables() -> None:
    counted: Counter[tuple[str, str]] = Counter()
    lines = []
    for module in modules("app", "workers"):
        feature = module.name.split("/")[1]
        for line, table in named(module):
            if OWNERS[table] != feature:
                counted[feature, table] += 1
                lines.append(f"{module.name}:{line}: {table}")
    more = {pair: count for pair, count in counted.items() if count > FOREIGN.get(pair, 0)}
    assert more == {}, "\n".join(lines)


def test_the_check_sees_names_of_tables(tmp_path) -> None:
    path = tmp_path / "module.py"
    path.write_text('"""From blobs."""\nA = f"SELECT FROM users u JOIN {B} ON true JOIN other JOIN models m ON true"\n')
    assert list(named(Module(path))) == [(2, "users"), (2, "models")]


def named(module: Module) -> Iterator[tuple[int, str]]:
    """The tables that string literals of a module name, docstrings left out."""
    docstrings = {
        id(node.value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from ((node.lineno, table) for table in NAMES.findall(node.value) if table in OWNERS)
