"""One file of a known kind: from its bytes to the report. Pure; runs in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.inspection import safetensors
from app.inspection.detection import CARRIES_CODE, Kind
from app.inspection.limits import Limits
from app.inspection.pickles import verdicts
from app.inspection.pickles.dissection import Dissector
from app.inspection.pickles.policy import Level
from app.inspection.reports import JsonValue, Malformed, Outcome, Report, Scan, fitting
from app.inspection.source import FileStream, Source

Reading = Callable[[Source, Limits], dict[str, JsonValue]]
READERS: dict[Kind, Reading] = {Kind.SAFETENSORS: safetensors.read}


def examine(kind: Kind, source: Source, limits: Limits) -> Report:
    """Never raises but for a lack of memory: what cannot be read is a report, too."""
    try:
        report = _examine(kind, source, limits)
    except (Malformed, RecursionError) as error:
        report = unreadable(kind, error.reason if isinstance(error, Malformed) else "It is nested too deeply.")
    return replace(report, facts=fitting(report.facts, limits.facts_bytes))


def _examine(kind: Kind, source: Source, limits: Limits) -> Report:
    if kind in READERS:
        return Report(format=kind.value, facts=READERS[kind](source, limits))
    if kind is Kind.POINTER:
        raise Malformed("This is a pointer of Git LFS, not the file that it stands for.")
    return _pickle(source, limits, certain=kind is not Kind.PERHAPS_PICKLE)


def _pickle(source: Source, limits: Limits, *, certain: bool) -> Report:
    """Text that only could be a pickle is one when it can be followed, or when what can be followed does harm."""
    found = Dissector(limits).stream(FileStream(source))
    if not certain and found.broken and found.usage.level is not Level.DANGEROUS:
        return Report()
    return verdicts.conclude("pickle", [found], limits, {})


def unreadable(kind: Kind, reason: str) -> Report:
    """What could not be read has failed; what could carry code as well is not handed out."""
    if kind not in CARRIES_CODE:
        return Report(Outcome.FAILED, reason, kind.value)
    return Report(
        Outcome.QUARANTINED,
        f"This file could not be scanned. {reason}",
        kind.value,
        {},
        Scan("unreadable", [], [reason], []),
    )
