"""PostgreSQL in the data directory."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from app.embedded.errors import EmbeddedError, ServerFailed
from app.embedded.processes import binaries, identity, leftovers, ports
from app.embedded.processes.log_files import open_for_append, tail
from app.embedded.processes.process import Process, Program, bare_environment, launch_command
from app.embedded.state import State, make_private, write_private

DATABASE = USER = "modelyard"
APPLICATION = "modelyard_app"
"""The role of API and worker, which `app.db.roles` makes and explains."""
OWNER_URL = "MODELYARD_DATABASE_OWNER_URL"
"""The setting that only migrations need."""
_SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
    "max_connections": "300",  # 31 for each of eight API processes and the worker, and some to look around
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "autovacuum_naptime": "15s",  # a new installation fills within minutes; until then plans are those of empty tables
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    # One node: nothing replicates from here.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    # Files come from the page cache; three I/O processes would only cost memory.
    "io_method": "sync",
}


class PostgresServer:
    """PostgreSQL 18 with its own data directory, reached by a unix socket that only we may open."""

    name = "postgres"

    def __init__(self, data_dir: Path, state: State) -> None:
        self._binaries = binaries.postgres_directory()
        self._data_dir = data_dir
        self._data = data_dir / "pg18"
        self._run = data_dir / "run"
        self._log = data_dir / "log" / "postgres.log"
        self._state = state
        self._password = state.secret("postgres_password")
        self._application_password = state.secret("postgres_application_password")
        self._identity = identity.choose(self._binaries / "postgres", data_dir)
        self._port = 0

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which API and worker reach it."""
        address = f"/{DATABASE}?host={quote(str(self._run))}&port={self._port}"
        if not self._by_socket:
            address = f"127.0.0.1:{self._port}/{DATABASE}"
        return {
            "MODELYARD_DATABASE_URL": f"postgresql://{APPLICATION}:{self._application_password}@{address}",
            OWNER_URL: f"postgresql://{USER}:{self._password}@{address}",
        }

    def prepare(self) -> None:
        """Make the directory a database cluster if it is not one yet.

        ``initdb`` works in a directory of its own and the result is renamed, so a crash half-way leaves nothing that
        looks ready.
        """
        self._require_own_major()
        leftovers.await_end(self._binaries / "postgres", self._data, patience=10.0)
        self._port = self._port or self._choose_port()
        if self._identity.owner:
            self._data_dir.chmod(0o711)
        if not self._data.exists():
            self._initialise()
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        for socket_file in self._run.glob(".s.PGSQL.*"):
            socket_file.unlink(missing_ok=True)

    def start(self) -> Process:
        """Start the server; returns before it is ready."""
        settings = _SETTINGS | {
            "port": str(self._port),
            "listen_addresses": "" if self._by_socket else "127.0.0.1",
            "unix_socket_directories": str(self._run) if self._by_socket else "",
            "unix_socket_permissions": "0700",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Process(
            Program(
                name=self.name,
                command=[str(self._binaries / "postgres"), "-D", str(self._data), *options],
                log=self._log,
                directory=self._data,
                environment=bare_environment(),
                stop_signal=signal.SIGINT,  # "fast"; SIGTERM would wait for clients to leave
                identity=self._identity.launch,
            )
        )

    def is_ready(self) -> bool:
        """Whether our database answers a query; creates the database the first time."""
        if self._status() != "ready":
            return False
        count = self._query("postgres", f"SELECT count(*) FROM pg_database WHERE datname = '{DATABASE}'")  # noqa: S608
        if count == "0":
            self._query("postgres", f"CREATE DATABASE {DATABASE}")
        return count is not None and self._query(DATABASE, "SELECT 1") == "1"

    def is_stopping(self) -> bool:
        """Whether it was asked to end: it then takes no new clients."""
        return self._status() == "stopping"

    def clean_up(self) -> None:
        """All of it is in the data directory."""

    @property
    def _by_socket(self) -> bool:
        socket_path = self._run / f".s.PGSQL.{self._port}"
        return self._identity.owner is None and len(os.fsencode(socket_path)) <= ports.LONGEST_SOCKET_PATH

    def _require_own_major(self) -> None:
        """PostgreSQL opens data of its own major version only.

        Raises:
            EmbeddedError: the directory has data of another one, where it would begin with an empty database.
        """
        major = self._major()
        ours = self._data / "PG_VERSION"
        for version in [ours] if ours.exists() else sorted(self._data_dir.glob("pg[0-9][0-9]/PG_VERSION")):
            theirs = version.read_text().strip()
            if theirs == major:
                continue
            raise EmbeddedError(
                f"{version.parent} has data of PostgreSQL {theirs} and the installed one is {major}: another release "
                "has used this data directory. Run that one, or carry the data over with its pg_dump and ours."
            )

    def _major(self) -> str:
        """The major version of the programs, as ``postgres --version`` says it: postgres (PostgreSQL) 18.1."""
        command = [os.fspath(self._binaries / "postgres"), "--version"]
        done = subprocess.run(command, env=bare_environment(), capture_output=True, text=True, check=False)  # noqa: S603
        match = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
        if match is None:
            raise EmbeddedError(f"{command[0]} does not say its version: {(done.stdout + done.stderr).strip()[:200]}")
        return match[1]

    def _choose_port(self) -> int:
        saved = self._state.get("postgres_port")
        port = saved if saved and ports.is_free(saved) else ports.choose_block(1)
        self._state.remember(postgres_port=port)
        return int(port)

    def _status(self) -> str:
        """The line that ``pg_ctl -w`` waits for as well (``pidfile.h`` LOCK_FILE_LINE_PM_STATUS)."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return ""
        return lines[7].strip() if len(lines) > 7 else ""

    def _query(self, database: str, statement: str) -> str | None:
        host = self._run if self._by_socket else "127.0.0.1"
        done = subprocess.run(  # noqa: S603 - our own command line
            [self._binaries / "psql", "-XAtqw", "-v", "ON_ERROR_STOP=1", "-c", statement],
            env=bare_environment(
                PGHOST=str(host),
                PGPORT=str(self._port),
                PGUSER=USER,
                PGDATABASE=database,
                PGPASSWORD=self._password,
                PGCONNECT_TIMEOUT="5",
            ),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else None

    def _initialise(self) -> None:
        unfinished = make_private(self._data_dir / "pg18.init")
        _empty(unfinished)
        password_file = unfinished.with_name("pg18.password")
        write_private(password_file, self._password)
        if self._identity.owner:
            for path in (unfinished, password_file):
                os.chown(path, *self._identity.owner)
        options = ["-U", USER, "-A", "scram-sha-256", f"--pwfile={password_file}", "-E", "UTF8", "--locale=C"]
        # The builtin provider sorts and lower-cases alike on every machine, whatever its C library.
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        command = [str(self._binaries / "initdb"), "-D", str(unfinished), *options]
        output = open_for_append(self._log)
        try:
            done = subprocess.run(  # noqa: S603 - our own command line
                launch_command(command, signal.SIGKILL, self._identity.launch),
                env=bare_environment(),
                cwd=unfinished,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
        finally:
            os.close(output)
            password_file.unlink()
        if done.returncode != 0:
            raise ServerFailed(f"initdb ended with {done.returncode}:\n{tail(self._log)}")
        unfinished.rename(self._data)
        _sync(self._data_dir)


def _empty(directory: Path) -> None:
    """Remove what an interrupted initdb left; it insists on an empty directory."""
    for path, folders, files in os.walk(directory, topdown=False):
        for file in files:
            Path(path, file).unlink()
        for folder in folders:
            Path(path, folder).rmdir()


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
