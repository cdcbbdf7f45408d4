"""The routes of the pages, as their sources name them."""

from __future__ import annotations

import re

from tests.support.source import ROOT

FOLDER = ROOT / "web" / "src" / "routes"
_ROUTE = re.compile(r"createRoute\(\{(.*?)\}\)", re.DOTALL)
_PATH = re.compile(r"path: '([^']+)'")


def routes() -> set[str]:
    """The paths of all routes that show a page: `models/$model` of a project, `/-/search` of the installation."""
    named = set()
    for file in sorted(FOLDER.glob("*.ts*")):
        for options in _ROUTE.findall(file.read_text(encoding="utf-8")):
            if (path := _PATH.search(options)) and "component: Outlet" not in options:
                named.add(path[1])
    return named
