from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

import pytest

from app.embedded.processes import network_namespace
from tests.support.embedded import processes

ROOT = Path(__file__).resolve().parents[2]


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """So that the answer itself is seen."""


class Up:
    """``modelyard up`` in a process of its own."""

    def __init__(self, data_dir: Path, *, stdout: IO[str] | int = subprocess.PIPE, **environment: str) -> None:
        self.data_dir = data_dir
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")}
        chosen = {"MODELYARD_DATA_DIR": str(data_dir), "MODELYARD_PORT": "0", "MODELYARD_WEB_CONCURRENCY": "2"}
        chosen["MODELYARD_WITHOUT_PAGES"] = "1"
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "up"],
            cwd=ROOT,
            env=kept | chosen | environment,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_until_ready(self) -> str:
        """Everything that was said until the table is complete."""
        said = []
        for line in self.popen.stdout:
            said.append(line)
            if line.startswith("  Logs"):
                return "".join(said)
        raise AssertionError("".join(said))

    def refused(self) -> str:
        """What it said when it did not start."""
        output, _ = self.popen.communicate(timeout=30)
        assert self.popen.returncode == 1, output
        return output

    def pids(self, *names: str) -> set[int]:
        """Of all processes that it started, or of those with such a name."""
        return {pid for pid, name in processes.descendants(self.popen.pid).items() if not names or name in names}

    def log(self) -> str:
        return (self.data_dir / "log" / "up.log").read_text()

    def connection(self) -> dict[str, str]:
        lines = (self.data_dir / "connection.env").read_text().splitlines()
        return dict(line.removeprefix("export ").split("=", 1) for line in lines)

    def status(self, path: str, token: str | None = None) -> int:
        parts = urlsplit(self.connection()["MODELYARD_URL"])
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            return connection.getresponse().status
        finally:
            connection.close()

    def sign_in_link(self, said: str) -> str:
        """The link in what it said when it was ready."""
        (line,) = (line for line in said.splitlines() if line.startswith("  Sign in"))
        link = line.split()[2]
        assert link.startswith(f"{self.connection()['MODELYARD_URL']}/sign-in-links/myl_"), line
        return link

    def sign_in(self, path: str, password: str) -> int:
        """Send the form of a sign-in link, as a browser without script does."""
        url = self.connection()["MODELYARD_URL"]
        browser = build_opener(HTTPCookieProcessor(), _NoRedirects())
        page = browser.open(url + path, timeout=30).read().decode()
        token = page.partition('name="form_token" value="')[2].partition('"')[0]
        fields = {"form_token": token, "password": password, "password_again": password}
        request = Request(url + path, urlencode(fields).encode(), {"Origin": url})
        try:
            return browser.open(request, timeout=30).status
        except HTTPError as error:
            return error.code

    def end(self, number: signal.Signals) -> str:
        """Send a signal and return the rest of what it says."""
        self.popen.send_signal(number)
        output, _ = self.popen.communicate(timeout=20)
        return output


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(directory: str = "data", **environment: str) -> Up:
        started.append(Up(tmp_path / directory, **environment))
        return started[-1]

    yield start
    for each in started:
        with contextlib.suppress(ProcessLookupError):
            each.popen.kill()
        each.popen.communicate(timeout=20)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_life_of_an_installation(up):
    first = up()
    said = first.wait_until_ready()
    secrets = first.connection()

    assert "admin" in said
    assert stat.S_IMODE((first.data_dir / "connection.env").stat().st_mode) == 0o600
    assert list(secrets) == [
        "MODELYARD_URL",
        "MODELYARD_TOKEN",
        "MODELYARD_PROJECT",
        "MLFLOW_TRACKING_URI",
        "MLFLOW_TRACKING_TOKEN",
    ]
    assert secrets["MODELYARD_TOKEN"] not in said

    link = first.sign_in_link(said)
    assert (first.data_dir / "sign-in-link").read_text() == f"{link}\n"
    assert stat.S_IMODE((first.data_dir / "sign-in-link").stat().st_mode) == 0o600
    assert link not in first.log() and not _is_in_files(first.data_dir, link.rpartition("/")[2])
    assert first.status(urlsplit(link).path) == 200

    settings = first.data_dir / "server.env"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    listed = subprocess.run(
        ["/bin/sh", "-c", f'. "{settings}" && "{sys.executable}" -m app.cli jobs list'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert listed.returncode == 0, listed.stderr

    assert _spread(first, clients=16) in {(7, 9), (8, 8)}

    second = up()
    assert f"already running as PID {first.popen.pid}" in second.refused()

    family = first.pids("python")
    forwarder = ["s3-port"] if network_namespace.is_possible() else []
    for name in ("api 1", "worker", "postgres", "valkey-server", "weed", *forwarder):
        _kill_and_expect_another(first, name)
    assert first.pids("python") == family
    (parent,) = family
    os.kill(parent, signal.SIGKILL)
    until(lambda: first.pids("python").isdisjoint(family) and len(first.pids("api 1", "api 2", "worker")) == 3)
    until(lambda: first.status("/health/ready") == 200)

    everything = first.pids()
    assert "Stopped in" in first.end(signal.SIGTERM)
    assert first.popen.returncode == 0
    processes.await_end(everything, 0)

    third = up()
    said = third.wait_until_ready()
    assert secrets["MODELYARD_TOKEN"] not in said
    # No administrator can sign in yet: another link, and the first one is dead.
    another = third.sign_in_link(said)
    assert third.status(urlsplit(link).path) == 410
    assert third.sign_in(urlsplit(another).path, "correct horse battery staple") == 303
    assert third.status(urlsplit(another).path) == 410
    assert third.connection()["MODELYARD_TOKEN"] == secrets["MODELYARD_TOKEN"]
    _expect_token_to_work(third)

    everything = third.pids()
    third.popen.kill()
    third.popen.wait()
    fourth = up()
    # Found out by this start; the next one need not look.
    assert "sign-in-links" not in fourth.wait_until_ready()
    assert not (fourth.data_dir / "sign-in-link").exists()
    processes.await_end(everything, 5)
    _expect_token_to_work(fourth)
    fourth.end(signal.SIGINT)
    assert fourth.popen.returncode == 0


def test_server_killed_during_startup_is_restarted(up, tmp_path):
    data_dir = tmp_path / "data"
    first = up(data_dir)
    first.wait_until_ready()
    first.popen.terminate()
    first.popen.communicate(timeout=30)

    second = up(data_dir)
    for name in ("valkey-server", "postgres", "weed", "python"):
        until(lambda: second.pids(name))  # noqa: B023
        os.kill(min(second.pids(name)), signal.SIGKILL)
    second.wait_until_ready()
    assert second.status("/health/ready") == 200


def test_postgresql_returns_after_sigterm(up):
    """SIGTERM makes it wait for its clients to leave, and refuse new ones meanwhile; ours would never leave."""
    running = up()
    running.wait_until_ready()
    before = min(running.pids("postgres"))
    os.kill(before, signal.SIGTERM)
    until(lambda: running.pids("postgres") and min(running.pids("postgres")) != before, 40)
    until(lambda: running.status("/health/ready") == 200, 40)


def test_taken_port_is_named(up):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = up(MODELYARD_PORT=port).refused()

    assert f"Cannot listen on 127.0.0.1:{port}" in said
    assert "MODELYARD_PORT" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("MODELYARD_PORT", "eighty", "MODELYARD_PORT is 'eighty'; it must be a whole number from 0 to 65535."),
        ("MODELYARD_WEB_CONCURRENCY", "0", "MODELYARD_WEB_CONCURRENCY is '0'; it must be a whole number from 1 to 64."),
    ],
)
def test_unusable_number_is_named(up, name, value, reason):
    said = up(**{name: value}).refused()

    assert said == f"modelyard up: {reason}\n"


def test_unusable_setting_of_a_child_ends_the_start(up):
    said = up(MODELYARD_S3_REGION="us-east-1", MODELYARD_MAX_BODY_BYTES="12").refused()

    assert "MODELYARD_MAX_BODY_BYTES" in said
    assert "Traceback" not in said


def _is_in_files(directory: Path, secret: str) -> bool:
    """Whether a file beside the one for it holds a secret."""
    files = (path for path in directory.rglob("*") if path.is_file() and path.name != "sign-in-link")
    return any(secret.encode() in path.read_bytes() for path in files)


def test_a_link_is_not_said_into_a_file_that_others_may_read(tmp_path):
    output = tmp_path / "output"
    output.touch(mode=0o644)
    output.chmod(0o644)
    with output.open("w") as file:
        running = Up(tmp_path / "data", stdout=file)
        try:
            until(lambda: "  Logs" in output.read_text(), 60)
        finally:
            running.popen.terminate()
            running.popen.communicate(timeout=30)
    assert "sign-in-links" not in output.read_text()
    assert str(tmp_path / "data" / "sign-in-link") in output.read_text()


def _kill_and_expect_another(running: Up, name: str) -> None:
    victim = min(running.pids(name))  # PostgreSQL's processes share a name; the oldest is the one that matters
    os.kill(victim, signal.SIGKILL)
    until(lambda: victim not in running.pids() and running.pids(name))
    until(lambda: f"(PID {victim}) was ended by SIGKILL; restarting it" in running.log())


def _spread(running: Up, *, clients: int) -> tuple[int, ...]:
    """How many of so many clients each API process has, fewest first."""
    parts = urlsplit(running.connection()["MODELYARD_URL"])
    connections = [http.client.HTTPConnection(parts.hostname, parts.port, timeout=30) for _ in range(clients)]
    try:
        for connection in connections:
            connection.request("GET", "/health/live")
            connection.getresponse().read()
        return tuple(sorted(processes.connections(pid, parts.port) for pid in running.pids("api 1", "api 2")))
    finally:
        for connection in connections:
            connection.close()


def _expect_token_to_work(running: Up) -> None:
    project = running.connection()["MLFLOW_TRACKING_URI"].partition("/api/")[2]
    path = f"/api/{project}/api/2.0/mlflow/experiments/get?experiment_id=0"
    assert running.status(path, running.connection()["MODELYARD_TOKEN"]) == 200
    assert running.status(path) == 401
