"""Folders stay small enough to be surveyed, and packages and public functions say what they are for."""

from __future__ import annotations

import ast
from collections import Counter

from tests.support.source import ROOT, Function, modules

MOST_MODULES = 15
SHORTEST_DESCRIPTION = 3
"""Lines: what the package holds, what may be called from outside, where to begin reading."""


def test_no_folder_holds_many_modules() -> None:
    counted = Counter(
        module.path.parent.relative_to(ROOT).as_posix()
        for module in modules("app", "clients/python", "workers", "bench", "demo")
        if module.path.name != "__init__.py"
    )
    assert {folder: count for folder, count in counted.items() if count > MOST_MODULES} == {}


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {module.path.parent for module in modules("app", "clients/python", "workers")}
    assert [folder.relative_to(ROOT).as_posix() for folder in folders if not (folder / "__init__.py").exists()] == []


def test_packages_say_what_they_hold() -> None:
    silent = {
        module.path.parent.relative_to(ROOT).as_posix()
        for module in modules("app", "clients/python", "workers")
        if module.path.name == "__init__.py"
        and (ast.get_docstring(module.tree) or "").count("\n") + 1 < SHORTEST_DESCRIPTION
    }
    assert silent == set()


def test_public_functions_have_docstrings() -> None:
    silent = [
        f"{module.name}:{node.lineno}: {node.name}"
        for module in modules("app", "clients/python", "workers")
        for node in module.tree.body
        if isinstance(node, Function) and not node.name.startswith("_") and ast.get_docstring(node) is None
    ]
    assert silent == []
