"""The process that inspects one file: ``python -m app.inspection.scanning``.

It limits itself before it reads the first byte, asks for ranges over its pipes, and needs neither network nor disk.
"""

from __future__ import annotations

import os
import resource
import sys
from typing import BinaryIO

from app.inspection.examining import examine, unread
from app.inspection.limits import Limits
from app.inspection.protocol import ASKED, LENGTH, RANGE, REPORT, Order
from app.inspection.reports import Report, Unread


class PipedSource:
    """The file, range by range, from the worker."""

    def __init__(self, order: Order, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self.size = order.size
        self._left = order.limits.read_bytes
        self._incoming = incoming
        self._outgoing = outgoing

    def read(self, start: int, end: int) -> bytes:
        end = min(end, self.size)
        if end <= start:
            return b""
        self._left -= end - start
        if self._left < 0:
            raise Unread("More of the file would have to be read than an inspection may read.")
        self._outgoing.write(RANGE + ASKED.pack(start, end))
        self._outgoing.flush()
        length = LENGTH.unpack(self._exactly(LENGTH.size))[0]
        return self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        read = self._incoming.read(count)
        if len(read) < count:
            raise SystemExit(1)  # the worker is gone
        return read


def main() -> None:
    """Read the order, inspect, answer."""
    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing else may write into the answer
    order = Order.from_line(incoming.readline(65_536))
    confine(order.limits)
    report = _report(order, PipedSource(order, incoming, outgoing)).to_json()
    outgoing.write(REPORT + LENGTH.pack(len(report)) + report)
    outgoing.flush()
    os._exit(0)  # taking the interpreter down in order would take longer than many inspections


def _report(order: Order, source: PipedSource) -> Report:
    try:
        return examine(order.kind, order.path, source, order.limits)
    except MemoryError:
        told = f"It takes more than {order.limits.memory_bytes:,} bytes of memory to look at it."
        return unread(order.kind, order.path, told)
    except Exception as error:  # noqa: BLE001 - whatever a hostile file provokes must become a report
        return unread(order.kind, order.path, f"It could not be read ({type(error).__name__}).")


def confine(limits: Limits) -> None:
    """No more memory and processor time than allowed, no files, no children, no core."""
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_AS, limits.memory_bytes),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            # Some systems know no limit of this kind, or have a lower one already; time is limited from outside, too.
            continue


if __name__ == "__main__":
    main()
