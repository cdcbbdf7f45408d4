"""From what the pickles of a file do to whether it may be handed out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from app.inspection.limits import Limits
from app.inspection.pickles.dissection import Dissection
from app.inspection.pickles.opinions import Opinions, ask
from app.inspection.pickles.policy import Level
from app.inspection.reports import JsonValue, Outcome, Report, Scan, Verdict, listing, shown

OURS = "modelyard"
TELLING_WORDS = frozenset(
    """os sys subprocess system popen Popen exec eval compile __import__ importlib import_module socket urlopen requests
    ctypes shutil rmtree environ pty spawn getattr globals loads b64decode decompress""".split()
)
"""Names in code that a file brings which a reviewer wants to see."""


def conclude(
    format: str, found: Sequence[Dissection], limits: Limits, facts: dict[str, JsonValue], extra: Iterable[str] = ()
) -> Report:
    """The report on a file with these pickles; ``extra`` are findings about what surrounds them."""
    skeletons = [skeleton.bytes() for each in found for skeleton in each.skeletons]
    opinions = ask(skeleton for skeleton in skeletons if skeleton is not None)
    whole = all(skeleton is not None for skeleton in skeletons) and not opinions.failures
    verdict = _verdict(found, opinions, whole=whole and not extra)
    findings = [*_findings(found, opinions, whole=None not in skeletons), *extra]
    scan = Scan(
        verdict,
        listing(sorted({shown(each, limits.text) for one in found for each in _imports(one)}), limits.listed),
        listing(list(dict.fromkeys(findings)), limits.listed),
        [f"{OURS} on Python {sys.version_info.major}.{sys.version_info.minor}", *opinions.scanners],
    )
    outcome = Outcome.QUARANTINED if verdict in {"dangerous", "unreadable"} else Outcome.READY
    counts: dict[str, JsonValue] = {
        "pickles": sum(each.pickles for each in found),
        "arrays": sum(each.arrays for each in found),
        "opcodes": sum(each.opcodes for each in found),
    }
    return Report(outcome, _reason(verdict, scan, found), format, facts | counts, scan)


def _verdict(found: Sequence[Dissection], opinions: Opinions, *, whole: bool) -> Verdict:
    if opinions.dangers or any(each.usage.level is Level.DANGEROUS for each in found):
        return "dangerous"
    if any(each.broken for each in found):
        return "unreadable"
    trailing = any(each.trailing is not None for each in found)
    if trailing or not whole or any(each.usage.level is Level.SUSPICIOUS for each in found):
        return "suspicious"
    return "safe"


def _imports(found: Dissection) -> Iterable[str]:
    yield from (str(each) for each in found.usage.imports)
    yield from found.usage.modules


def _findings(found: Sequence[Dissection], opinions: Opinions, *, whole: bool) -> Iterable[str]:
    for each in found:
        yield from each.usage.dangers
    yield from opinions.dangers
    yield from (f"It cannot be followed to its end: {each.broken}" for each in found if each.broken)
    yield from opinions.failures
    if not whole:
        yield "It is too large for the scanners of others; only the scanner of modelyard has looked at all of it."
    for each in found:
        if each.trailing is not None:
            yield f"Bytes that are no pickle follow at {each.trailing:,}."
        told = sorted(each.usage.words & TELLING_WORDS)
        if told:
            yield f"Python code in the file uses the names {', '.join(told)}."
        if each.usage.modules:
            yield f"Python code in the file uses the modules {shown(', '.join(sorted(each.usage.modules)), 300)}."
        yield from each.usage.suspicions


def _reason(verdict: Verdict, scan: Scan, found: Sequence[Dissection]) -> str | None:
    if verdict == "dangerous":
        return f"Loading this file is dangerous. {scan.findings[0]}"
    if verdict == "unreadable":
        broken = next(each.broken for each in found if each.broken)
        return f"This file could not be scanned to its end, and what stands before runs when it is loaded. {broken}"
    return None
