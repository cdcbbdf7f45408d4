# ruff: noqa: T201 - a command that talks
"""``make faults``: break everything at every moment, print what became of it, and fail if a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.faults import matrix, storm
from tests.faults.columns import COLUMNS
from tests.faults.rows import ROWS


def main() -> int:
    options = _options()
    seed = options.seed if options.seed is not None else random.randrange(2**31)
    print(f"seed {seed}", flush=True)
    directory = Path(tempfile.mkdtemp(prefix="myf"))
    if options.seconds:
        report = asyncio.run(storm.run(directory, seed, options.seconds, _say))
    else:
        report = asyncio.run(matrix.run(directory, seed, options.rows, options.columns, _say))
    options.report.write_text(str(report))
    print(report)
    if report.is_good:
        shutil.rmtree(directory)
    else:
        print(f"The logs are in {directory / 'data' / 'log'}.")
    return 0 if report.is_good else 1


def _say(text: str) -> None:
    print(text, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--rows", type=lambda text: text.split(","), default=list(ROWS), help=", ".join(ROWS))
    parser.add_argument("--columns", type=lambda text: text.split(","), default=list(COLUMNS), help=", ".join(COLUMNS))
    parser.add_argument("--quick", action="store_true", help="less than a minute: two faults, and no wait for a lease")
    parser.add_argument("--seconds", type=float, default=0, help="instead: clients at work while parts die at random")
    parser.add_argument("--seed", type=int, help="of the dice; what the machine makes of it differs")
    parser.add_argument("--report", type=Path, default=Path("faults-report.md"))
    options = parser.parse_args()
    if options.quick:
        options.rows, options.columns = matrix.QUICK_ROWS, matrix.QUICK_COLUMNS
    return options


if __name__ == "__main__":
    sys.exit(main())
