"""The files of the build, found again when it was made anew: it replaces the folder as a whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.http.browsers import built_pages
from app.http.browsers.accepts import IDENTITY

CODINGS = {"br": ".br", "gzip": ".gz"}
"""What the build has compressed already, the smaller first, by the name that HTTP has for it."""
_ASSETS = Path("-") / "assets"
_TYPES = {
    ".css": "text/css", ".html": "text/html", ".ico": "image/x-icon", ".js": "text/javascript",
    ".json": "application/json", ".md": "text/plain", ".mjs": "text/javascript", ".png": "image/png",
    ".svg": "image/svg+xml", ".txt": "text/plain", ".wasm": "application/wasm", ".webp": "image/webp",
    ".woff2": "font/woff2",
}  # fmt: skip
"""Not those of the machine, which differ."""


@dataclass(frozen=True, slots=True)
class File:
    """A file, and where each of its forms lies by coding; the plain one is always there."""

    media_type: str
    forms: Mapping[str, Path]

    @property
    def codings(self) -> list[str]:
        """The codings that it is there in, the best first."""
        return [coding for coding in self.forms if coding != IDENTITY]


@dataclass(frozen=True, slots=True)
class Built:
    """One build: the document of all pages, the files that it loads by name, and whose work is in them."""

    document: File | None
    licenses: File | None
    assets: Mapping[str, File]


def read(form: Path) -> tuple[bytes, str]:
    """What is in a form, and its ETag.

    Raises:
        OSError: the build was made anew in this moment, and has no such file any more.
    """
    content = form.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def current() -> Built | None:
    """The build as it is now; None: there is none. Looks at one folder, and into it only if it is another one."""
    global _latest  # noqa: PLW0603 - one for the process: it is what lies on the disk
    folder = built_pages.FOLDER
    try:
        state = os.stat(folder)  # noqa: PTH116 - for each page; Path would be made anew each time
    except OSError:
        return None
    mark = (str(folder), state.st_dev, state.st_ino, state.st_mtime_ns)
    if _latest is None or _latest[0] != mark:
        _latest = mark, _scan(folder)
    return _latest[1]


_latest: tuple[tuple[str, int, int, int], Built] | None = None


def _scan(folder: Path) -> Built:
    own = _files(folder)
    return Built(own.get("index.html"), own.get("licenses.md"), _files(folder / _ASSETS))


def _files(folder: Path) -> dict[str, File]:
    """The files right in a folder by their names; links lead out of it and are none."""
    try:
        with os.scandir(folder) as entries:
            paths = {entry.name: Path(entry.path) for entry in entries if entry.is_file(follow_symlinks=False)}
    except OSError:
        return {}
    return {name: _file(name, paths) for name in paths if not name.endswith(tuple(CODINGS.values()))}


def _file(name: str, paths: Mapping[str, Path]) -> File:
    forms = {coding: paths[name + ending] for coding, ending in CODINGS.items() if name + ending in paths}
    return File(_TYPES.get(Path(name).suffix, "application/octet-stream"), {**forms, IDENTITY: paths[name]})
