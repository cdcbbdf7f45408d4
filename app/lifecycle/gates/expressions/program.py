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
            result = Result(None) if document < 0 else _truth(programs[expression].execute(documents[document]))
        except MemoryError:
            result = Result(None, "it takes too much memory")
        except BaseException as error:  # noqa: BLE001 - the library panics with more than Exception
            result = Result(None, _shown(error))
        os.write(0, result.to_bytes())
    os._exit(0)


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
