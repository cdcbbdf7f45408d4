"""Every difference from GitLab that the page promises has a test of its own."""

from __future__ import annotations

import ast
import re

from tests.support.source import ROOT

PAGE = ROOT / "docs" / "moving-from-gitlab.md"
FILES = (ROOT / "tests/mlflow/test_gitlab_pitfalls.py", ROOT / "tests/graphql/test_gitlab_pitfalls.py")


def _rows() -> list[tuple[int, str]]:
    rows = re.findall(r"^\| (\d+) \|.*\| `(test_\w+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [(int(number), test) for number, test in rows]


def _tests() -> set[str]:
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in FILES]
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for tree in trees for node in tree.body if isinstance(node, functions)}


def test_all_differences_are_listed_in_order() -> None:
    assert [number for number, _ in _rows()] == list(range(1, 34))


def test_each_difference_has_its_test() -> None:
    assert [test for _, test in _rows() if test not in _tests()] == []
    assert [test for number, test in _rows() if not test.startswith(f"test_{number:02}_")] == []
