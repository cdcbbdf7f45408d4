"""What the supervisor and its children write themselves, on a disk without room; and the look at that disk."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from app.embedded import disk, state
from app.embedded.directory_lock import DirectoryLock
from app.embedded.disk import Recovery
from app.embedded.processes import log_files
from app.embedded.processes.supervised import Supervised
from app.embedded.state import State, write_private
from app.embedded.up_log import UpLog
from app.telemetry import configure_logging
from tests.support.full_disk import disks
from tests.support.source import ROOT

FULL = Path("/dev/full")


def full(*_arguments: object, **_named: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class NoRoom(io.StringIO):
    """A file on a full disk."""

    write = flush = full  # type: ignore[assignment] # stands for methods of a stream


@pytest.fixture
def without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output and error take nothing."""
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, NoRoom())


def test_the_supervisor_survives_failed_terminal_output(without_room: None) -> None:
    journal = UpLog(FULL)
    for _ in range(3):
        journal.note("something happened")
    journal.table("ready", {"API": "http://127.0.0.1"})


def test_a_request_succeeds_when_its_log_line_cannot_be_written(without_room: None) -> None:
    configure_logging("INFO", as_json=True)
    try:
        for _ in range(3):
            structlog.get_logger().info("request", path="/" * 10_000)
    finally:
        structlog.reset_defaults()


def test_logging_resumes_when_the_disk_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", NoRoom())
    configure_logging("INFO", as_json=True)
    try:
        structlog.get_logger().info("lost")
        monkeypatch.setattr(sys, "stderr", written := io.StringIO())
        structlog.get_logger().info("kept")
    finally:
        structlog.reset_defaults()
    assert '"event": "kept"' in written.getvalue()


def test_a_file_that_cannot_be_replaced_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    write_private(path, "old")
    monkeypatch.setattr(state.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_private(path, "new")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("state.json", "old")]
    write_private(path, "old")  # what is there already needs no room


def test_unchanged_state_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    secret = State(path).secret("key")
    monkeypatch.setattr(state.os, "fsync", full)
    assert State(path).secret("key") == secret


def test_a_lock_needs_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.embedded.directory_lock.os.pwrite", full)
    lock = DirectoryLock(tmp_path)
    lock.release()
    DirectoryLock(tmp_path).release()


def test_a_long_log_is_emptied_where_there_is_no_room_for_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "api.log"
    path.write_bytes(b"x" * 100)
    monkeypatch.setattr(log_files.shutil, "copyfile", full)
    log_files.cap(path, limit=99)
    assert path.read_bytes() == b""
    assert list(tmp_path.iterdir()) == [path]


class Store:
    """A store that refuses until it is started anew, twice, if it is poisoned."""

    def __init__(self, *, poisoned: bool) -> None:
        self.poisoned = poisoned
        self.restarts = self.checks = self.hurries = 0
        self.said: list[str] = []

    def works(self) -> bool:
        self.checks += 1
        return not self.poisoned

    def restart(self) -> None:
        self.restarts += 1
        self.poisoned = self.poisoned and self.restarts < 2

    def hurry(self) -> None:
        self.hurries += 1


@pytest.mark.parametrize("poisoned", [False, True])
def test_a_store_that_stays_read_only_after_room_returns_is_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, poisoned: bool
) -> None:
    store, now, is_full = Store(poisoned=poisoned), [1000.0], [False]
    monkeypatch.setattr(disk.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(disk, "is_full", lambda *_arguments: is_full[0])
    recovery = Recovery(
        [tmp_path], store=tmp_path, works=store.works, restart=store.restart, hurry=store.hurry, note=store.said.append
    )

    def pass_(seconds: float) -> None:
        end = now[0] + seconds
        while now[0] < end:
            now[0] = min(recovery.tend(), end)

    pass_(60)
    assert (store.checks, store.said) == (0, [])
    is_full[0] = True
    pass_(60)
    assert (store.checks, len(store.said)) == (0, 1)
    assert str(tmp_path) in store.said[0]
    is_full[0] = False
    pass_(30)
    assert (store.restarts, store.hurries) == (1 + poisoned, 1)
    checks = store.checks
    assert store.said[-1] == "The object store takes files again."
    pass_(60)
    assert (store.checks, store.restarts) == (checks, 1 + poisoned), "it goes on asking"


def test_pending_restarts_happen_at_once_when_room_returns() -> None:
    class Ended:
        name, pid = "postgres", 1

        def exit_code(self) -> int:
            return 1

    started = []

    def start() -> Ended:
        started.append(1)
        return Ended()

    member = Supervised("postgres", start, lambda _text: None)
    for _ in range(8):
        member.tend()
        member.hurry()
    assert len(started) > 4, "each time it waited"


def test_a_disk_counts_as_full_below_the_threshold(tmp_path: Path) -> None:
    assert not disk.is_full(tmp_path)
    assert not disk.is_full(tmp_path / "missing")
    with disks.mounted(tmp_path, 16) as small:
        assert not disk.is_full(tmp_path)
        small.fill()
        assert disk.is_full(tmp_path)


def test_up_on_a_full_disk_says_so(tmp_path: Path) -> None:
    with disks.mounted(tmp_path, 1) as small:
        small.fill()
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "up"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "MODELYARD_DATA_DIR": str(tmp_path), "MODELYARD_PORT": "0"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("modelyard up: ")
    assert "No space left on device. Make room." in done.stderr
