"""Loads whatever an inspection may need, since a scanner can load nothing any more."""

from __future__ import annotations

import encodings
import importlib
import pkgutil
from contextlib import suppress

from app.inspection.examination import READERS
from app.inspection.pickles import opinions

_LIBRARY = """_pylong _strptime bz2 calendar codecs datetime decimal gzip heapq linecache lzma stringprep tokenize
    traceback unicodedata zlib""".split()
"""Modules of the standard library that others load in the middle of a function."""


def load_everything() -> None:
    """Load readers, scanners of others and the library's codecs."""
    for module, _ in READERS.values():
        importlib.import_module(f"app.inspection.formats.{module}")
    opinions.load()
    names = [*_LIBRARY, *(f"encodings.{each.name}" for each in pkgutil.iter_modules(encodings.__path__))]
    for name in names:
        with suppress(ImportError):  # this Python or this system has none of that name
            importlib.import_module(name)
