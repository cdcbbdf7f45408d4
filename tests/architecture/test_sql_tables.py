"""SQL of a feature names its own tables; what it needs of others' is a fragment that they export."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

import app.metadata  # noqa: F401 - declares all tables
from app.db.base import Row
from tests.support.source import ROOT, Module, modules

OWNERS = {mapper.class_.__tablename__: mapper.class_.__module__.split(".")[1] for mapper in Row.registry.mappers}
NAMES = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|USING|ONLY)\s+(\w+)")
ABOVE = {"app/artifacts/owners.py", "app/tracking/version_references.py"}
"""What refers to a feature stands in features above it, which cannot be imported: one module of a feature names it."""


def test_features_name_their_own_tables() -> None:
    foreign = [
        f"{module.name}:{line}: {table}"
        for module in modules("app", "workers")
        if module.name not in ABOVE
        for line, table in named(module)
        if OWNERS[table] != module.name.split("/")[1]
    ]
    assert foreign == []


@pytest.mark.parametrize("name", sorted(ABOVE))
def test_references_from_above_stand_in_one_module(name: str) -> None:
    assert list(named(Module(ROOT / name)))


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
