"""Folders stay small enough to be surveyed, and packages and public functions say what they are for."""

from __future__ import annotations

import ast
from collections import Counter

from tests.support.source import ROOT, Function, modules

MOST_MODULES = 15
SHORTEST_DESCRIPTION = 3
"""Lines: what the package holds, what may be called from outside, where to begin reading."""

UNDESCRIBED_PACKAGES: set[str] = {
    "app/graphql",
    "app/graphql/execution",
    "app/graphql/transport",
    "app/upkeep",
    "app/upkeep/backup",
    "app/upkeep/doctor",
}
"""Packages without such a docstring yet; none is added."""

UNDESCRIBED_FUNCTIONS: dict[str, int] = {}
"""How many public functions of a package have no docstring yet; the numbers only go down."""


def test_no_folder_holds_many_modules() -> None:
    counted = Counter(
        module.path.parent.relative_to(ROOT).as_posix()
        for module in modules("app", "workers", "bench", "demo")
        if module.path.name != "__init__.py"
    )
    assert {folder: count for folder, count in counted.items() if count > MOST_MODULES} == {}


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {module.path.parent for module in modules("app", "workers")}
    assert [folder.relative_to(ROOT).as_posix() for folder in folders if not (folder / "__init__.py").exists()] == []


def test_packages_say_what_they_hold() -> None:
    silent = {
        module.path.parent.relative_to(ROOT).as_posix()
        for module in modules("app", "workers")
        if module.path.name == "__init__.py"
        and (ast.get_docstring(module.tree) or "").count("\n") + 1 < SHORTEST_DESCRIPTION
    }
    assert silent - UNDESCRIBED_PACKAGES == set()


def test_public_functions_have_docstrings() -> None:
    silent: dict[str, list[str]] = {}
    for module in modules("app", "workers"):
        package = "/".join(module.name.split("/")[:2])
        for node in module.tree.body:
            is_public = isinstance(node, Function) and not node.name.startswith("_")
            if is_public and ast.get_docstring(node) is None:
                silent.setdefault(package, []).append(f"{module.name}:{node.lineno}: {node.name}")
    assert {name: each for name, each in silent.items() if len(each) > UNDESCRIBED_FUNCTIONS.get(name, 0)} == {}
