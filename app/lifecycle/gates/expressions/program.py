"""The process that evaluates expressions: reads its tasks, gives up what it does not need, answers each, and ends."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson

from app.inspection.confinement.measures import confine
from app.inspection.limits import Limits
from app.lifecycle.gates.expressions.protocol import CPU_SECONDS, MEMORY_BYTES, READY, Result

_VERSION: dict[str, Any] = {
    "model": "", "version": "1.0.0", "number": 1, "description": "", "tags": {},
    "createdAt": "2026-01-01T00:00:00+00:00",
    "metrics": {}, "metricsByDataset": {}, "facts": {}, "stages": [],
    "files": {"count": 0, "size": 0, "refused": 0, "suspicious": 0, "uninspected": 0},
}  # fmt: skip
_CANDIDATE: dict[str, Any] = {
    "id": "", "name": "", "status": "FINISHED", "startTime": 0, "endTime": 0, "user": "", "tags": {}, "datasets": [],
    "params": {},
}  # fmt: skip
EXAMPLE = {"version": _VERSION, "candidate": _CANDIDATE, "holder": _VERSION, "stage": "production"}
"""Of the form of :mod:`app.lifecycle.gates.document`."""


def load_cel() -> Any:
    """The evaluator of the package ``cel`` without its command line, which takes ten times as long to load."""
    spec = find_spec("cel")
    assert spec is not None, "it is among the requirements"
    assert spec.origin is not None, "it is a package with a file"
    package = ModuleType("cel")
    package.__path__ = [str(Path(spec.origin).parent)]
    sys.modules["cel"] = package
    from cel import cel  # noqa: PLC0415 - after what keeps its package from loading the rest

    return cel


def main() -> None:
    """Answer every task with a line; whatever goes wrong with one becomes its error, or the end of this process."""
    cel = load_cel()
    with os.fdopen(0, "rb", closefd=False) as incoming:
        expressions, documents, tasks = orjson.loads(incoming.read())
    confine(Limits(cpu_seconds=CPU_SECONDS, memory_bytes=MEMORY_BYTES))
    os.write(0, READY)
    programs: dict[int, Any] = {}
    for expression, document in tasks:
        try:
            if expression not in programs:
                programs[expression] = cel.compile(expressions[expression])
            program = programs[expression]
            result = _tried(program) if document < 0 else _truth(program.execute(documents[document]))
        except MemoryError:
            result = Result(None, "it takes too much memory")
        except BaseException as error:  # noqa: BLE001 - a panic of the library is no Exception; it becomes the error of this one task
            result = Result(None, _shown(error))
        os.write(0, result.to_bytes())
    os._exit(0)


def _tried(program: Any) -> Result:
    """What is wrong with an expression whatever the data: names that are none, a value that is no truth.

    It is evaluated over an example without figures, so that something is missing says nothing.
    """
    try:
        return _truth(program.execute(EXAMPLE))
    except Exception as error:  # noqa: BLE001 - the library's errors for missing figures have no common class
        return Result(None, _shown(error) if "Undefined variable or function" in str(error) else "")


def _truth(value: Any) -> Result:
    if isinstance(value, bool):
        return Result(value)
    return Result(None, f"it gives {type(value).__name__} {str(value)[:60]!r}, neither true nor false")


def _shown(error: BaseException) -> str:
    if isinstance(error, KeyError):
        return f"there is no {error.args[0]!r}" if error.args else "a field is missing"
    return " ".join(str(error).split())[:500] or type(error).__name__


if __name__ == "__main__":
    main()
