"""The pages as their sources are, built once for all test processes of this checkout."""

from __future__ import annotations

import subprocess
import sys

from tests.support.source import ROOT


def ensure() -> None:
    """Build the pages unless what is built comes from these sources; other processes wait for the one that builds."""
    subprocess.run([sys.executable, "-m", "app.web.build"], cwd=ROOT, check=True)
