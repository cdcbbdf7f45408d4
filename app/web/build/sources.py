"""What the pages are built from, as one digest: what is built carries it, so that nothing is built twice."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

STAMP = "sources.sha256"
"""The file among the built ones that says what they were built from."""
DOCUMENT = "index.html"
NODE_LOCK = Path("requirements", "web.lock")
_LEFT_OUT = {"node_modules", ".build", "bench"}
_UNUSED = {"check.mjs", "README.md"}


def web(root: Path) -> Path:
    """The folder of the sources."""
    return root / "web"


def output(root: Path) -> Path:
    """The folder of what is built."""
    return root / "app" / "web" / "built"


def are_here(root: Path) -> bool:
    """Whether this is a folder of the source, in which the pages can be built."""
    return (web(root) / "package-lock.json").is_file()


def are_built(root: Path) -> bool:
    """Whether what is built comes from these very sources."""
    built = output(root)
    try:
        stamp = (built / STAMP).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return False
    return (built / DOCUMENT).is_file() and stamp == digest(root)


def digest(root: Path) -> str:
    """Of names and contents of all sources, and of the lock of Node.js."""
    total = hashlib.sha256()
    for path in (*_files(web(root)), root / NODE_LOCK):
        content = path.read_bytes()
        total.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def digest_of(path: Path) -> str:
    """Of one file, short enough for a name."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _files(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _LEFT_OUT:
                    yield from _files(Path(entry.path))
            elif entry.is_file(follow_symlinks=False) and entry.name not in _UNUSED:
                yield Path(entry.path)
