from __future__ import annotations

from pathlib import Path

import pytest

from app.embedded import servers
from app.embedded.servers import Servers


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory):
    started = servers.start(tmp_path_factory.mktemp("own"))
    yield started
    started.stop()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def only():
    """Start some of the servers of a directory; whatever is left at the end is stopped."""
    opened: list[Servers] = []

    def start(directory: Path, *names: str) -> Servers:
        opened.append(Servers(directory, names))
        opened[-1].launch_all()
        opened[-1].wait()
        return opened[-1]

    yield start
    for each in opened:
        if each.processes:
            each.stop()
