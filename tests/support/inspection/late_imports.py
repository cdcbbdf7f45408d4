"""Prints what functions of the modules that scanners load would import first: name, and where."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

from app.inspection.processes import scanner_program


def functions(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from functions(inner)


def late() -> Iterator[tuple[str, str]]:
    for name, module in list(sys.modules.items()):
        path = Path(getattr(module, "__file__", None) or "/")
        if path.suffix != ".py":
            continue
        package = f"{module.__package__}." if module.__package__ else ""
        for code in functions(compile(path.read_bytes(), str(path), "exec")):
            for step in dis.get_instructions(code):
                named = str(step.argval)
                if step.opname == "IMPORT_NAME" and named and not {named, package + named} & sys.modules.keys():
                    yield named, f"{name}:{code.co_name}"


if __name__ == "__main__":
    scanner_program.load_everything()
    for each in late():
        print(*each)  # noqa: T201 - the test reads it
