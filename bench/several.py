"""Several runs of the comparison in one Markdown table: what differs between them is the machine's doing.

    python -m bench.several run-1.json run-2.json …

The files are those that `python -m bench.compare --json` writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from bench.servers.peers import OURS, THEIRS

Run = dict[str, Any]


def main() -> None:
    """Read, print."""
    paths = [Path(name) for name in sys.argv[1:]]
    if not paths:
        raise SystemExit("Name the files that `python -m bench.compare --json` has written.")
    print("\n".join(markdown([orjson.loads(path.read_bytes()) for path in paths])))


def markdown(runs: Sequence[Run]) -> Iterator[str]:
    """Ratios of all runs by work, then amounts, then the limits of the machine."""
    names = [f"run {number}" for number in range(1, len(runs) + 1)]
    columns = ["work", *(f"{name}: {THEIRS} → {OURS}" for name in names), "ratios", "of CPU", "floor", "aim"]
    yield from _head(columns)
    for name in _names(runs, "works"):
        entries = [_of(run, "works", name) for run in runs]
        measured = [one for one in entries if one and one["ratio"] is not None]
        if measured:
            cells = [_rates(one) for one in entries]
            goals = [f"{measured[0][goal]:g}×" if measured[0][goal] else "" for goal in ("floor", "aim")]
            cpu = f"{median(one['cpu_ratio'] for one in measured):.1f}"
            yield _row([measured[0]["title"], *cells, _spread([one["ratio"] for one in measured]), cpu, *goals])
    yield ""
    yield from _head(["", *(f"{name}: {THEIRS} → {OURS}" for name in names), "ratios", "floor", "aim"])
    for name in _names(runs, "amounts"):
        entries = [_of(run, "amounts", name) for run in runs]
        measured = [one for one in entries if one]
        goal = f"{{:g}} {measured[0]['unit']}" if measured[0]["is_absolute"] else "1/{:g}"
        cells = [f"{one['theirs']:,.1f} → {one['ours']:,.1f} {one['unit']}" if one else "" for one in entries]
        goals = [goal.format(measured[0]["floor"]), goal.format(measured[0]["aim"])]
        yield _row([measured[0]["title"], *cells, _spread([one["ratio"] for one in measured]), *goals])
    yield ""
    yield from _head(["limit of the machine", *names])
    for name in _names(runs, "limits"):
        entries = [_of(run, "limits", name) for run in runs]
        title = next(one["title"] for one in entries if one)
        yield _row([title, *(f"{one['rate']:,.0f} {one['unit']}" if one else "" for one in entries)])


def _names(runs: Sequence[Run], kind: str) -> list[str]:
    return list(dict.fromkeys(one["name"] for run in runs for one in run[kind]))


def _of(run: Run, kind: str, name: str) -> Run | None:
    return next((one for one in run[kind] if one["name"] == name), None)


def _rates(work: Run | None) -> str:
    if work is None:
        return ""
    theirs, ours = (work["servers"][name]["rate"] for name in (THEIRS, OURS))
    return f"{_number(theirs)} → {_number(ours)} {work['unit']}"


def _number(rate: float) -> str:
    return f"{rate:,.{0 if rate >= 20 else 1}f}"


def _spread(ratios: Sequence[float]) -> str:
    return " / ".join(f"{ratio:.1f}" for ratio in ratios)


def _head(columns: Sequence[str]) -> Iterator[str]:
    yield _row(columns)
    yield "|---" * len(columns) + "|"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
