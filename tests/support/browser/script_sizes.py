"""How many bytes of script a page takes, as the build made them: `python -m tests.support.browser.script_sizes`.

A page is drawn once the scripts are there that the document and the page's own module import, with those that they
import. What is loaded later is not counted: tabs, dialogs, menus and charts.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from app.web.build import sources
from tests.support.source import ROOT

_PAGE = "src/pages/"


def of_pages(folder: Path | None = None) -> dict[str, tuple[int, int]]:
    """Bytes with Brotli, and files, for each module of a page."""
    built = folder or sources.output(ROOT)
    manifest: dict[str, dict[str, Any]] = json.loads((built / ".vite" / "manifest.json").read_text(encoding="utf-8"))
    first = _imported(manifest, {name for name, one in manifest.items() if one.get("isEntry")})
    pages = {name for name in manifest if name.startswith(_PAGE) and Path(name).stem.endswith("Page")}
    sizes = {}
    for name in sorted(pages):
        files = {manifest[one]["file"] for one in first | _imported(manifest, {name})}
        scripts = [built / file for file in files if file.endswith(".js")]
        sizes[name.removeprefix(_PAGE)] = (sum(map(_sent, scripts)), len(scripts))
    return sizes


def _imported(manifest: dict[str, dict[str, Any]], names: set[str]) -> set[str]:
    """The modules and those that they import, and so on."""
    reached, further = set[str](), set(names)
    while further:
        reached |= further
        further = {each for one in further for each in manifest[one].get("imports", [])} - reached
    return reached


def _sent(script: Path) -> int:
    """Small files have no Brotli variant."""
    compressed = script.with_name(f"{script.name}.br")
    return (compressed if compressed.exists() else script).stat().st_size


if __name__ == "__main__":
    for page, (size, files) in sorted(of_pages().items(), key=lambda item: item[1]):
        sys.stdout.write(f"| {page.removesuffix('.tsx')} | {size / 1000:.0f} kB | {files} |\n")
