"""Runs makers and notes what they wrote; imports the standard library only, for interpreters of many versions."""

from __future__ import annotations

import argparse
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
        print(f"not written: {path.name}: {type(error).__name__}: {error}"[:200])


def run() -> None:
    """Run the registered makers; every file has a line in ``made/<script>.jsonl``, and so has a maker that raises."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path, help="folder of the corpus")
    parser.add_argument("--only", default="", help="text in the names of the makers that run")
    parser.add_argument("--suffix", default="", help="what sets folders of several versions of Python apart")
    chosen = parser.parse_args()
    root, script = chosen.root.resolve(), Path(sys.argv[0]).stem
    warnings.simplefilter("ignore")
    lines = []
    for library, folder, maker in MAKERS:
        if chosen.only in f"{library}/{folder}":
            lines += _made(root / "files", library, folder + chosen.suffix, maker)
    (root / "made").mkdir(parents=True, exist_ok=True)
    told = root / "made" / f"{script}{chosen.suffix}.jsonl"
    again = {(each["library"], each["folder"]) for each in lines}
    kept = [json.loads(line) for line in told.read_text().splitlines()] if chosen.only and told.exists() else []
    lines += [each for each in kept if (each["library"], each["folder"]) not in again]
    told.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def _made(root: Path, library: str, folder: str, maker: Maker) -> list[dict[str, object]]:
    target = root / library / folder
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    by = {"library": library, "version": _version(library), "python": platform.python_version(), "folder": folder}
    os.chdir(target)
    lines: list[dict[str, object]] = []
    try:
        maker(target)
    except Exception as error:  # noqa: BLE001 - one library's failure must not hide the others
        traceback.print_exc()
        lines.append(by | {"error": f"{type(error).__name__}: {error}"[:300]})
    files = sorted(path for path in target.rglob("*") if path.is_file() and not path.is_symlink())
    for path in files:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        lines.append(by | {"path": path.relative_to(root).as_posix(), "size": len(content), "sha256": digest})
    print(f"{library}/{folder}: {len(files)} files", flush=True)
    return lines


def _version(library: str) -> str:
    return platform.python_version() if library == "python" else metadata.version(library)
