"""One file of a known kind: from its bytes to the report. Pure; runs in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import PurePosixPath
from typing import TypeAlias

from app.inspection.archives import joined, zips
from app.inspection.detection import CARRIES_CODE, Kind, claimed, claims_pickle, says_only_pickle
from app.inspection.formats import model_archives, numpy_arrays
from app.inspection.limits import Limits
from app.inspection.pickle_search import TORCH_MAGIC, PickleSearch
from app.inspection.pickles.dissection import Dissector
from app.inspection.pickles.policy import Level
from app.inspection.pickles.verdicts import OURS, Surroundings, conclude
from app.inspection.reports import JsonValue, Malformed, Outcome, Report, Scan, Unlike, Unread, fitting
from app.inspection.source import Ended, FileStream, Source

Facts: TypeAlias = dict[str, JsonValue]
READERS = {
    Kind.SAFETENSORS: ("safetensors", "read"),
    Kind.GGUF: ("gguf", "read"),
    Kind.ONNX: ("onnx", "read"),
    Kind.HDF5: ("hdf5", "read"),
    Kind.MLMODEL: ("yaml_documents", "mlmodel"),
    Kind.CONDA: ("yaml_documents", "conda"),
    Kind.REQUIREMENTS: ("requirements", "read"),
    Kind.XGBOOST: ("boosters", "xgboost"),
    Kind.LIGHTGBM: ("boosters", "lightgbm"),
    Kind.CATBOOST: ("boosters", "catboost"),
}
"""Module of `formats` and function; loaded when needed, since the process reads one file only."""
BEGIN_AS_PICKLES = frozenset(
    {Kind.SAFETENSORS, Kind.GGUF, Kind.TAR, Kind.COMPRESSED, Kind.CATBOOST, Kind.HDF5}
)  # an HDF5 file may begin with anything before its own first bytes
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
        report = _refused(kind, path, error)
    except RecursionError:
        report = _refused(kind, path, Unread("It is nested too deeply."))
    return replace(report, facts=fitting(report.facts, limits.facts_bytes))


def _refused(kind: Kind, path: str, error: Malformed) -> Report:
    """Only what its own format refuses has failed: that it cannot be read here says nothing against a file."""
    if kind in CARRIES_CODE:
        return unread(kind, path, error.reason)
    if isinstance(error, Unread) or (isinstance(error, Unlike) and claimed(path) is not kind):
        return Report()
    return Report(Outcome.FAILED, error.reason, kind.value if kind in READERS else None)


def unread(kind: Kind, path: str, reason: str) -> Report:
    """A file that was not read has no format; one that could carry code is not handed out."""
    could_be_pickle = kind in BEGIN_AS_PICKLES and claimed(path) is not kind
    if kind not in CARRIES_CODE and not could_be_pickle:
        return Report()
    format = kind.value if kind in {Kind.ZIP, Kind.NUMPY, Kind.PICKLE} else None
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
    search = PickleSearch(limits)
    carriers = {Kind.ZIP: _zip, Kind.NUMPY: _array, Kind.TAR: _tar}
    return carriers[kind](source, search) if kind in carriers else _pickled(kind, path, source, search)


def _pickled(kind: Kind, path: str, source: Source, search: PickleSearch) -> Report:
    """Pickles, what could be some, and compressed files."""
    seen = True
    if kind is Kind.COMPRESSED:
        seen = search.compressed(source, path, 0)
    elif kind is Kind.PICKLE and says_only_pickle(path):
        search.pickles(FileStream(source), source, 0)
    else:
        is_claimed = kind is Kind.PICKLE or claims_pickle(path)
        if not search.perhaps(FileStream(source), is_claimed=is_claimed, source=source):
            return _no_pickle(path, search)
    format = _pickle_format(path, source, search) if seen and search.dissections else None
    return _concluded(format, {}, search)


def _disguised(source: Source, limits: Limits) -> Report | None:
    """The report on a pickle that begins as a file of another kind does: who unpickles it asks for no mark."""
    search = PickleSearch(replace(limits, opcodes=min(limits.opcodes, DISGUISED_OPCODES)))
    dissection = Dissector(search.limits).stream(FileStream(source, first=512))
    level = dissection.usage.level
    is_broken = dissection.broken is not None
    is_harmless = level is Level.SAFE or (is_broken and (level is Level.SUSPICIOUS or not dissection.acted))
    if is_harmless and not dissection.nested and dissection.opcodes < search.limits.opcodes:
        return None
    search.dissections.append(dissection)
    search.faults += ["It holds tensors in bytes that cannot be looked at."] if dissection.nested else []
    return _concluded(Kind.PICKLE.value, {}, search)


def _reader(kind: Kind) -> Callable[[Source, Limits], Facts]:
    module, name = READERS[kind]
    read: Callable[[Source, Limits], Facts] = getattr(import_module(f"app.inspection.formats.{module}"), name)
    return read


def _zip(source: Source, search: PickleSearch) -> Report:
    """An archive without a directory is none to any program; one that this code cannot read, others may."""
    try:
        archives = joined.opened(source, search.limits)
    except zips.NoDirectory as error:
        return Report(Outcome.FAILED, error.reason, "zip")
    looked = [model_archives.look(part, members, search) for part, members in archives]
    if len(looked) == 1:
        return _concluded(*looked[0], search)
    formats = {format for format, _ in looked}
    return _concluded(formats.pop() if len(formats) == 1 else "zip", {"archiveCount": len(looked)}, search)


def _array(source: Source, search: PickleSearch) -> Report:
    """NumPy loads nothing of a file that is cut off; a header that cannot be read here it may well read."""
    try:
        facts = search.array(FileStream(source), source.size, 0).facts()
    except (Ended, numpy_arrays.TooShort) as error:
        return Report(Outcome.FAILED, error.reason, "numpy")
    return _concluded("numpy", facts, search)


def _tar(source: Source, search: PickleSearch) -> Report:
    """An archive that is cut off is unpacked by no program to its end; what it holds until then counts all the same."""
    try:
        names = search.tar(FileStream(source), 0, partial(FileStream, source))
    except Ended as error:
        report = _concluded(None, {}, search)
        cut = replace(report, outcome=Outcome.FAILED, reason=error.reason)
        return cut if report.outcome is Outcome.READY else report
    return _concluded("pytorch" if {"pickle", "storages"} <= set(names) else None, {"members": [*names]}, search)


def _no_pickle(path: str, search: PickleSearch) -> Report:
    """Bytes that unpickling refuses before it has done anything: a failure of what can be nothing but a pickle."""
    if search.unlike is None or not says_only_pickle(path):
        return Report()
    return Report(Outcome.FAILED, f"Its name says pickle, and no pickle begins like this: {search.unlike}", "pickle")


def _pickle_format(path: str, source: Source, search: PickleSearch) -> str:
    if source.read(0, len(TORCH_MAGIC)) == TORCH_MAGIC:
        return "pytorch"
    imports = {each.module for one in search.dissections for each in one.usage.imports}
    by_name = JOBLIB_NAMES & set(PurePosixPath(path.lower()).suffixes)
    return "joblib" if by_name or "joblib.numpy_pickle" in imports else "pickle"


def _concluded(format: str | None, facts: Facts, search: PickleSearch) -> Report:
    if not search.dissections and not search.notes and not search.faults:
        return Report(format=format, facts=facts)
    return conclude(format, search.dissections, Surroundings(search.notes, search.faults), facts, search.limits)
