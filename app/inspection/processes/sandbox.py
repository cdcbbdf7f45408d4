"""Has a file inspected in a process of its own, serves it ranges, and ends it when it takes too long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

from app.inspection.confinement.measures import Measure
from app.inspection.processes.protocol import (
    LENGTH,
    LONGEST_RANGE,
    LONGEST_REPORT,
    PROBE,
    RANGE,
    RANGE_REQUEST,
    REPORT,
    InspectionRequest,
    measures_from_json,
)
from app.inspection.processes.scanners import ForkServerGone, Scanner, scanners
from app.inspection.reports import Report
from app.inspection.source import RangeReader

T = TypeVar("T")
STARTS = 3
"""How often the process that forks scanners is started for one file before it is taken for broken."""
PROBE_SECONDS = 30.0
SMALLEST_CHARGE = 512
"""Bytes for which a range counts at least: waiting for the store is free, so the number of ranges needs an end."""
SLACK = 64 * 1024 * 1024
"""What an honest scanner may go over by small ranges before its own count refuses."""


class Killed(Exception):
    """The process gave no report; the text says why."""


class ScannersBroken(Exception):
    """No process for inspections can be started here; it says nothing about the file."""


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


async def run(request: InspectionRequest, reader: RangeReader) -> Report:
    """Inspect in a process of its own; what the reader raises is passed on.

    Raises:
        Killed: the process took too long, or died.
        ScannersBroken: it cannot be started.
    """
    answer = await _answer(request.to_line(), request.limits.seconds, _Served(request, reader).range)
    try:
        return Report.from_json(answer)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Killed("The process that looked at it answered nonsense.") from None


async def measures() -> list[Measure]:
    """What keeps scanners in on this machine: one of them confines itself and tells.

    Raises:
        Killed, ScannersBroken: as above.
    """
    return measures_from_json(await _answer(PROBE, PROBE_SECONDS, _nothing))


async def _answer(line: bytes, seconds: float, serve: Callable[[int, int], Awaitable[bytes]]) -> bytes:
    for _ in range(STARTS):
        try:
            return await _answer_once(line, seconds, serve)
        except ForkServerGone:
            continue
    raise ScannersBroken("The processes that look into files cannot be started; the log of the worker says why.")


async def _answer_once(line: bytes, seconds: float, serve: Callable[[int, int], Awaitable[bytes]]) -> bytes:
    scanner = await scanners.start()
    try:
        return await _converse(scanner, line, _Clock(seconds), serve)
    except TimeoutError:
        raise Killed(f"It could not be scanned within {seconds:g} seconds.") from None
    except (asyncio.IncompleteReadError, ConnectionError):
        code = await scanner.code()
        raise Killed(f"The process that looked at it ended without an answer (code {code}).") from None
    except _StoreFailed as failed:
        raise failed.error from None
    finally:
        await scanner.end()


async def _converse(
    scanner: Scanner, line: bytes, clock: _Clock, serve: Callable[[int, int], Awaitable[bytes]]
) -> bytes:
    scanner.writer.write(line)
    while True:
        message = await clock.wait(scanner.reader.readexactly(1))
        if message == RANGE:
            start, end = RANGE_REQUEST.unpack(await clock.wait(scanner.reader.readexactly(RANGE_REQUEST.size)))
            chunk = await serve(start, end)
            scanner.writer.write(LENGTH.pack(len(chunk)))
            scanner.writer.write(chunk)
            await clock.wait(scanner.writer.drain())
        else:
            _allowed(message == REPORT)
            length = LENGTH.unpack(await clock.wait(scanner.reader.readexactly(LENGTH.size)))[0]
            _allowed(length <= LONGEST_REPORT)
            return await clock.wait(scanner.reader.readexactly(length))


class _Served:
    """Ranges of the file, up to what an inspection may read; the scanner's own count ends with its taking over."""

    def __init__(self, request: InspectionRequest, reader: RangeReader) -> None:
        self._reader = reader
        self._size = request.size
        self._left = request.limits.read_bytes

    async def range(self, start: int, end: int) -> bytes:
        _allowed(0 <= start <= end <= self._size and end - start <= LONGEST_RANGE)
        self._left -= max(end - start, SMALLEST_CHARGE)
        _allowed(self._left + SLACK >= 0)
        try:
            return await self._reader.read(start, end)
        except Exception as error:
            raise _StoreFailed(error) from error


async def _nothing(_start: int, _end: int) -> bytes:
    raise Killed("The process that should tell what keeps it in asked for a file.")


def _allowed(allowed: bool) -> None:
    if not allowed:
        raise Killed("The process that looked at it answered nonsense.")
