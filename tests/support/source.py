"""The project's own source, as text and as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file."""

    path: Path

    @property
    def name(self) -> str:
        """Its path in the repository, the way a person would write it."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


def modules(*folders: str) -> list[Module]:
    """Every module below these folders; a path of a module stands for itself."""
    roots = [ROOT / folder for folder in folders]
    return [Module(path) for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*.py")))]


def lines(function: Function) -> int:
    """The length of a function, docstring included, decorators not."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def names_in(expression: ast.expr) -> set[str]:
    """All names and attributes of a dotted expression: ``runtime.blobs.open`` has three."""
    return {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)} | {
        node.attr for node in ast.walk(expression) if isinstance(node, ast.Attribute)
    }
