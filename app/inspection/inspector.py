"""What an uploaded file says of itself, and whether it is dangerous to load."""

from __future__ import annotations

import logging
from dataclasses import replace

import structlog

from app.inspection.detection import HEAD, detect
from app.inspection.examination import unread
from app.inspection.limits import Limits
from app.inspection.processes import sandbox
from app.inspection.processes.protocol import InspectionRequest
from app.inspection.reports import JsonValue, Outcome, Report, Scan
from app.inspection.source import RangeReader

__all__ = ["JsonValue", "Limits", "Outcome", "RangeReader", "Report", "Scan", "inspect"]

log = logging.getLogger(__name__)
events = structlog.get_logger()
_told = False


async def inspect(path: str, reader: RangeReader, *, limits: Limits = Limits()) -> Report:  # noqa: B008 - frozen
    """Look at a file by ranges, in a process of its own unless it is of no kind that is read here.

    Whatever the bytes are gives a report; only what the reader raises is passed on.
    """
    head = await reader.read(0, min(HEAD, reader.size))
    kind = detect(head, reader.size, path)
    if kind is None:
        return Report()
    await _tell_once()
    try:
        return await sandbox.run(InspectionRequest(kind, path, reader.size, limits), reader)
    except sandbox.Killed as killed:
        log.warning("inspection of a file as %s: %s", kind, killed)
        return replace(unread(kind, path, str(killed)), is_final=False)  # with less to do it may end in time


async def _tell_once() -> None:
    """Before the first file of this process, into the log: what keeps scanners in, and what does not.

    That it cannot be found out says nothing about the file; it is tried again before the next one.
    """
    global _told  # noqa: PLW0603 - once for a process
    if _told:
        return
    _told = True
    try:
        measures = await sandbox.measures()
    except sandbox.Killed as killed:
        _told = False
        events.warning("scanners.not_probed", reason=str(killed))
        return
    events.info("scanners.confined", by=[measure.name for measure in measures if measure.in_force])
    for measure in measures:
        if not measure.in_force:
            tell = events.warning if measure.is_missed else events.info
            tell("scanners.not_confined", by=measure.name, reason=measure.detail)
