"""Modules and functions stay small enough to be read at one go, and are named after what is in them."""

from __future__ import annotations

import pytest

from tests.support.source import lines, modules

MODULE_LINES = 400
TEST_MODULE_LINES = 800
FUNCTION_LINES = 60
EDGE_FUNCTION_LINES = 25
EDGES = ("app/graphql", "app/mlflow", "app/packages", "app/http")
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "core"}


def test_every_folder_is_looked_at() -> None:
    assert {module.name for module in modules("app", "workers")} >= {"app/main.py", "workers/main.py"}
    assert all(modules(edge) for edge in EDGES)


@pytest.mark.parametrize(
    ("folder", "most"),
    [("app", MODULE_LINES), ("clients/python", MODULE_LINES), ("workers", MODULE_LINES), ("tests", TEST_MODULE_LINES)],
)
def test_modules_are_short(folder: str, most: int) -> None:
    counted = {module.name: module.text.count("\n") for module in modules(folder)}
    assert {name: count for name, count in counted.items() if count > most} == {}


@pytest.mark.parametrize(
    ("folders", "most"), [(("app", "clients/python", "workers"), FUNCTION_LINES), (EDGES, EDGE_FUNCTION_LINES)]
)
def test_functions_fit_on_a_screen(folders: tuple[str, ...], most: int) -> None:
    counted = {
        f"{module.name}: {function.name}": lines(function)
        for module in modules(*folders)
        for function in module.functions
    }
    assert {name: count for name, count in counted.items() if count > most} == {}


def test_names_say_what_a_module_is_about() -> None:
    vague = [
        module.name
        for module in modules("app", "workers", "tests")
        if NAMES_THAT_SAY_NOTHING & {module.path.stem, *module.path.relative_to(module.path.parents[2]).parts}
    ]
    assert vague == []
