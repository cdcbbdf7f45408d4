"""The checks of `modelyard doctor`: settings, connections, queue, disk, isolation of scanners."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from yarl import URL

from app.db import migrate
from app.db.database import Database
from app.db.statements import Statement
from app.errors import ModelyardError
from app.inspection.processes import sandbox
from app.outgoing import requests
from app.outgoing.addresses import AddressRules
from app.queue.notifier import Notifier
from app.settings import Settings
from app.storage.blobs import BlobStore
from app.upkeep import gauges
from app.upkeep.doctor.findings import Finding, Level, warning_if
from app.upkeep.doctor.risks import risks
from app.upkeep.gauges import GaugeValue

TIMEOUT_SECONDS = 10.0
OLDEST_POSTGRESQL = 160_000
CLOCK_SECONDS = 2.0
"""Clocks that differ by more make leases and links end too early or too late."""
QUEUE_SECONDS = 60.0
"""As long as the alarms of docs/production.md."""
LITTLE_SHARE, LITTLE_BYTES, NO_BYTES = 0.10, 5 * 2**30, 256 * 2**20


async def examine(settings: Settings, db: Database, blobs: BlobStore, notifier: Notifier) -> list[Finding]:
    """Run all checks at once; a check that fails is a finding, too."""
    steps: dict[str, Callable[[], Awaitable[list[Finding]]]] = {
        "database": lambda: _database(db),
        "migrations": lambda: _migrations(settings),
        "database role": lambda: _role(db),
        "redis": lambda: _redis(notifier),
        "store": lambda: _store(blobs),
        "address": lambda: _address("MODELYARD_URL", f"{settings.url}/health/live", is_ours=True),
        "public store": lambda: _public_store(settings.s3_public_url),
        "queue": lambda: _queue(db),
        "disk": lambda: _disk(settings.data_dir),
        "scanners": _scanners,
    }
    looked = await asyncio.gather(*(_guarded(name, step) for name, step in steps.items()))
    return [*risks(settings), *(finding for each in looked for finding in each)]


async def _guarded(name: str, step: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await step()
    except ModelyardError as error:
        return [Finding(name, Level.FAILED, error.message)]
    except TimeoutError:
        return [Finding(name, Level.FAILED, f"gave no answer within {TIMEOUT_SECONDS:g} seconds")]
    except (OSError, SQLAlchemyError, sandbox.Killed, sandbox.ScannersBroken) as error:
        return [Finding(name, Level.FAILED, f"could not be looked at: {type(error).__name__}")]


@dataclass(frozen=True, slots=True)
class _Server:
    number: int
    version: str
    clock: datetime


_READ_SERVER = Statement(
    "upkeep.read_server",
    "Version and clock of the server.",
    """
    SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
        clock_timestamp() AS clock
    """,
    row=_Server,
)


async def _database(db: Database) -> list[Finding]:
    async with db.read() as snap:
        await _READ_SERVER.fetch(snap)  # the connection is open now, and the next answer as quick as it gets
        before = time.time()
        (server,) = await _READ_SERVER.fetch(snap)
        after = time.time()
    if server.number < OLDEST_POSTGRESQL:
        return [Finding("database", Level.FAILED, f"PostgreSQL {server.version}; 16 is the oldest that is supported")]
    apart = max(before - server.clock.timestamp(), server.clock.timestamp() - after, 0.0)
    return [
        Finding("database", Level.OK, f"PostgreSQL {server.version}, answers in {(after - before) * 1000:.1f} ms"),
        warning_if(
            apart > CLOCK_SECONDS,
            "clock",
            f"the database's differs by {apart:.1f} s from this machine's; let both follow NTP",
            f"within {max(apart, after - before):.3f} s of the database's",
        ),
    ]


async def _migrations(settings: Settings) -> list[Finding]:
    if await migrate.is_current(settings.database_url):
        return [Finding("migrations", Level.OK, "the schema is the newest of this release")]
    told = "the schema is not that of this release; run `modelyard migrate` of the release that is to run"
    return [Finding("migrations", Level.FAILED, told)]


_OWNS_TABLES = Statement(
    "upkeep.owns_tables",
    "Whether the role of this connection could change the tables themselves.",
    "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('alembic_version')",
)


async def _role(db: Database) -> list[Finding]:
    async with db.read() as snap:
        is_owner = await _OWNS_TABLES.fetch_value(snap)
    told = (
        "MODELYARD_DATABASE_URL names the owner of the tables, who can change the audit log; give migrations"
        " MODELYARD_DATABASE_OWNER_URL, and API and worker another user (docs/production.md)"
    )
    return [warning_if(is_owner, "database role", told, "cannot change tables, and only adds to the audit log")]


async def _redis(notifier: Notifier) -> list[Finding]:
    try:
        await notifier.ping()
    except ModelyardError:
        told = "cannot be reached: workers find their jobs within a second all the same, and nothing is lost"
        return [Finding("redis", Level.WARNING, told)]
    return [Finding("redis", Level.OK, "answers")]


async def _store(blobs: BlobStore) -> list[Finding]:
    await blobs.ready()
    return [Finding("store", Level.OK, "answers, and the bucket is there")]


async def _public_store(url: str | None) -> list[Finding]:
    return [] if url is None else await _address("MODELYARD_S3_PUBLIC_URL", url, is_ours=False)


async def _address(setting: str, text: str, *, is_ours: bool) -> list[Finding]:
    """An address of the settings, asked from this machine; clients may stand elsewhere, so this is no failure."""
    url = URL(text)
    name = "address" if is_ours else "public store"
    rules = AddressRules.of([url.raw_host or ""], noun=setting)
    try:
        answer = await requests.send(rules, "GET", url, {}, limit=1024, timeout_seconds=TIMEOUT_SECONDS / 2)
    except requests.Unreachable as failure:
        told = f"{setting} {failure.message} from this machine: {url.origin()}"
        return [Finding(name, Level.WARNING, told)]
    # A store answers requests without a signature with 403; of the API only 200 will do.
    wrong = answer.status != 200 if is_ours else answer.status >= 500
    return [warning_if(wrong, name, f"{setting} answers {answer.status}: {url}", f"{url.origin()} answers")]


async def _queue(db: Database) -> list[Finding]:
    told = await gauges.read(db)
    oldest, overdue = _most(told, "jobs_oldest_due_seconds"), _most(told, "jobs_lease_overdue_seconds")
    dead = int(sum(each.value for each in told if each.name == "jobs" and each.state == "dead"))
    damaged = int(_most(told, "damaged_blobs"))
    late = max(oldest, overdue)
    return [
        warning_if(
            late > QUEUE_SECONDS,
            "queue",
            f"a job has been waiting for {late:.0f} s: no worker runs, or too few of them",
            f"the oldest job that is due has been waiting for {late:.0f} s",
        ),
        warning_if(dead, "failed jobs", f"{dead}; `modelyard jobs list --state dead` says which and why", "none"),
        warning_if(
            damaged, "damaged files", f"{damaged}; bring them back from the store's backup, or send them again", "none"
        ),
    ]


def _most(told: Iterable[GaugeValue], name: str) -> float:
    return max((each.value for each in told if each.name == name), default=0.0)


async def _disk(data_dir: Path) -> list[Finding]:
    """Of `make up`; servers elsewhere know their own."""
    if not data_dir.is_dir():  # noqa: ASYNC240 - one call, in a command
        return []
    usage = shutil.disk_usage(data_dir)
    told = f"{usage.free / 2**30:.1f} of {usage.total / 2**30:.1f} GiB are free in {data_dir}"
    if usage.free < NO_BYTES:
        return [Finding("disk", Level.FAILED, f"{told}; make room")]
    return [warning_if(usage.free < min(LITTLE_BYTES, usage.total * LITTLE_SHARE), "disk", f"{told}; make room", told)]


async def _scanners() -> list[Finding]:
    """What keeps the processes in that look into files: tried here, on this machine and as this user."""
    told = []
    for measure in await sandbox.measures():
        level = Level.WARNING if measure.is_missed else Level.OK
        state = "" if measure.in_force else "not in force: "
        told.append(Finding(f"scanners: {measure.name}", level, f"{state}{measure.detail}"))
    return told
