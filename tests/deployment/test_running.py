"""`make demo` and its like find the installation that runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from app.embedded import running
from app.embedded.preparation import FirstProject, write_connection
from app.embedded.running import NotFound
from tests.support.source import ROOT


class _Alive(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health/live" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def install(tmp_path: Path, home: dict[str, str]) -> Iterator[Callable[..., Path]]:
    """What `up` leaves in a data directory, with something that answers at its address, or nothing."""
    with ExitStack() as stack:

        def make(name: str, *, runs: bool = True, noted: bool = True) -> Path:
            data_dir = tmp_path / name
            data_dir.mkdir(parents=True)
            server = ThreadingHTTPServer(("127.0.0.1", 0), _Alive)
            if runs:
                Thread(target=server.serve_forever, daemon=True).start()
                stack.callback(server.server_close)
                stack.callback(server.shutdown)
            else:
                server.server_close()
            project = FirstProject("admin", "team/vision", 1, f"myt_{name}")
            write_connection(data_dir / "connection.env", f"http://127.0.0.1:{server.server_port}", project)
            if noted:
                running.remember(data_dir, home)
            return data_dir

        yield make


def _port(data_dir: Path) -> str:
    match = re.search(r":(\d+)\n", (data_dir / "connection.env").read_text())
    assert match is not None
    return match[1]


def test_the_only_running_installation_is_used_from_any_folder(install, home, tmp_path) -> None:
    data_dir = install("elsewhere/my data")
    install("stopped", runs=False)
    installation = running.find(home, tmp_path)
    assert (installation.data_dir, installation.connection["MODELYARD_TOKEN"]) == (data_dir, "myt_elsewhere/my data")


def test_the_installation_of_the_folder_comes_first(install, home, tmp_path) -> None:
    install("other")
    here = install(".modelyard", noted=False)
    assert running.find(home, tmp_path).data_dir == here


def test_a_stopped_installation_of_the_folder_is_skipped(install, home, tmp_path) -> None:
    other = install("other")
    install(".modelyard", runs=False)
    assert running.find(home, tmp_path).data_dir == other


def test_a_named_data_directory_decides(install, home, tmp_path) -> None:
    install(".modelyard")
    other, stopped = install("other", noted=False), install("stopped", runs=False)
    assert running.find({**home, "MODELYARD_DATA_DIR": str(other)}, tmp_path).data_dir == other
    for missing in (stopped, tmp_path / "nothing"):
        with pytest.raises(NotFound, match=f"in {missing} does not run.*MODELYARD_DATA_DIR={missing} make up"):
            running.find({**home, "MODELYARD_DATA_DIR": str(missing)}, tmp_path)


def test_several_installations_are_listed_and_the_port_chooses(install, home, tmp_path) -> None:
    one, two = install("one"), install("two")
    with pytest.raises(NotFound, match="Several installations run") as raised:
        running.find(home, tmp_path)
    for each in (one, two):
        assert f"MODELYARD_DATA_DIR={each}  http://127.0.0.1:{_port(each)}" in str(raised.value)
        assert running.find({**home, "MODELYARD_PORT": _port(each)}, tmp_path).data_dir == each
    with pytest.raises(NotFound, match="not at port 1 "):
        running.find({**home, "MODELYARD_PORT": "1", "MODELYARD_DATA_DIR": str(one)}, tmp_path)


def test_no_installation_is_reported_in_one_sentence(home, tmp_path) -> None:
    with pytest.raises(NotFound, match=r"^No installation of yours runs\. Start 'make up'"):
        running.find(home, tmp_path)
    with pytest.raises(NotFound, match=r"^No installation of yours runs at port 9\."):
        running.find({**home, "MODELYARD_PORT": "9"}, tmp_path)


def test_notes_of_removed_installations_are_deleted(install, home, tmp_path) -> None:
    install("gone", runs=False).rename(tmp_path / "moved")
    kept = install("kept")
    notes = list((tmp_path / "state" / "modelyard" / "installations").iterdir())
    assert [note.read_text() for note in notes] == [f"{kept}\n"]


@pytest.mark.parametrize("text", [b"\xff\xfe", b"a\0b"])
def test_a_malformed_note_is_deleted(install, home, tmp_path, text) -> None:
    data_dir = install("one")
    broken = tmp_path / "state" / "modelyard" / "installations" / "broken"
    broken.write_bytes(text)
    assert running.find(home, tmp_path).data_dir == data_dir
    running.remember(data_dir, home)
    assert not broken.exists()


def test_an_unwritable_note_is_no_error(tmp_path) -> None:
    (tmp_path / "file").touch()
    running.remember(tmp_path, {"XDG_STATE_HOME": str(tmp_path / "file")})
    with pytest.raises(NotFound):
        running.find({"XDG_STATE_HOME": str(tmp_path / "file")}, tmp_path)


def _shell(home: dict[str, str], then: str) -> subprocess.CompletedProcess[str]:
    """What a recipe of the Makefile does."""
    defined = re.search(r"^RUNNING = (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert defined is not None
    line = f"{defined[1]} {then}".replace("$$", "$").replace("$(PYTHON)", sys.executable)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODELYARD_", "MLFLOW_"))}
    return subprocess.run(
        ["sh", "-c", line], cwd=ROOT, env={**kept, **home}, capture_output=True, text=True, check=False
    )


def test_recipes_get_its_variables(install, home) -> None:
    data_dir = install("my 'other' one")
    home = {**home, "MODELYARD_DATA_DIR": str(data_dir)}
    done = _shell(home, 'echo "$MODELYARD_URL $MLFLOW_TRACKING_TOKEN $MODELYARD_DATA_DIR"; exit 7')
    assert done.stdout == f"http://127.0.0.1:{_port(data_dir)} myt_my 'other' one {data_dir}\n"
    assert done.returncode == 7


def test_recipes_fail_with_a_sentence_without_an_installation(home, tmp_path) -> None:
    done = _shell({**home, "MODELYARD_DATA_DIR": str(tmp_path / "none")}, "echo ran")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The installation in ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("target", ["demo", "compare", "mlflow-suite"])
def test_make_uses_the_running_installation(target: str) -> None:
    recipe = (ROOT / "Makefile").read_text().partition(f"\n{target}: ")[2].partition("\n\n")[0]
    assert "$(RUNNING) " in recipe
    assert "connection.env" not in recipe
