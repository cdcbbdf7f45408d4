"""The hook of the package: wheel and source distribution carry the pages, built here if they are not built yet.

A wheel that is made from a source distribution finds them in it, and needs no Node.js. ``MODELYARD_WITHOUT_PAGES``, set
to anything, leaves them out; editable installs, which serve the folder itself, build none.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SKIPPED = "MODELYARD_WITHOUT_PAGES"
_LOCK = Path("requirements", "web.lock")


class PagesHook(BuildHookInterface):
    """Builds the pages before files are gathered."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node.js as the lock has it, where something has to be built."""
        if not self._is_due():
            return []
        lines = (Path(self.root) / _LOCK).read_text(encoding="utf-8").splitlines()
        return [line.split()[0] for line in lines if line[:1].isalpha()]

    def initialize(self, version: str, _build_data: dict[str, Any]) -> None:
        """Build, unless that was done or is not wanted.

        Raises:
            StepFailed: the packages cannot be fetched, or a step of the build failed.
        """
        if version == "editable" or not self._is_due():
            return
        sys.path.insert(0, self.root)
        from app.web.build.building import Building  # noqa: PLC0415 - found by the path of this folder

        Building(Path(self.root), self.app.display_info).build()

    def _is_due(self) -> bool:
        sys.path.insert(0, self.root)
        from app.web.build import sources  # noqa: PLC0415 - as above

        root = Path(self.root)
        return not os.environ.get(_SKIPPED) and sources.are_here(root) and not sources.are_built(root)
