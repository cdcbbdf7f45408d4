"""Dumps of the database, by PostgreSQL's own programs."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from sqlalchemy import make_url

from app.errors import ModelyardError

LEFT_OUT = ("backup_holds", "project_events")
"""Tables whose rows mean nothing elsewhere: holds of this moment, and a journal of a quarter of an hour whose numbers
are those of this server's transactions."""


class DumpFailed(ModelyardError):
    """A program of PostgreSQL failed; the message is its own."""

    code = "DUMP_FAILED"


async def write(program: Path, url: str, snapshot: str, to: Path) -> None:
    """Write what the named snapshot shows into a file (format `custom` of pg_dump).

    Raises:
        DumpFailed: with what pg_dump said.
    """
    left_out = [f"--exclude-table-data={table}" for table in LEFT_OUT]
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", *left_out]
    await _run([str(program), *options, f"--file={to}"], url)


async def read(program: Path, url: str, dump: Path) -> None:
    """Put a dump into an empty database, all of it or nothing.

    Raises:
        DumpFailed: with what pg_restore said.
    """
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    database = make_url(url).database or ""
    await _run([str(program), *options, f"--dbname={database}", str(dump)], url)


async def _run(command: list[str], url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        env=_environment(url),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        reason = said.decode(errors="replace").strip()[-2000:]
        raise DumpFailed(f"{Path(command[0]).name} ended with {process.returncode}: {reason}")


def _environment(url: str) -> dict[str, str]:
    """The address in variables, because other users can read a command line (libpq: PGHOST and so on)."""
    parts = make_url(url)
    host, port = parts.query.get("host", parts.host), parts.query.get("port", parts.port)
    given = {
        "PGHOST": host,
        "PGPORT": port,
        "PGUSER": parts.username,
        "PGPASSWORD": parts.password,
        "PGDATABASE": parts.database,
        "PGSSLMODE": parts.query.get("sslmode", parts.query.get("ssl")),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {name: str(value) for name, value in given.items() if value is not None}
