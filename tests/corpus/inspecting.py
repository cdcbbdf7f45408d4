"""Inspects files and contents by the function that workers call, several at a time."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from app.inspection.inspector import RangeReader, Report, inspect
from tests.corpus.hostile import Case
from tests.corpus.recording import Made
from tests.support.inspection.sample_files import Reader


class _File:
    """A file on disk, read by ranges."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = path.stat().st_size

    async def read(self, start: int, end: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read(min(end, self.size) - start)


def made(folder: Path) -> Iterator[Made]:
    """What the makers noted: files, and makers that failed."""
    for told in sorted((folder / "made").glob("*.jsonl")):
        for line in told.read_text().splitlines():
            yield json.loads(line)


def inspected(folder: Path, files: list[Made]) -> list[Report]:
    """A report for each file; of those with the same bytes and name one is looked at."""
    first = {_same(each): each["path"] for each in reversed(files)}
    reports = asyncio.run(_several([_inspection(path, _File(folder / "files" / path)) for path in first.values()]))
    by_content = dict(zip(first, reports, strict=True))
    return [by_content[_same(each)] for each in files]


def _same(file: Made) -> tuple[str, str]:
    return file["sha256"], PurePosixPath(file["path"]).name


def caught(cases: Iterable[Case]) -> list[bool]:
    """For each case whether its file is withheld: in quarantine, or failed."""
    reports = asyncio.run(_several([_inspection(case.path, Reader(case.content)) for case in cases]))
    return [report.outcome.value != "ready" for report in reports]


def _inspection(path: str, reader: RangeReader) -> Callable[[], Awaitable[Report]]:
    return lambda: inspect(path, reader)


async def _several(work: list[Callable[[], Awaitable[Report]]]) -> list[Report]:
    slots = asyncio.Semaphore(4 * (os.cpu_count() or 1))

    async def one(start: Callable[[], Awaitable[Report]]) -> Report:
        async with slots:
            return await start()

    return await asyncio.gather(*(one(start) for start in work))
