"""What the checks report without failing."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tests.architecture import words

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where vague words are left in prose."""
    vague = Counter(PurePosixPath(path).parts[0] for path, _, _ in words.prose(*words.PROSE))
    counts = ", ".join(f"{folder} {count}" for folder, count in vague.most_common())
    terminalreporter.write_line(f"Vague words in prose (python -m tests.architecture.words --prose): {counts or 0}")
