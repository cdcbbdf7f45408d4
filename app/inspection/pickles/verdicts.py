"""From what the pickles of a file do to whether it may be handed out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.inspection.limits import Limits
from app.inspection.pickles.dissection import Dissection
from app.inspection.pickles.policy import Level
from app.inspection.reports import JsonValue, Outcome, Report, Scan, Verdict, listing, shown

if TYPE_CHECKING:
    from app.inspection.pickles.opinions import Opinions

OURS = "modelyard"
TELLING_WORDS = frozenset(
    """os sys subprocess system popen Popen exec eval compile __import__ importlib import_module socket urlopen requests
    ctypes shutil rmtree environ pty spawn getattr globals loads b64decode decompress""".split()
)
"""Names in code that a file brings which a reviewer wants to see."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was noticed around the pickles of a file."""

    notes: Sequence[str] = ()
    """What makes the file suspicious."""
    faults: Sequence[str] = ()
    """What could not be looked at although loading would."""


def conclude(
    format: str | None,
    dissections: Sequence[Dissection],
    around: Surroundings,
    facts: dict[str, JsonValue],
    limits: Limits,
) -> Report:
    """The report on a file with these pickles."""
    from app.inspection.pickles.opinions import ask  # noqa: PLC0415 - only files with pickles need it

    skeletons = [skeleton.bytes() for each in dissections for skeleton in each.skeletons]
    opinions = ask(skeleton for skeleton in skeletons if skeleton is not None)
    verdict = _verdict(dissections, opinions, around, whole=None not in skeletons)
    findings = [*_findings(dissections, opinions, around), *_remarks(dissections, around, whole=None not in skeletons)]
    scan = Scan(
        verdict,
        listing(sorted({shown(each, limits.text) for one in dissections for each in _imports(one)}), limits.listed),
        listing(list(dict.fromkeys(findings)), limits.listed),
        [f"{OURS} on Python {sys.version_info.major}.{sys.version_info.minor}", *opinions.scanners],
    )
    outcome = Outcome.QUARANTINED if verdict in {"dangerous", "unreadable"} else Outcome.READY
    counts: dict[str, JsonValue] = {
        "pickleCount": sum(each.pickles for each in dissections),
        "arrayCount": sum(each.arrays for each in dissections),
        "opcodeCount": sum(each.opcodes for each in dissections),
    }
    return Report(outcome, _reason(verdict, scan), format, facts | counts, scan)


def _verdict(dissections: Sequence[Dissection], opinions: Opinions, around: Surroundings, *, whole: bool) -> Verdict:
    if any(each.usage.level is Level.DANGEROUS for each in dissections):
        return "dangerous"
    if around.faults or any(each.broken for each in dissections):
        return "unreadable"
    trailing = any(each.trailing is not None for each in dissections)
    if (
        trailing
        or not whole
        or opinions.failures
        or opinions.warnings
        or around.notes
        or any(each.usage.level is Level.SUSPICIOUS for each in dissections)
    ):
        return "suspicious"
    return "safe"


def _imports(dissection: Dissection) -> Iterable[str]:
    yield from (str(each) for each in dissection.usage.imports)
    yield from dissection.usage.modules


def _findings(dissections: Sequence[Dissection], opinions: Opinions, around: Surroundings) -> Iterable[str]:
    """What decides, the worst first."""
    for each in dissections:
        yield from each.usage.dangers
    yield from around.faults
    yield from (f"It cannot be followed to its end: {each.broken}" for each in dissections if each.broken)
    yield from opinions.warnings
    yield from opinions.failures


def _remarks(dissections: Sequence[Dissection], around: Surroundings, *, whole: bool) -> Iterable[str]:
    """What a person who decides to load it wants to know."""
    yield from around.notes
    if not whole:
        yield "It is too large for the scanners of others; only the scanner of modelyard has looked at all of it."
    for each in dissections:
        if each.trailing is not None:
            yield f"Bytes that are no pickle follow at {each.trailing:,}."
        told = sorted(each.usage.words & TELLING_WORDS)
        if told:
            yield f"Python code in the file uses the names {', '.join(told)}."
        if each.usage.modules:
            yield f"Python code in the file uses the modules {shown(', '.join(sorted(each.usage.modules)), 300)}."
        yield from each.usage.suspicions


def _reason(verdict: Verdict, scan: Scan) -> str | None:
    if verdict == "dangerous":
        return f"Loading this file is dangerous. {scan.findings[0]}"
    if verdict == "unreadable":
        return f"This file could not be scanned as a whole, and loading it runs what it holds. {scan.findings[0]}"
    return None
