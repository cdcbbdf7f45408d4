"""Starts the process that inspects a file, serves it ranges, and ends it when it takes too long."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TypeVar

from app.inspection.protocol import ASKED, LENGTH, LONGEST_RANGE, LONGEST_REPORT, RANGE, REPORT, Order
from app.inspection.reports import Report
from app.inspection.source import RangeReader

T = TypeVar("T")
PATIENCE = 0.5
"""Seconds between an answer, or the wish to end, and SIGKILL."""
ROOT = Path(__file__).resolve().parents[2]


class Killed(Exception):
    """The process gave no report; the text says why."""


class _StoreFailed(Exception):
    """What the reader raised; apart, since connections to the process break by the same errors."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class _Clock:
    """The time that is left; waiting for the store does not count."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    async def wait(self, awaitable: Awaitable[T]) -> T:
        began = monotonic()
        try:
            return await asyncio.wait_for(awaitable, max(self._left, 0.001))
        finally:
            self._left -= monotonic() - began


async def run(order: Order, reader: RangeReader) -> Report:
    """Inspect in a process of its own; what the reader raises is passed on.

    Raises:
        Killed: the process took too long, or died.
    """
    with tempfile.TemporaryDirectory(prefix="modelyard-inspection-") as directory:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-s", "-P", "-m", "app.inspection.scanning"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=directory,
            env={"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TMPDIR": directory, "HOME": directory},
        )
        try:
            return await _converse(process, order, reader)
        except TimeoutError:
            raise Killed(f"It could not be scanned within {order.limits.seconds:g} seconds.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            await _end(process)
            raise Killed(
                f"The process that looked at it ended without an answer (code {process.returncode})."
            ) from None
        except _StoreFailed as failed:
            raise failed.error from None
        finally:
            await _end(process)


async def _converse(process: Process, order: Order, reader: RangeReader) -> Report:
    if process.stdin is None or process.stdout is None:
        raise Killed("The process that should look at it has no pipes.")
    clock = _Clock(order.limits.seconds)
    process.stdin.write(order.to_line())
    while True:
        asked = await clock.wait(process.stdout.readexactly(1))
        if asked == RANGE:
            start, end = ASKED.unpack(await clock.wait(process.stdout.readexactly(ASKED.size)))
            _allowed(0 <= start <= end <= order.size and end - start <= LONGEST_RANGE)
            chunk = await _range(reader, start, end)
            process.stdin.write(LENGTH.pack(len(chunk)))
            process.stdin.write(chunk)
            await clock.wait(process.stdin.drain())
        else:
            _allowed(asked == REPORT)
            length = LENGTH.unpack(await clock.wait(process.stdout.readexactly(LENGTH.size)))[0]
            _allowed(length <= LONGEST_REPORT)
            return Report.from_json(await clock.wait(process.stdout.readexactly(length)))


async def _range(reader: RangeReader, start: int, end: int) -> bytes:
    try:
        return await reader.read(start, end)
    except Exception as error:
        raise _StoreFailed(error) from error


async def _end(process: Process) -> None:
    """Let it end by itself when it has answered; else end it."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError:
        with suppress(ProcessLookupError):  # it has ended at this very moment
            process.kill()
        await process.wait()


def _allowed(allowed: bool) -> None:
    if not allowed:
        raise Killed("The process that looked at it answered nonsense.")
