"""The unmodified MLflow client in an interpreter of its own: tests hand it functions, by their source.

A function takes and returns what JSON can carry and imports what it needs. One process serves a whole test run,
because importing the client takes seconds.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import textwrap
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[3]
NEWEST = _ROOT / ".venv-mlflow" / "bin" / "python"
"""MLflow 3.17.2."""
OLDEST = _ROOT / ".venv-mlflow2" / "bin" / "python"
"""MLflow 2.7.1."""
BETWEEN = {
    version: _ROOT / f".venv-mlflow{folder}" / "bin" / "python" for version, folder in (("2.16.2", 216), ("3.9.0", 39))
}
"""MLflow 2.16.2 and 3.9.0, without the parts of a server."""
_LINE_LIMIT = 64 * 1024 * 1024
_SECONDS = 120
_NUMBERS = count(1)

_LOOP = """
import ast, inspect, json, os, sys
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
import warnings
warnings.simplefilter("ignore")
import mlflow
from mlflow.tracking import fluent

def reset(call):
    while mlflow.active_run():
        mlflow.end_run()
    fluent._active_experiment_id = None
    for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID"):
        os.environ.pop(name, None)
    os.environ.update(call["environment"])
    mlflow.set_tracking_uri(call["environment"]["MLFLOW_TRACKING_URI"])

class Recording(ast.NodeTransformer):
    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute):
            looked_up = [node.func.value, ast.Constant(node.func.attr)]
            node.func = ast.Call(ast.Name("_recorded", ast.Load()), looked_up, [])
        return node

    def visit_ClassDef(self, node):
        return node  # classes may be pickled

def recording(called):
    def recorded(receiver, name):
        method = getattr(receiver, name)
        module = receiver.__name__ if inspect.ismodule(receiver) else type(receiver).__name__
        if module != "MlflowClient" and module.partition(".")[0] != "mlflow":
            return method
        def call(*arguments, **more):
            found = method(*arguments, **more)
            called.add((module, name))
            return found
        return call
    return recorded

def answer(call):
    called = set()
    try:
        reset(call)
        names = {"_recorded": recording(called)}
        tree = ast.fix_missing_locations(Recording().visit(ast.parse(call["source"])))
        exec(compile(tree, call["name"], "exec"), names)
        found = {"result": names[call["name"]](*call["arguments"])}
    except Exception as error:
        code = getattr(error, "error_code", None)
        found = {"error": str(error), "kind": type(error).__name__, "code": code}
    return json.dumps({"number": call["number"], "called": sorted(called), **found})

for line in sys.stdin:
    answers.write(answer(json.loads(line)) + "\\n")
    answers.flush()
"""


class ClientError(Exception):
    """What the function raised in there; ``code`` is MLflow's error code."""

    def __init__(self, kind: str, message: str, code: str | None) -> None:
        self.kind = kind
        self.code = code
        super().__init__(f"{kind}: {message}")


class MLflow:
    """A running client. ``at`` gives it an address and a token.

    ``called`` holds the module (or ``MlflowClient``) and name of what the functions have called and got an answer from.
    """

    def __init__(self, process: asyncio.subprocess.Process, environment: dict[str, str] | None = None) -> None:
        self._process = process
        self._environment = environment or {}
        self.called: set[tuple[str, str]] = set()

    def at(self, uri: str, token: str) -> MLflow:
        return MLflow(self._process, {"MLFLOW_TRACKING_URI": uri, "MLFLOW_TRACKING_TOKEN": token})

    async def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run the function with these arguments over there.

        Raises:
            ClientError: it raised something.
        """
        call = {
            "name": function.__name__,
            "source": textwrap.dedent(inspect.getsource(function)),
            "arguments": arguments,
            "environment": self._environment,
            "number": next(_NUMBERS),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(call).encode() + b"\n")
        await self._process.stdin.drain()
        answer = await asyncio.wait_for(self._answer(call["number"]), _SECONDS)
        self.called |= {(module, name) for module, name in answer["called"]}
        if "error" in answer:
            raise ClientError(answer["kind"], answer["error"], answer["code"])
        return answer["result"]

    async def _answer(self, number: int) -> dict[str, Any]:
        """The answer to that call; one that comes late, after its test has given up, is dropped."""
        assert self._process.stdout is not None
        while True:
            answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
            if answer["number"] == number:
                return answer


async def start(interpreter: Path = NEWEST) -> MLflow:
    """Start one of the clients; :func:`stop` ends it."""
    environment = {
        **os.environ,
        "PATH": f"{interpreter.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "GIT_PYTHON_REFRESH": "quiet",
        "SETUPTOOLS_USE_DISTUTILS": "stdlib",  # the old client imports distutils and setuptools in both orders
        "PYTHONWARNINGS": "ignore",
    }
    process = await asyncio.create_subprocess_exec(
        interpreter, "-c", _LOOP, stdin=-1, stdout=-1, stderr=None, env=environment, limit=_LINE_LIMIT
    )
    return MLflow(process)


async def stop(client: MLflow) -> None:
    process = client._process
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), 10)
    except TimeoutError:
        process.kill()
        await process.wait()
