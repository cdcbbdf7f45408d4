"""The build of the pages while it runs: beside everything else, and nothing waits for it."""

from __future__ import annotations

import os
import sys

from app.embedded.plan import ROOT, Plan
from app.embedded.processes.process import Process, Program

_SKIPPED = "MODELYARD_WITHOUT_PAGES"
"""Set to anything: nothing is built."""


def is_possible(plan: Plan) -> bool:
    """Whether this runs from a folder of the source, and the pages are wanted."""
    return (ROOT / "web" / "package-lock.json").is_file() and not plan.environment.get(_SKIPPED)


def has_output() -> bool:
    """Whether there are pages to show already, maybe of former sources."""
    return (ROOT / "app" / "web" / "built").is_dir()


class PagesBuild:
    """One build, which says itself what it does; it ends at once if the pages are built."""

    def __init__(self, plan: Plan) -> None:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        self.reports: int | None = reader
        """Where it says what it does, until it has ended."""
        self.process = Process(
            Program(
                name="Build of the pages",
                command=[sys.executable, "-m", "app.web.build", "--reports", str(writer)],
                log=plan.data_dir / "log" / "pages.log",
                directory=ROOT,
                environment=plan.environment,
                descriptors=(writer,),
            )
        )
        os.close(writer)

    def read_reports(self) -> list[str]:
        """The lines that came since the last call."""
        if self.reports is None:
            return []
        try:
            said = os.read(self.reports, 65_536)
        except BlockingIOError:
            return []
        if not said:
            os.close(self.reports)
            self.reports = None
            self.process.wait_or_kill()
        return said.decode(errors="replace").splitlines()
