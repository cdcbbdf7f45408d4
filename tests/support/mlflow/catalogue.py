"""Which method of which client is called by which test, read from the tests themselves; and the table of it.

``python -m tests.support.mlflow.catalogue`` writes the table into the documentation.
"""

from __future__ import annotations

import ast
import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.mlflow.client import NEWEST, OLDEST
from tests.support.mlflow.outside import LOCAL, OUTSIDE

PAGE = Path(__file__).parents[3] / "docs" / "mlflow-clients.md"
MARKS = ("<!-- table: begin -->", "<!-- table: end -->")
MODULES = ("MlflowClient", "mlflow", "mlflow.artifacts", "mlflow.pyfunc", "mlflow.sklearn")
VERSIONS = {"2.7.1": OLDEST, "3.17.2": NEWEST}
_FIXTURES = {"each_client": set(VERSIONS), "mlflow": {"3.17.2"}}
_FOLDER = Path(__file__).parents[2] / "mlflow" / "methods"

_INTROSPECTION = """
import inspect, json, warnings
warnings.simplefilter("ignore")
import mlflow, mlflow.artifacts, mlflow.pyfunc, mlflow.sklearn
from mlflow import MlflowClient

def functions(module, names):
    found = [name for name in names if not name.startswith("_") and callable(getattr(module, name, None))]
    return [name for name in found if not inspect.isclass(getattr(module, name))]

own = [name for name in dir(mlflow.artifacts)
       if getattr(getattr(mlflow.artifacts, name), "__module__", "") == "mlflow.artifacts"]
print("found:" + json.dumps({
    "MlflowClient": functions(MlflowClient, dir(MlflowClient)),
    "mlflow": functions(mlflow, mlflow.__all__),
    "mlflow.artifacts": functions(mlflow.artifacts, own),
    "mlflow.pyfunc": functions(mlflow.pyfunc, ["get_model_dependencies", "load_model", "log_model", "save_model"]),
    "mlflow.sklearn": functions(mlflow.sklearn, ["autolog", "load_model", "log_model", "save_model"]),
}))
"""


@dataclass
class Line:
    """One method: in which clients it is, and the tests that call it there."""

    module: str
    name: str
    clients: set[str] = field(default_factory=set)
    tests: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def verdict(self) -> str:
        if self.name in OUTSIDE.get(self.module, {}):
            return "outside scope"
        return "in the client alone" if self.name in LOCAL.get(self.module, {}) else "works"

    @property
    def untested(self) -> set[str]:
        """The clients that have the method, but no test that calls it."""
        return {client for client in self.clients if not self.tests[client]}


def lines() -> list[Line]:
    """Every public method of both clients."""
    result: dict[tuple[str, str], Line] = {}
    for client, interpreter in VERSIONS.items():
        for module, names in _public(interpreter).items():
            for name in names:
                result.setdefault((module, name), Line(module, name)).clients.add(client)
    for test, clients, called in _calls():
        for key in called:
            if key in result:
                for client in clients:
                    result[key].tests[client].add(test)
    return sorted(result.values(), key=lambda line: (MODULES.index(line.module), line.name))


def table(result: list[Line]) -> str:
    """Counts, then one table for each module, in Markdown."""
    parts = [_counts(result)]
    for module in MODULES:
        rows = [_row(line) for line in result if line.module == module]
        parts.append(
            f"### {module}\n\n| method | 2.7.1 | 3.17.2 | | tested by |\n|---|---|---|---|---|\n" + "\n".join(rows)
        )
    return "\n\n".join(parts) + "\n"


def page(text: str, result: list[Line]) -> str:
    """The page with the table put in anew."""
    before, _, rest = text.partition(MARKS[0])
    return f"{before}{MARKS[0]}\n\n{table(result)}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}"


def _counts(result: list[Line]) -> str:
    rows = ["| client | public methods | work | in the client alone | outside scope |", "|---|---|---|---|---|"]
    for client in VERSIONS:
        mine = [line.verdict for line in result if client in line.clients]
        told = [mine.count(verdict) for verdict in ("works", "in the client alone", "outside scope")]
        rows.append(f"| {client} | {len(mine)} | {told[0]} | {told[1]} | {told[2]} |")
    return "\n".join(rows)


def _row(line: Line) -> str:
    marks = ["✓" if version in line.clients else "–" for version in VERSIONS]
    tests = sorted(set().union(*line.tests.values()))
    return f"| `{line.name}` | {marks[0]} | {marks[1]} | {line.verdict} | {', '.join(f'`{one}`' for one in tests)} |"


def _public(interpreter: Path) -> dict[str, list[str]]:
    done = subprocess.run([interpreter, "-c", _INTROSPECTION], capture_output=True, text=True, check=True)
    result: dict[str, list[str]] = json.loads(done.stdout.partition("found:")[2])
    return result


def claims(test: str) -> set[tuple[str, str]]:
    """What the test (``module::function``) is listed for as calling with an answer."""
    called = next((called for name, _, called in _calls() if name == test), set())
    elsewhere = {(module, name) for names in (LOCAL, OUTSIDE) for module in names for name in names[module]}
    return {key for key in called - elsewhere if key[0] in MODULES}


def _calls() -> Iterator[tuple[str, set[str], set[tuple[str, str]]]]:
    """Each test, the clients that it runs with, and what it calls in them."""
    for path in sorted(_FOLDER.glob("test_*.py")):
        functions = {
            node.name: node
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        for name, test in functions.items():
            clients = set().union(*(_FIXTURES.get(one.arg, set()) for one in test.args.args))
            if not name.startswith("test_") or not clients:
                continue
            over_there = [
                functions[node.id] for node in ast.walk(test) if isinstance(node, ast.Name) and node.id in functions
            ]
            called = {key for function in over_there for key in _called(function)}
            if path.stem == "test_outside" and "module" in {one.arg for one in test.args.args}:
                called |= {(module, one) for module, samples in OUTSIDE.items() for one in samples}
            yield f"{path.stem}::{name}", clients, called


def _called(function: ast.AST) -> Iterator[tuple[str, str]]:
    """What is called on the client, on the module, and on its submodules, by the names that tests give them."""
    for node in ast.walk(function):
        for called in [node.func] if isinstance(node, ast.Call) else getattr(node, "decorator_list", []):
            if isinstance(called, ast.Attribute):
                receiver = ast.unparse(called.value)
                module = {"client": "MlflowClient", "mlflow.MlflowClient()": "MlflowClient"}.get(receiver, receiver)
                yield module, called.attr


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(), lines()))
