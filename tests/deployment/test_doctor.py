"""`modelyard doctor`: what is in order, what is a risk, and what does not work."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.db.database import async_url
from app.inspection.confinement.measures import Measure
from app.inspection.processes import sandbox
from app.settings import Settings
from app.upkeep.doctor import checks
from app.upkeep.doctor.findings import Finding, Level
from app.upkeep.doctor.risks import risks
from tests.deployment.test_commands import modelyard

GIB = 2**30


class Usage(NamedTuple):
    total: int
    used: int
    free: int


async def examined(runtime, settings=None) -> dict[str, Finding]:
    findings = await checks.examine(settings or runtime.settings, runtime.db, runtime.blobs, runtime.notifier)
    return {finding.name: finding for finding in findings}


def lines(told: str) -> dict[str, tuple[str, str]]:
    rows = [line.split(None, 1) for line in told.splitlines()]
    split = [(level, *(part.strip() for part in rest.partition("  ")[::2])) for level, rest in rows]
    return {name: (level, words) for level, name, words in split}


def test_doctor_prints_a_line_per_check_and_exits_cleanly(runtime) -> None:
    done = modelyard("doctor", MODELYARD_WEBHOOK_PRIVATE_HOSTS="", MODELYARD_CI_PRIVATE_HOSTS="")
    assert done.returncode == 0, done.stdout + done.stderr
    told = lines(done.stdout)
    for name in ("settings", "database", "clock", "migrations", "redis", "store"):
        assert told[name][0] == "ok", done.stdout
    assert told["address"] == (
        "warning",
        f"MODELYARD_URL cannot be reached: ClientConnectorError from this machine: {runtime.settings.url}",
    )
    assert {name for name in told if name.startswith("scanners: ")} >= {"scanners: landlock", "scanners: seccomp"}


def test_secrets_are_not_told(migrated: Settings) -> None:
    done = modelyard("doctor", MODELYARD_DATABASE_URL="postgresql://modelyard:very-secret-word@127.0.0.1:1/modelyard")
    assert done.returncode == 1
    for secret in (
        "very-secret-word",
        migrated.secret_key.get_secret_value(),
        migrated.s3_secret_key.get_secret_value(),
    ):
        assert secret not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "name", "level", "code"),
    [
        ("MODELYARD_DATABASE_URL", "postgresql://modelyard:x@127.0.0.1:1/modelyard", "database", "failed", 1),
        ("MODELYARD_REDIS_URL", "redis://:x@127.0.0.1:1/0", "redis", "warning", 0),
        ("MODELYARD_S3_URL", "http://127.0.0.1:1", "store", "failed", 1),
        ("MODELYARD_S3_BUCKET", "there-is-no-such-bucket", "store", "failed", 1),
        ("MODELYARD_S3_PUBLIC_URL", "http://127.0.0.1:1", "public store", "warning", 0),
    ],
)
def test_failing_checks_are_named(migrated, variable, value, name, level, code) -> None:
    done = modelyard("doctor", **{variable: value})
    assert (lines(done.stdout)[name][0], done.returncode) == (level, code), done.stdout + done.stderr


def test_strict_counts_warnings_as_failures(migrated: Settings) -> None:
    assert modelyard("doctor", "--strict").returncode == 1


def test_incomplete_settings_are_reported_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELYARD_SECRET_KEY", raising=False)
    done = modelyard("doctor")
    assert done.returncode == 2
    assert "MODELYARD_SECRET_KEY is not set" in done.stderr


async def test_a_schema_of_another_release_is_told(runtime) -> None:
    name = f"empty_{uuid4().hex}"
    engine = create_async_engine(async_url(runtime.settings.owner_url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    base, _, query = runtime.settings.owner_url.partition("?")
    other = f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
    done = modelyard("doctor", MODELYARD_DATABASE_URL=other)
    assert done.returncode == 1
    assert lines(done.stdout)["migrations"] == (
        "failed",
        "the schema is not that of this release; run `modelyard migrate` of the release that is to run",
    )


async def test_addresses_that_answer_are_in_order(runtime, url) -> None:
    settings = runtime.settings.model_copy(update={"url": url, "s3_public_url": runtime.settings.s3_url})
    by_name = await examined(runtime, settings)
    assert (by_name["address"], by_name["public store"].level) == (
        Finding("address", Level.OK, f"{url} answers"),
        Level.OK,
    )


async def test_an_address_of_something_else_is_told(runtime) -> None:
    findings = await examined(runtime, runtime.settings.model_copy(update={"url": runtime.settings.s3_url}))
    assert findings["address"].level is Level.WARNING
    assert "MODELYARD_URL answers 4" in findings["address"].text


async def test_jobs_that_failed_or_wait_are_told(runtime, project) -> None:
    insert = text("""
        INSERT INTO background_jobs
            (id, key, kind, project_id, payload, state, run_after, attempt, max_attempts)
        SELECT gen_random_uuid(), gen_random_uuid(), 'no.such.kind', :project, '{}', state,
            now() - interval '1 hour', 1, 1
        FROM unnest(ARRAY['dead', 'queued']) AS state
    """)
    async with runtime.db.write() as tx:
        await tx.execute(insert, {"project": project.id})
    try:
        findings = await examined(runtime)
    finally:
        async with runtime.db.write() as tx:
            await tx.execute(text("DELETE FROM background_jobs WHERE kind = 'no.such.kind'"))
    assert findings["failed jobs"].level is Level.WARNING
    assert "modelyard jobs list --state dead" in findings["failed jobs"].text
    assert findings["queue"].level is Level.WARNING
    assert "no worker runs" in findings["queue"].text


async def test_clocks_that_differ_are_told(runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    real = checks.time.time
    monkeypatch.setattr(checks.time, "time", lambda: real() + 90)
    clock = (await examined(runtime))["clock"]
    assert clock.level is Level.WARNING
    assert 89 < float(clock.text.split()[4]) < 91


@pytest.mark.parametrize(("free", "level"), [(200 * GIB, Level.OK), (4 * GIB, Level.WARNING), (GIB // 8, Level.FAILED)])
async def test_low_disk_space_is_reported(runtime, tmp_path: Path, monkeypatch, free: int, level: Level) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1000 * GIB, 1000 * GIB - free, free))
    findings = await examined(runtime, runtime.settings.model_copy(update={"data_dir": tmp_path}))
    assert findings["disk"].level is level
    assert f"{free / GIB:.1f} of 1000.0 GiB" in findings["disk"].text


async def test_refused_confinement_measures_are_reported(runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    async def measures() -> list[Measure]:
        return [Measure("seccomp", False, "there is none on darwin"), Measure("namespaces", False, "refused: EPERM")]

    monkeypatch.setattr(sandbox, "measures", measures)
    findings = await examined(runtime)
    assert findings["scanners: seccomp"] == Finding(
        "scanners: seccomp", Level.WARNING, "not in force: there is none on darwin"
    )
    assert findings["scanners: namespaces"].level is Level.OK


GOOD = {
    "MODELYARD_DATABASE_URL": "postgresql://x@localhost/x",
    "MODELYARD_REDIS_URL": "redis://localhost",
    "MODELYARD_S3_URL": "http://localhost:9000",
    "MODELYARD_S3_ACCESS_KEY": "key",
    "MODELYARD_S3_SECRET_KEY": "secret",
    "MODELYARD_SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "MODELYARD_URL": "https://models.example.org",
    "MODELYARD_HOST": "0.0.0.0",
    "MODELYARD_WEBHOOK_PRIVATE_HOSTS": "ci.internal:8080,[::1]:90",
}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"MODELYARD_URL": "http://127.0.0.1:8080", "MODELYARD_HOST": "127.0.0.1"}, []),
        ({"MODELYARD_URL": "http://models.example.org"}, ["MODELYARD_URL is http://models.example.org"]),
        ({"MODELYARD_URL": "http://127.0.0.1:8080"}, ["MODELYARD_HOST is 0.0.0.0"]),
        ({"MODELYARD_URL": "http://127.0.0.1:8080", "MODELYARD_HOST": "::"}, ["MODELYARD_HOST is ::"]),
        ({"MODELYARD_S3_PUBLIC_URL": "http://files.example.org"}, ["MODELYARD_S3_PUBLIC_URL is http"]),
        ({"MODELYARD_S3_PUBLIC_URL": "https://files.example.org"}, []),
        ({"MODELYARD_S3_PUBLIC_URL": "http://127.0.0.1:9000"}, ["no other machine reaches files by link"]),
        ({"MODELYARD_SECRET_KEY": "x" * 40}, ["MODELYARD_SECRET_KEY has few different characters"]),
        ({"MODELYARD_CI_PRIVATE_HOSTS": "gitlab.internal, [::1]"}, ["every port of gitlab.internal, [::1]"]),
        ({"MODELYARD_FAULTS": "/traps"}, ["MODELYARD_FAULTS is set"]),
        ({"MODELYARD_TRUSTED_DOCUMENTS_ONLY": "true"}, ["MODELYARD_TRUSTED_DOCUMENTS is not"]),
    ],
)
def test_risky_settings_are_reported(changes, told, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MODELYARD_")]:
        monkeypatch.delenv(name)
    for name, value in (GOOD | changes).items():
        monkeypatch.setenv(name, value)
    findings = risks(Settings.read())
    assert [finding.level for finding in findings] == [Level.WARNING] * len(told) or [Level.OK]
    for finding, words in zip(findings, told, strict=False):
        assert words in finding.text
