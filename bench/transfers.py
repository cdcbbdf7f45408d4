"""How fast files go up and come down on every way, compared with the bare store in the same run.

``python -m bench.transfers [--mebibytes 1024] [--files 2000] [--only WORD]…`` starts an installation of its own and
leaves nothing behind. Two loads: one large file, and many of 50 kB. A ratio of 1 means: as fast as the store itself.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from bench.servers.machine import Effort, Machine, running
from bench.ways import BASELINES, CHUNK, WAYS, Load, NotHere, Way

SMALL = 50_000
MARK = b"no format that is inspected\n"
"""Begins every file: noise alone looks like a pickle now and then, and is held back."""


@dataclass(frozen=True)
class Row:
    """What was measured on one way."""

    title: str
    streams: int
    is_baseline: bool
    up: float
    down: float
    """Seconds."""
    effort: str


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--mebibytes", type=int, default=1024, help="size of the one large file; 0 leaves it out")
    parser.add_argument("--files", type=int, default=2000, help="number of small files; 0 leaves them out")
    parser.add_argument("--only", action="append", default=[], help="only ways whose name has this word in it")
    wanted = parser.parse_args()
    ways = [way for way in WAYS if not wanted.only or any(word.lower() in way.title.lower() for word in wanted.only)]
    with running() as machine:
        if wanted.mebibytes:
            _measure(machine, ways, _one(machine, wanted.mebibytes), f"One file of {wanted.mebibytes} MiB", "MiB/s")
        if wanted.files:
            _measure(machine, ways, _many(machine, wanted.files), f"{wanted.files} files of 50 kB", "files/s")


def _measure(machine: Machine, ways: Sequence[type[Way]], load: Load, title: str, unit: str) -> None:
    """The store itself goes first and last: its rate falls as its disk gets busy, and the ways are in between."""
    print(f"\n{title} ({os.cpu_count()} processors; load {os.getloadavg()[0]:.1f} at the beginning)", flush=True)
    rows = [row for way in (*BASELINES, *ways, *BASELINES) if (row := _tried(machine, way, load))]
    amount = load.size / CHUNK if load.is_one else float(len(load.files))
    columns = f"{'up':>10}{'ratio':>8}{'down':>10}{'ratio':>8}"
    print(f"{'way':26}{columns}   [{unit}]  peak MiB as RSS/PSS; processor time")
    for row in rows:
        up, down = (_mean(rows, row.streams, direction) for direction in ("up", "down"))
        rates = f"{amount / row.up:10.1f}{up / row.up:8.2f}{amount / row.down:10.1f}{down / row.down:8.2f}"
        print(f"{row.title:26}{rates}   {row.effort}", flush=True)
    shutil.rmtree(load.folder)


def _mean(rows: Sequence[Row], streams: int, direction: str) -> float:
    """Seconds that the store itself took with as many streams."""
    rates = [getattr(row, direction) for row in rows if row.is_baseline and row.streams == streams]
    return float(sum(rates) / len(rates))


def _tried(machine: Machine, kind: type[Way], load: Load) -> Row | None:
    # Every way gets bytes of its own: those that the project has already would not be sent.
    for name in load.files:
        with (load.folder / name).open("r+b") as stream:
            stream.seek(len(MARK))
            stream.write(os.urandom(32))
    os.sync()  # what the way before has left for the disk is not this one's
    way = kind(machine, load)
    try:
        with Effort(machine.processes) as effort:
            up, down = way.up(), way.down()
        way.check()
    except NotHere as reason:
        print(f"{kind.title:26}{reason}")
        return None
    finally:
        shutil.rmtree(way.target)
    print(f"  {kind.title}: {up:.1f} s up, {down:.1f} s down", file=sys.stderr, flush=True)
    return Row(kind.title, kind.streams, kind in BASELINES, up, down, str(effort))


def _one(machine: Machine, mebibytes: int) -> Load:
    folder = machine.scratch / "one"
    folder.mkdir()
    block = os.urandom(8 * CHUNK)
    with (folder / "large.bin").open("wb") as stream:
        stream.write(MARK)
        for number in range(mebibytes):
            start = number * 4099 % (7 * CHUNK)
            stream.write(block[start : start + CHUNK])
        stream.truncate(mebibytes * CHUNK)
    return Load(folder, ("large.bin",), mebibytes * CHUNK)


def _many(machine: Machine, count: int) -> Load:
    folder = machine.scratch / "many"
    folder.mkdir()
    names = tuple(f"{number:05}.bin" for number in range(count))
    for name in names:
        (folder / name).write_bytes(MARK + os.urandom(SMALL - len(MARK)))
    return Load(folder, names, count * SMALL)


if __name__ == "__main__":
    main()
