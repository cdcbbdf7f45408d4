"""One file of a known kind: from its bytes to the report. Pure; runs in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import PurePosixPath
from typing import TypeAlias

from app.inspection import arrays, bundles
from app.inspection.archives import zips
from app.inspection.detection import CARRIES_CODE, Kind
from app.inspection.limits import Limits
from app.inspection.pickles.dissection import Dissector
from app.inspection.pickles.policy import Level
from app.inspection.pickles.verdicts import OURS, Surroundings, conclude
from app.inspection.reports import JsonValue, Malformed, Outcome, Report, Scan, fitting
from app.inspection.search import TORCH_MAGIC, Search
from app.inspection.source import Ended, FileStream, Source

Facts: TypeAlias = dict[str, JsonValue]
READERS = {
    Kind.SAFETENSORS: ("safetensors", "read"),
    Kind.GGUF: ("gguf", "read"),
    Kind.ONNX: ("onnx", "read"),
    Kind.HDF5: ("hdf5", "read"),
    Kind.MLMODEL: ("documents", "mlmodel"),
    Kind.CONDA: ("documents", "conda"),
    Kind.REQUIREMENTS: ("documents", "requirements"),
}
"""Module and function; loaded when needed, since the process reads one file only."""
BEGIN_AS_PICKLES = frozenset({Kind.SAFETENSORS, Kind.GGUF, Kind.TAR, Kind.COMPRESSED})
"""Kinds whose first bytes can be opcodes of a pickle, too."""
DISGUISED_OPCODES = 1_000_000
"""Opcodes for which files of these kinds are followed as pickles; an honest one breaks off after a few."""
JOBLIB_NAMES = frozenset({".joblib", ".jl"})
LAMBDA = "It has a Lambda layer, which brings Python code of its own."
UNFIT = "This file could not be scanned, and loading it could run code."


def examine(kind: Kind, path: str, source: Source, limits: Limits) -> Report:
    """Never raises but for a lack of memory: what cannot be read is a report, too."""
    try:
        report = _examine(kind, path, source, limits)
    except zips.Hostile as error:
        report = Report(Outcome.QUARANTINED, error.reason, "zip" if kind is Kind.ZIP else None)
    except Malformed as error:
        report = unreadable(kind, error.reason)
    except RecursionError:
        report = unreadable(kind, "It is nested too deeply.")
    return replace(report, facts=fitting(report.facts, limits.facts_bytes))


def unreadable(kind: Kind, reason: str) -> Report:
    """What could not be read has failed; what could carry code as well is not handed out."""
    format = kind.value if kind in READERS or kind in {Kind.ZIP, Kind.NUMPY, Kind.PICKLE} else None
    if kind not in CARRIES_CODE:
        return Report(Outcome.FAILED, reason, format)
    return Report(Outcome.QUARANTINED, f"{UNFIT} {reason}", format, {}, Scan("unreadable", [], [reason], [OURS]))


def _examine(kind: Kind, path: str, source: Source, limits: Limits) -> Report:
    disguised = _disguised(source, limits) if kind in BEGIN_AS_PICKLES else None
    if disguised is not None:
        return disguised
    if kind in READERS:
        facts = _reader(kind)(source, limits)
        scan = Scan("suspicious", [], [LAMBDA], [OURS]) if facts.get("lambdaLayer") else None
        return Report(format=kind.value, facts=facts, scan=scan)
    if kind is Kind.POINTER:
        raise Malformed("This is a pointer of Git LFS, not the file that it stands for.")
    search = Search(limits)
    if kind is Kind.ZIP:
        return _zip(source, search)
    if kind is Kind.NUMPY:
        return _array(source, search)
    format, facts = _searched(kind, path, source, search)
    return _concluded(format, facts, search)


def _disguised(source: Source, limits: Limits) -> Report | None:
    """The report on a pickle that begins as a file of another kind does: who unpickles it asks for no mark."""
    search = Search(replace(limits, opcodes=min(limits.opcodes, DISGUISED_OPCODES)))
    found = Dissector(search.limits).stream(FileStream(source, first=512))
    level = found.usage.level
    is_harmless = level is Level.SAFE or (level is Level.SUSPICIOUS and found.broken is not None)
    if is_harmless and not found.nested and found.opcodes < search.limits.opcodes:
        return None
    search.found.append(found)
    search.faults += ["It holds tensors in bytes that cannot be looked at."] if found.nested else []
    return _concluded(Kind.PICKLE.value, {}, search)


def _reader(kind: Kind) -> Callable[[Source, Limits], Facts]:
    module, name = READERS[kind]
    read: Callable[[Source, Limits], Facts] = getattr(import_module(f"app.inspection.{module}"), name)
    return read


def _zip(source: Source, search: Search) -> Report:
    """An archive without a directory is no archive to anybody; one that cannot be read here others may well read."""
    try:
        zips.members(source, search.limits)
    except zips.NoDirectory as error:
        return Report(Outcome.FAILED, error.reason, "zip")
    return _concluded(*bundles.look(source, search), search)


def _array(source: Source, search: Search) -> Report:
    """NumPy loads nothing of a file that is cut off; a header that cannot be read here it may well read."""
    try:
        facts = search.array(FileStream(source), source.size, 0).facts()
    except (Ended, arrays.TooShort) as error:
        return Report(Outcome.FAILED, error.reason, "numpy")
    return _concluded("numpy", facts, search)


def _searched(kind: Kind, path: str, source: Source, search: Search) -> tuple[str | None, Facts]:
    """Look for pickles; the format and facts of what surrounds them, None for what is not looked at."""
    stream = FileStream(source)
    if kind is Kind.TAR:
        names = search.tar(stream, 0)
        return ("pytorch" if {"pickle", "storages"} <= set(names) else None), {"members": [*names]}
    if kind is Kind.COMPRESSED:
        seen = search.compressed(source, path, 0)
    elif kind is Kind.PERHAPS_PICKLE:
        seen = search.perhaps(stream)
    else:
        seen = bool(search.pickles(stream, source, 0))
    return (_pickle_format(path, source, search) if seen and search.found else None), {}


def _pickle_format(path: str, source: Source, search: Search) -> str:
    if source.read(0, len(TORCH_MAGIC)) == TORCH_MAGIC:
        return "pytorch"
    imports = {each.module for one in search.found for each in one.usage.imports}
    by_name = JOBLIB_NAMES & set(PurePosixPath(path.lower()).suffixes)
    return "joblib" if by_name or "joblib.numpy_pickle" in imports else "pickle"


def _concluded(format: str | None, facts: Facts, search: Search) -> Report:
    if not search.found and not search.notes and not search.faults:
        return Report(format=format, facts=facts)
    return conclude(format, search.found, Surroundings(search.notes, search.faults), facts, search.limits)
