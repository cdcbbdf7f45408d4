"""The import contracts cover everything that exists; the contracts themselves are kept."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import Any

import pytest

from tests.support.source import ROOT, modules

PRIVATE = ("tables", "repository")


@pytest.fixture(scope="module")
def contracts() -> list[dict[str, Any]]:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, Any]] = configuration["tool"]["importlinter"]["contracts"]
    return contracts


def test_contracts_are_kept() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_part_has_its_layer(contracts: list[dict[str, Any]]) -> None:
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    placed = {name.strip() for layer in layers for name in layer.split("|")}
    existing = {f"app.{path.stem}" for path in (ROOT / "app").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert existing - placed - {"app.__init__", "app.__pycache__"} == set()


def test_every_edge_is_held_to_the_contracts_of_edges(contracts: list[dict[str, Any]]) -> None:
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    edges = {name.strip() for layer in layers if "app.mlflow" in layer for name in layer.split("|")}
    held = [
        set(contract["source_modules"])
        for contract in contracts
        if contract["name"].startswith("Edges ") and contract["type"] == "forbidden"
    ]
    assert len(edges) > 2
    assert len(held) == 2
    assert [edges - sources for sources in held] == [set(), set()]


def test_tables_and_repositories_are_private_to_their_feature(contracts: list[dict[str, Any]]) -> None:
    protected = {
        name: contract["allowed_importers"]
        for contract in contracts
        if contract["type"] == "protected"
        for name in contract["protected_modules"]
    }
    private = {
        ".".join(module.path.relative_to(ROOT).with_suffix("").parts): f"app.{module.path.relative_to(ROOT).parts[1]}"
        for module in modules("app")
        if module.path.stem.startswith(PRIVATE)
    }
    assert private
    assert {name: protected.get(name) for name in private} == {name: [feature] for name, feature in private.items()}
