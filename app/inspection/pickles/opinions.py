"""What the scanners of others say of a pickle; they are shown its skeleton. Imported only where files are inspected."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version

from app.inspection.pickles.policy import is_judged_by_use, modern
from app.inspection.reports import shown

IMPORT = re.compile(r"from (\S+) import (\S+)")
ABOUT_EFFORT = frozenset({"ExpansionAttackAnalysis", "ResourceExhaustion"})
"""fickling takes honest forests for attacks on itself; how much work a pickle makes is limited here anyway."""


@dataclass(slots=True)
class Opinions:
    """What they call dangerous: reason to look, and not to condemn, since they judge names without their use."""

    warnings: dict[str, None] = field(default_factory=dict)
    scanners: list[str] = field(default_factory=list)
    failures: dict[str, None] = field(default_factory=dict)


def load() -> None:
    """Load the scanners now: where files are inspected nothing can be loaded any more."""
    ask([b"N."])


def ask(skeletons: Iterable[bytes]) -> Opinions:
    """Show every skeleton to every scanner."""
    opinions = Opinions()
    pickles = list(skeletons)
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        for name, scan in (("picklescan", _picklescan), ("fickling", _fickling)):
            opinions.scanners.append(f"{name} {_version(name)}")
            for pickle in pickles:
                _ask(name, scan, pickle, opinions)
    finally:
        logging.disable(level)
    return opinions


@cache
def _version(package: str) -> str:
    return version(package)


def _ask(name: str, scan: Callable[[bytes], Iterable[str]], pickle: bytes, opinions: Opinions) -> None:
    try:
        opinions.warnings |= {f"{name}: {shown(told, 200)}": None for told in scan(pickle)}
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a scanner that stumbles over a hostile file must not end the inspection
        opinions.failures[f"{name} could not read it ({type(error).__name__})."] = None


def _picklescan(pickle: bytes) -> Iterator[str]:
    from picklescan.scanner import SafetyLevel, scan_pickle_bytes  # noqa: PLC0415 - costs memory

    for finding in scan_pickle_bytes(io.BytesIO(pickle), "pickle").globals:
        if finding.safety is SafetyLevel.Dangerous and not is_judged_by_use(*modern(finding.module, finding.name)):
            yield f"{finding.module}.{finding.name} is on its list of dangerous imports."


def _fickling(pickle: bytes) -> Iterator[str]:
    from fickling.analysis import Severity, check_safety  # noqa: PLC0415 - costs memory
    from fickling.fickle import Pickled  # noqa: PLC0415

    for finding in check_safety(Pickled.load(pickle)).results:
        if finding.severity < Severity.LIKELY_OVERTLY_MALICIOUS or finding.analysis_name in ABOUT_EFFORT:
            continue
        named = IMPORT.fullmatch(finding.trigger or "")
        if named is None or not is_judged_by_use(*modern(named[1], named[2])):
            yield f"{finding.message}."
