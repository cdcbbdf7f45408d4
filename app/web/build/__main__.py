"""``python -m app.web.build``: build the pages, unless they are built; ``--check``: check their sources instead."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from app.web.build import sources, state
from app.web.build.building import Building
from app.web.build.toolchain import StepFailed

_NICENESS = 10
"""Beside servers that start, those come first."""
_ROOT = Path(__file__).resolve().parents[3]


def main(arguments: list[str]) -> int:
    """Do what the arguments say; the exit code."""
    parser = argparse.ArgumentParser("python -m app.web.build", description="Build the pages, unless they are built.")
    parser.add_argument("--check", action="store_true", help="check types, operations and texts instead")
    parser.add_argument("--reports", type=int, help="a descriptor to say on what happens, instead of the output")
    options = parser.parse_args(arguments)
    if not sources.are_here(_ROOT):
        print(f"There are no sources of pages in {_ROOT}.", file=sys.stderr)  # noqa: T201 - a command of the terminal
        return 1
    signal.signal(signal.SIGTERM, _end)
    os.umask(0o022)  # pages are no secret: who serves them may be another user than who builds them
    note = _notes(options.reports)
    if options.reports is not None:
        os.nice(_NICENESS)
    building = Building(_ROOT, note)
    try:
        if options.check:
            return building.check()
        building.build()
    except (StepFailed, OSError) as failure:
        note(f"The pages could not be built: {state.LOG} says why")
        print(failure, file=sys.stderr)  # noqa: T201 - as above
        return 1
    return 0


def _notes(descriptor: int | None) -> Callable[[str], None]:
    stream = sys.stdout if descriptor is None else os.fdopen(descriptor, "w")

    def note(text: str) -> None:
        print(text, file=stream, flush=True)

    return note


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
