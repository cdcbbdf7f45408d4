"""Data that a newer release has written: one sentence and an exit code, by whatever touches it first."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from alembic import command as alembic
from alembic.script import ScriptDirectory
from sqlalchemy import make_url
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import create_async_engine

from app.db import migrate, revisions
from app.db.database import Database, async_url, driver_url
from app.db.revisions import NewerData
from app.embedded.errors import EmbeddedError
from app.embedded.servers import Servers
from app.settings import Settings
from tests.support.source import ROOT

NEWER = "9999_from_the_future"
COMMANDS = (
    ("migrate",),
    ("api",),
    ("worker",),
    ("token",),
    ("gc",),
    ("gc", "--dry-run"),
    ("jobs", "list"),
    ("prepare",),
)


@pytest.fixture
async def empty(settings: Settings) -> AsyncIterator[str]:
    """A database of its own, without tables."""
    name = f"newer_{uuid4().hex}"
    admin = await asyncpg.connect(driver_url(settings.owner_url))
    await admin.execute(f"CREATE DATABASE {name}")
    url = make_url(settings.owner_url).set(database=name).render_as_string(hide_password=False)
    yield url
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def database(empty: str) -> str:
    """The same, migrated."""
    await migrate.upgrade(empty)
    return empty


async def pretend(url: str, revision: str, note: str = "") -> None:
    connection = await asyncpg.connect(driver_url(url))
    await connection.execute("UPDATE alembic_version SET version_num = $1", revision)
    await connection.execute(f"COMMENT ON TABLE alembic_version IS '{note}'")
    await connection.close()


async def command(url: str, *arguments: str) -> tuple[int, str]:
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env=os.environ | {"MODELYARD_DATABASE_URL": url, "MODELYARD_DATABASE_OWNER_URL": url, "MODELYARD_PORT": "0"},
        input=json.dumps({"token": None}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
async def test_database_of_a_newer_release_is_refused(database: str, arguments: tuple[str, ...]) -> None:
    await pretend(database, NEWER)
    code, said = await command(database, *arguments)
    assert code == 2, said
    assert said.startswith(f"The database is at the migration '{NEWER}', which this release does not know")
    assert said.count("\n") == 1


async def test_release_that_is_being_replaced_may_run(database: str) -> None:
    """Migrations are compatible with the release that still runs; a process of it that is started again must start."""
    await pretend(database, NEWER, revisions.fits(revisions.head()))
    db = Database(database, pool=1)
    await revisions.require_supported(db)
    await db.close()
    assert (await command(database, "migrate"))[0] == 0
    await pretend(database, NEWER, revisions.fits("0001_something_older"))
    db = Database(database, pool=1)
    with pytest.raises(NewerData):
        await revisions.require_supported(db)
    await db.close()


async def test_upgrade_notes_which_release_may_still_run(empty: str) -> None:
    before = ScriptDirectory.from_config(migrate.config()).get_revision(revisions.head()).down_revision
    engine = create_async_engine(async_url(empty))
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: alembic.upgrade(migrate.config(sync), before))
        await connection.commit()
    await migrate.upgrade(empty)
    await migrate.upgrade(empty)
    async with engine.connect() as connection:
        noted = await connection.scalar(sql("SELECT obj_description('alembic_version'::regclass)"))
    await engine.dispose()
    assert noted == revisions.fits(before)


async def test_commands_explain_an_unreachable_database_in_one_sentence() -> None:
    code, said = await command("postgresql://nobody:nothing@127.0.0.1:1/nothing", "migrate")
    assert code == 1
    assert said.startswith("The database cannot be reached: ")
    assert said.count("\n") == 1


def test_revisions_read_as_text_are_those_of_alembic() -> None:
    script = ScriptDirectory.from_config(migrate.config())
    assert revisions.existing() == {revision.revision for revision in script.walk_revisions()}
    assert revisions.head() == script.get_current_head()


def test_data_of_another_postgresql_is_refused(tmp_path) -> None:
    (tmp_path / "pg19").mkdir(parents=True)
    (tmp_path / "pg19" / "PG_VERSION").write_text("19\n")
    opened = Servers(tmp_path, ["postgres"])
    try:
        with pytest.raises(EmbeddedError, match=r"pg19 has data of PostgreSQL 19 and the installed one is 18"):
            opened.launch_all()
        assert not (tmp_path / "pg18").exists()
        (tmp_path / "pg19").rename(tmp_path / "pg18")
        with pytest.raises(EmbeddedError, match=r"pg18 has data of PostgreSQL 19"):
            opened.launch_all()
    finally:
        opened.stop()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"format": 2}', r"has the format 2 and this release knows 1: a newer release"),
        ('{"format": "b"}', r"has the format 'b'"),
        ('{"postgres_pass', r"is damaged"),
        ("[]", r"is damaged"),
    ],
)
def test_state_that_cannot_be_read_is_refused(tmp_path, text: str, reason: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(EmbeddedError, match=reason):
        Servers(tmp_path, ["redis"])
    assert (tmp_path / "state.json").read_text() == text
    (tmp_path / "state.json").unlink()
    Servers(tmp_path, ["redis"]).stop()


@pytest.mark.parametrize("name", ["pg19/PG_VERSION", "state.json"])
def test_up_explains_newer_data_in_one_sentence(tmp_path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"format": 2}' if name == "state.json" else "19\n")
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "up"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "MODELYARD_DATA_DIR": str(tmp_path), "MODELYARD_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    last = (done.stdout + done.stderr).splitlines()[-1]
    assert last.startswith("modelyard up: ")
    assert "release has used this data directory" in last
    assert "Traceback" not in done.stderr
