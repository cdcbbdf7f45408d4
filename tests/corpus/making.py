"""Runs makers and notes what they wrote; imports nothing but the standard library, for interpreters of any environment."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
import traceback
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

Maker = Callable[[Path], None]
MAKERS: list[tuple[str, str, Maker]] = []
"""Distribution, name of a folder below it, and what fills that folder."""


def makes(library: str, folder: str | None = None) -> Callable[[Maker], Maker]:
    """Register a function that fills the folder ``<library>/<folder>``; ``library`` is the distribution that writes."""

    def register(maker: Maker) -> Maker:
        MAKERS.append((library, folder or maker.__name__.replace("_", "-"), maker))
        return maker

    return register


def attempt(path: Path, write: Callable[[Path], object]) -> None:
    """Write one file; what cannot be written leaves no half of a file, and a line that says so."""
    try:
        write(path)
    except Exception as error:  # noqa: BLE001 - not every library can write every value
        path.unlink(missing_ok=True)
        print(f"not written: {path.name}: {type(error).__name__}: {error}"[:200])  # noqa: T201


def run() -> None:
    """Run all registered makers into the folder named by the first argument; a second chooses by text in their name.

    Every file gets a line in ``made/<script>.jsonl``, and so does a maker that raises, with its error.
    """
    root = Path(sys.argv[1]).resolve()
    chosen = sys.argv[2] if len(sys.argv) > 2 else ""
    script = Path(sys.argv[0]).stem + os.environ.get("CORPUS_SUFFIX", "")
    warnings.simplefilter("ignore")
    lines = []
    for library, folder, maker in MAKERS:
        folder += os.environ.get("CORPUS_SUFFIX", "")
        if chosen in f"{library}/{folder}":
            lines += _made(root / "files", library, folder, maker)
    (root / "made").mkdir(parents=True, exist_ok=True)
    told = root / "made" / f"{script}.jsonl"
    kept = told.read_text().splitlines() if chosen and told.exists() else []
    again = {(each["library"], each["folder"]) for each in lines}
    kept = [line for line in kept if (json.loads(line)["library"], json.loads(line)["folder"]) not in again]
    told.write_text("".join(f"{line}\n" for line in [*kept, *map(json.dumps, lines)]))


def _made(root: Path, library: str, folder: str, maker: Maker) -> list[dict[str, object]]:
    target = root / library / folder
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    by = {"library": library, "version": _version(library), "python": platform.python_version(), "folder": folder}
    os.chdir(target)
    lines: list[dict[str, object]] = []
    try:
        maker(target)
    except BaseException as error:  # noqa: BLE001 - one library's failure must not hide the others
        if isinstance(error, KeyboardInterrupt):
            raise
        traceback.print_exc()
        lines.append(by | {"error": f"{type(error).__name__}: {error}"[:300]})
    files = sorted(path for path in target.rglob("*") if path.is_file() and not path.is_symlink())
    for path in files:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        lines.append(by | {"path": str(path.relative_to(root)), "size": len(content), "sha256": digest})
    print(f"{library}/{folder}: {len(files)} files", flush=True)  # noqa: T201
    return lines


def _version(library: str) -> str:
    if library == "python":
        return platform.python_version()
    return metadata.version(library)
