"""The processes that inspect.

``python -m app.inspection.processes.scanner_program`` loads everything, and forks one process for each file.

A scanner confines itself before it reads the first byte of the file, asks for ranges over its socket, and has nothing
else.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import BinaryIO, NoReturn

from app.inspection.confinement.measures import Measure, confine, stand_apart
from app.inspection.examination import examine, unread
from app.inspection.limits import Limits
from app.inspection.processes.fork_server import ForkServer
from app.inspection.processes.preload import load_everything
from app.inspection.processes.protocol import (
    LENGTH,
    PROBE,
    RANGE,
    RANGE_REQUEST,
    REPORT,
    InspectionRequest,
    measures_to_json,
)
from app.inspection.reports import Report, Unread

LONGEST_REQUEST = 65_536


class PipedSource:
    """The file, range by range, from the worker."""

    def __init__(self, request: InspectionRequest, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self.size = request.size
        self._left = request.limits.read_bytes
        self._incoming = incoming
        self._outgoing = outgoing

    def read(self, start: int, end: int) -> bytes:
        """The bytes of a range, requested from the worker.

        Raises:
            Unread: more than an inspection may read.
        """
        end = min(end, self.size)
        if end <= start:
            return b""
        self._left -= end - start
        if self._left < 0:
            raise Unread("More of the file would have to be read than an inspection may read.")
        self._outgoing.write(RANGE + RANGE_REQUEST.pack(start, end))
        self._outgoing.flush()
        length = LENGTH.unpack(self._exactly(LENGTH.size))[0]
        return self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        read = self._incoming.read(count)
        if len(read) < count:
            raise SystemExit(1)  # the worker is gone
        return read


def main() -> None:
    """Fork scanners for the worker at the other end of standard input."""
    load_everything()
    apart = stand_apart()
    with socket.socket(fileno=os.dup(0)) as control:
        ForkServer(control, lambda: scan(apart)).serve()


def scan(apart: list[Measure]) -> NoReturn:
    """Read the request, inspect, answer; ends the process."""
    sys.stdin = sys.stdout = sys.stderr = None  # print() does nothing then
    incoming, outgoing = os.fdopen(0, "rb", closefd=False), os.fdopen(0, "wb", closefd=False)
    line = incoming.readline(LONGEST_REQUEST)
    if line == PROBE:
        answer = measures_to_json([*apart, *confine(Limits())])
    else:
        request = InspectionRequest.from_line(line)
        confine(request.limits)
        answer = _report(request, PipedSource(request, incoming, outgoing)).to_json()
    outgoing.write(REPORT + LENGTH.pack(len(answer)) + answer)
    outgoing.flush()
    os._exit(0)  # taking the interpreter down in order would take longer than many inspections


def _report(request: InspectionRequest, source: PipedSource) -> Report:
    try:
        return examine(request.kind, request.path, source, request.limits)
    except MemoryError:
        told = f"It takes more than {request.limits.memory_bytes:,} bytes of memory to look at it."
        return unread(request.kind, request.path, told)
    except Exception as error:  # noqa: BLE001 - whatever a hostile file provokes must become a report
        return unread(request.kind, request.path, f"It could not be read ({type(error).__name__}).")


if __name__ == "__main__":
    main()
