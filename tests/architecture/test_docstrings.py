"""What docstrings refer to exists: renamed modules, classes and functions leave no old name behind."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.source import ROOT, Function, Module, modules

_REFERENCE = re.compile(r":(?:class|func|meth|mod|attr|data|exc):`~?([\w.]+)`")
_RAISED = re.compile(r"^\s*([A-Z]\w+(?:, [A-Z]\w+)*):", re.MULTILINE)
OF_LIBRARIES = {"GraphQLError", "HTTPException"}


def test_references_resolve() -> None:
    lost = [
        f"{module.name}: {reference}"
        for module in modules("app", "clients/python", "workers", "tests")
        for reference in _REFERENCE.findall(module.text)
        if module.name != "tests/architecture/test_docstrings.py" and not _resolves(module, reference)
    ]
    assert lost == []


def test_errors_that_are_named_exist() -> None:
    existing = {
        node.name
        for module in modules("app", "clients/python", "workers")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    }
    existing |= OF_LIBRARIES | set(dir(builtins))
    lost = [
        f"{module.name}: {error}"
        for module in modules("app", "clients/python", "workers")
        for error in _raised(module)
        if error not in existing
    ]
    assert lost == []


def _raised(module: Module) -> Iterator[str]:
    for function in module.functions:
        _, _, section = (ast.get_docstring(function) or "").partition("Raises:\n")
        for names in _RAISED.findall(section):
            yield from names.split(", ")


def _resolves(module: Module, reference: str) -> bool:
    if reference.startswith("."):
        reference = ".".join(module.path.relative_to(ROOT).parts[:-1]) + reference
    if not reference.startswith(("app.", "workers.", "tests.")):
        return bool({reference.partition(".")[0], reference.rpartition(".")[2]} & _names(module.path))
    parts = reference.split(".")
    for end in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:end])
        if path.is_dir() or path.with_suffix(".py").exists():
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            return end == len(parts) or (file.exists() and set(parts[end:]) <= _names(file))
    return False


@cache
def _names(path: Path) -> set[str]:
    """Every name that a module defines, imports or uses."""
    names: set[str] = set()
    for node in ast.walk(Module(path).tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
    return names
