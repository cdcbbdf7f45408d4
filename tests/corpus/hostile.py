"""The hostile set: what the tests of the inspection hold to be harmful, and honest files with a call put into them."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.inspection.test_archives import tarred, zipped
from tests.inspection.test_headers import npy, npy_header
from tests.support.inspection.handmade_pickles import SYSTEM, called, named, proto, text

HARM = proto(SYSTEM)
TABLES = {
    "test_pickles.DANGEROUS": ("model.pkl",),
    "test_archives.HOSTILE": ("x.zip",),
    "test_archives.ELSEWHERE": ("x.pt",),
    "test_archives.DISGUISED": ("model.pkl", "pytorch_model.bin"),
    "test_harm.HOSTILE": ("model.pkl",),
}
"""Tables of ``tests/inspection``, and the names under which their contents are files."""
CARRIERS = "carriers"
VALUES = frozenset({"environ", "cdll", "filters"})
"""Of modules whose names in the tables lead through a value."""
POISONED_PER_FOLDER = 3
LARGEST_POISONED = 4_000_000


@dataclass(frozen=True)
class Case:
    """A file that must not be handed out."""

    set: str
    path: str
    content: bytes


def cases(table: str) -> Iterator[Case]:
    """Those of one table, or ``carriers``; they need no corpus."""
    if table == CARRIERS:
        for path, content in _carriers().items():
            yield Case(table, path, content)
        return
    for content in _contents(table):
        for path in TABLES[table]:
            yield Case(table, path, content)


def _contents(table: str) -> Iterator[bytes]:
    module, name = table.split(".")
    rows: Any = getattr(importlib.import_module(f"tests.inspection.{module}"), name)
    for row in rows.values() if isinstance(rows, dict) else rows:
        if isinstance(row, str):
            yield proto(called(named(*_module_and_name(row)), text("harm")))
        else:
            yield row if isinstance(row, bytes) else row[0]


def _module_and_name(full: str) -> tuple[str, str]:
    """``Popen.communicate`` of ``subprocess``: a name begins with a class, or with a value that is changed."""
    steps = full.split(".")
    begins = (at for at, step in enumerate(steps) if step[:1].isupper() or step in VALUES or steps[at - 1] == "sys")
    end = max(next(begins, len(steps) - 1), 1)
    return ".".join(steps[:end]), ".".join(steps[end:])


def _carriers() -> dict[str, bytes]:
    """One harmful pickle in all that carries pickles."""
    archive = {"archive/data.pkl": HARM, "archive/version": b"3\n"}
    carriers = {
        "model.pt": zipped(archive),
        "pytorch_model.bin": zipped(archive, zipfile.ZIP_DEFLATED),
        "model.npy": npy(npy_header("|O"), HARM),
        "model.npz": zipped({"a.npy": npy(npy_header("|O"), HARM)}),
        "model.tar": tarred({"model/data.pkl": HARM}),
        "model.tar.gz": gzip.compress(tarred({"model/data.pkl": HARM})),
        "nested.zip": zipped({"inner.zip": zipped({"a": HARM})}, zipfile.ZIP_DEFLATED),
        "model.keras": zipped({"metadata.json": b"{}", "config.json": b"{}", "a.pkl": HARM}),
        "weights": HARM,
        "notes.txt": b"cos\nsystem\n(S'harm'\ntR.",
    }
    packers = {"zlib": zlib.compress, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    return carriers | {f"model.joblib.{name}": pack(HARM) for name, pack in packers.items()}


def poisoned(folder: Path, paths: list[str]) -> Iterator[Case]:
    """Copies of honest pickles and of torch's archives that call ``os.system`` first, and a few that do so last."""
    taken: dict[str, int] = {}
    for path in paths:
        folder = "/".join(path.split("/")[:2])
        file = folder / "files" / path
        if taken.get(folder, 0) >= POISONED_PER_FOLDER or file.stat().st_size > LARGEST_POISONED:
            continue
        for content in _with_a_call(file.read_bytes()):
            taken[folder] = taken.get(folder, 0) + 1
            yield Case("poisoned", path, content)


def _with_a_call(honest: bytes) -> Iterator[bytes]:
    if honest[:1] == b"\x80" and honest[1:2] in {b"\2", b"\3", b"\4", b"\5"}:
        yield honest[:2] + SYSTEM + b"0" + honest[2:]
    elif honest.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(honest)) as archive:
            members = {each.filename: archive.read(each) for each in archive.infolist()}
        pickles = [name for name in members if name.endswith("data.pkl")]
        if pickles:
            harmful = next(_with_a_call(members[pickles[0]]), HARM)
            yield zipped(members | {pickles[0]: harmful})
