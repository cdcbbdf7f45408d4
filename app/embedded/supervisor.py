"""``modelyard up``: starts everything, watches it, stops it."""

from __future__ import annotations

import os
import socket
import sys
import time
from functools import partial
from pathlib import Path

from app.embedded import application, disk, pages_build, preparation, running
from app.embedded.application import Application
from app.embedded.errors import EmbeddedError, PortTaken, ServerFailed
from app.embedded.pages_build import PagesBuild
from app.embedded.plan import Plan, local_url
from app.embedded.preparation import FirstProject, Preparation, PreparationKilled, Prepared
from app.embedded.processes import log_files
from app.embedded.processes.process import Child, stop_all
from app.embedded.processes.signals import Signals
from app.embedded.processes.supervised import Supervised
from app.embedded.servers import NAMES, Servers
from app.embedded.state import write_private
from app.embedded.up_log import UpLog

_PATIENCE = 60.0
"""Seconds until the API must be ready."""
_ATTEMPTS = 3
"""To prepare the database, when signals end it."""
_HOUSEKEEPING = 5.0
"""Seconds between looks at the size of the logs, and at whether PostgreSQL waits for its clients to leave."""
_TITLES = {"postgres": "PostgreSQL", "redis": "Redis", "s3": "Object store", "s3-port": "Port of the object store"}


def up() -> int:
    """Run everything until SIGINT, SIGTERM or SIGHUP; the exit code.

    All children end with this process, however it ends. What they and it write is their owner's alone.
    """
    os.umask(0o077)
    try:
        with Signals() as signals:
            Supervisor(Plan.read(), signals).run()
    except EmbeddedError as error:
        return _refused(str(error))
    except OSError as error:
        if not disk.is_about_space(error):
            raise
        return _refused(f"{error.filename or 'The data directory'} cannot be written: {error.strerror}. Make room.")
    except SystemExit:
        return 0
    return 0


def _refused(reason: str) -> int:
    print(f"modelyard up: {reason}", file=sys.stderr)  # noqa: T201 - this is the terminal's end of the program
    return 1


class Supervisor:
    """The servers, the API processes and the worker of one data directory."""

    def __init__(self, plan: Plan, signals: Signals) -> None:
        """Lock the data directory.

        Raises:
            AlreadyRunning: another one supervises it.
        """
        self._plan = plan
        self._signals = signals
        self._servers = Servers(plan.data_dir, plan.embedded)
        self._log = UpLog(plan.data_dir / "log" / "up.log")
        self._children: list[Supervised] = []
        self._preparation: Preparation | None = None
        self._application: Application | None = None
        self._pages: PagesBuild | None = None
        self._sign_in_secret: str | None = None

    def run(self) -> None:
        """Start, report, watch. Ends by an exception only, and not before everything has stopped.

        Raises:
            EmbeddedError: something did not come up.
            SystemExit: a signal asked for it.
        """
        try:
            with self._listen() as listener:
                self._start(listener)
                self._watch()
        except EmbeddedError as error:
            self._log.write(str(error))
            raise
        finally:
            self._stop()

    def _start(self, listener: socket.socket) -> None:
        address = local_url(self._plan.host, listener.getsockname()[1])
        previous = self._previous_project()
        for name in self._servers.names:
            self._children.append(Supervised(_TITLES[name], partial(self._servers.launch, name), self._log.note))
        environment = self._plan.child_environment(self._servers.environment, address)
        self._build_pages(is_due=not pages_build.has_output())
        if previous:
            # The schema is as this very code left it, so API and worker load while the servers come up.
            self._start_application(listener, environment)
        self._wait_for_servers()
        # Until an administrator can sign in otherwise, each start gives a link; it is made while the API starts.
        is_settled = previous is not None and self._servers.state.get("administrator_signs_in")
        project = previous if previous is not None and is_settled else self._prepare(environment)
        if not previous:
            self._start_application(listener, environment)
        self._wait_until_ready(address)
        if is_settled and not application.accepts_token(preparation.tracking_uri(address, project), project.token):
            project = self._prepare(environment)
        preparation.write_connection(self._plan.data_dir / "connection.env", environment["MODELYARD_URL"], project)
        preparation.write_settings(self._plan.data_dir / "server.env", environment)
        running.remember(self._plan.data_dir, os.environ)
        self._present(environment["MODELYARD_URL"], project)
        self._build_pages(is_due=self._pages is None)

    def _build_pages(self, *, is_due: bool) -> None:
        """Begin with it at once if there are none yet, else when all else runs: then most often nothing has changed."""
        if is_due and pages_build.is_possible(self._plan):
            self._pages = PagesBuild(self._plan)

    def _listen(self) -> socket.socket:
        """Bind the API's address; after a kill its former owners may need a moment to let go of it."""
        deadline = time.monotonic() + (8.0 if self._servers.lock.was_killed else 0.0)
        while True:
            try:
                return self._plan.listen()
            except PortTaken:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.1)

    def _previous_project(self) -> FirstProject | None:
        """What the last start left, if the database is ours and its schema needs no look."""
        state = self._servers.state
        is_ours = "postgres" in self._plan.embedded and (self._plan.data_dir / "pg18").is_dir()
        if is_ours and state.get("prepared_by") == preparation.fingerprint():
            return FirstProject.recall(state.get("project"))
        return None

    def _start_application(self, listener: socket.socket, environment: dict[str, str]) -> None:
        self._application = Application(self._plan, listener.fileno(), environment)
        self._children.append(Supervised(self._application.program.name, self._application.start, self._log.note))

    def _wait_for_servers(self) -> None:
        provided = [_TITLES[name] for name in NAMES if name not in self._plan.embedded]
        if provided:
            self._log.note(f"{', '.join(provided)}: as the environment says, not started here")
        if "s3" in self._plan.embedded and "s3-port" not in self._servers.names:
            self._log.note("This system allows the store no network of its own: its parts use TLS, which is slower")
        self._log.busy("Starting PostgreSQL, Redis and the object store")
        self._servers.wait(announce=lambda name: self._log.note(f"{_TITLES[name]} ready"), restart=self._tend)

    def _prepare(self, environment: dict[str, str]) -> FirstProject:
        self._log.busy("Preparing the database")
        prepared = self._prepared(environment)
        self._sign_in_secret = prepared.sign_in_secret
        self._servers.state.remember(
            project=prepared.project.as_json(),
            prepared_by=preparation.fingerprint(),
            administrator_signs_in=prepared.sign_in_secret is None,
        )
        self._log.note("Database ready")
        return prepared.project

    def _prepared(self, environment: dict[str, str]) -> Prepared:
        previous = FirstProject.recall(self._servers.state.get("project"))
        attempts_left = _ATTEMPTS
        while True:
            attempts_left -= 1
            # What ends this start meanwhile finds it here, and ends it too.
            self._preparation = Preparation(self._plan, environment, previous)
            try:
                prepared = self._preparation.wait(meanwhile=self._tend)
            except PreparationKilled as error:
                if not attempts_left:
                    raise
                self._log.note(f"{error} Starting it again")
            else:
                self._preparation = None
                return prepared

    def _wait_until_ready(self, address: str) -> None:
        self._log.busy("Starting API and worker")
        deadline = time.monotonic() + _PATIENCE
        while not application.answers_ready(address):
            self._tend()
            self._require_alive(time.monotonic() < deadline)
            time.sleep(0.02)
        self._log.note("API ready")

    def _require_alive(self, in_time: bool) -> None:
        """A first start that fails is not repeated: the person who typed the command is there to read why.

        What a signal has ended has not failed.
        """
        ends = [child.last_exit for child in self._children if (child.last_exit or 0) > 0]
        if application.UNUSABLE_SETTINGS in ends:
            raise ServerFailed(log_files.tail(self._log_file("serve")))
        if ends:
            raise ServerFailed(f"API and worker did not start:\n{log_files.tail(self._log_file('serve'))}")
        if not in_time:
            raise ServerFailed(f"The API did not get ready within a minute:\n{log_files.tail(self._log_file('api'))}")

    def _log_file(self, name: str) -> Path:
        return self._plan.data_dir / "log" / f"{name}.log"

    def _watch(self) -> None:
        housekeeping = time.monotonic()
        recovery = self._recovery()
        while True:
            now = time.monotonic()
            if now >= housekeeping:
                housekeeping = now + _HOUSEKEEPING
                for log in (self._plan.data_dir / "log").glob("*.log"):
                    log_files.cap(log)
                self._servers.hasten()
            due = min(self._tend(), housekeeping, recovery.tend())
            reporting = (self._application, self._pages)
            readers = [one.reports for one in reporting if one is not None and one.reports is not None]
            self._signals.wait(due - time.monotonic(), *readers)

    def _recovery(self) -> disk.Recovery:
        """What is to be done when the disks of our servers were full and have room again."""
        folders = {"postgres": "pg18", "redis": "redis", "s3": "s3"}
        ours = [self._plan.data_dir, *(self._plan.data_dir / folders[name] for name in self._plan.embedded)]
        return disk.Recovery(
            ours,
            store=self._plan.data_dir / "s3" if "s3" in self._plan.embedded else None,
            works=lambda: self._servers.is_ready("s3"),
            restart=self._end_store,
            hurry=self._hurry,
            note=self._log.note,
        )

    def _end_store(self) -> None:
        """Its child starts it again."""
        self._servers.processes["s3"].kill()

    def _hurry(self) -> None:
        for child in self._children:
            child.hurry()

    def _tend(self) -> float:
        """Look after every child; the moment (of the monotonic clock) at which one wants to be looked at again."""
        for reporting in (self._application, self._pages):
            for line in reporting.read_reports() if reporting is not None else []:
                self._log.note(line)
        due = [moment for child in self._children if (moment := child.tend()) is not None]
        return min(due, default=float("inf"))

    def _present(self, url: str, project: FirstProject) -> None:
        data_dir = self._plan.data_dir
        rows = {
            "API": url,
            "GraphQL": f"{url}/graphql",
            "MLflow": preparation.tracking_uri(url, project),
            "Project": project.project_path,
            "Token": f"of {project.admin_username}, in {data_dir / 'connection.env'}",
            "Connect": f"source {data_dir / 'connection.env'}",
            **self._sign_in(url),
            "Logs": str(data_dir / "log"),
        }
        self._log.table(f"Modelyard is ready (PID {os.getpid()}); Ctrl-C stops it", rows)

    def _sign_in(self, url: str) -> dict[str, str]:
        """How the administrator gets in for the first time."""
        file = self._plan.data_dir / "sign-in-link"
        if self._sign_in_secret is None:
            file.unlink(missing_ok=True)
            return {}
        link = f"{url}/sign-in-links/{self._sign_in_secret}"
        write_private(file, f"{link}\n")
        shown = link if self._log.is_private else f"by the link in {file}"
        return {"Sign in": f"{shown} (once, within an hour)"}

    def _stop(self) -> None:
        """API and worker first, while their servers still answer."""
        self._log.busy("Stopping")
        started = time.monotonic()
        if self._preparation:
            self._preparation.kill()
        names = set(_TITLES.values())
        ours: list[Child] = [child.process for child in self._children if child.process and child.name not in names]
        if self._pages is not None:
            ours.append(self._pages.process)
        killed = stop_all(ours) + self._servers.stop()
        suffix = f"; had to kill {', '.join(killed)}" if killed else ""
        self._log.idle()
        self._log.note(f"Stopped in {time.monotonic() - started:.1f} s{suffix}")
