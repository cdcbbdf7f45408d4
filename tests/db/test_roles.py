"""The role of the application: rows, and nothing else."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from app.db import migrate, roles
from app.db.database import driver_url
from app.settings import Settings
from tests.support.db import owner

OTHERS = ("models", "tokens", "project_events", "background_jobs")


@pytest.fixture
async def connection(migrated: Settings) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(driver_url(migrated.database_url))
    yield opened
    await opened.close()


@pytest.fixture
async def new_role(migrated: Settings) -> AsyncIterator[str]:
    """The address with a role that does not exist yet."""
    name = f"role {uuid4().hex[:8]} \"'"
    url = make_url(migrated.database_url).set(username=name, password="it's \\ a 'secret'")
    yield url.render_as_string(hide_password=False)
    quoted = '"' + name.replace('"', '""') + '"'
    await owner.execute(migrated, f"DROP OWNED BY {quoted}", f"DROP ROLE {quoted}")


def test_tests_run_as_the_application(migrated: Settings) -> None:
    assert roles.differ(migrated.owner_url, migrated.database_url)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE alembic_version SET version_num = 'x'",
        "CREATE TABLE mine (id int)",
        "SET session_replication_role = replica",
        "ALTER ROLE modelyard_app SUPERUSER",
        *(f"TRUNCATE {table}" for table in OTHERS),
        *(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in OTHERS),
        *(f"DROP TABLE {table}" for table in OTHERS),
        "CREATE OR REPLACE FUNCTION advance_access_epoch() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
        "DROP FUNCTION advance_access_epoch() CASCADE",
    ],
)
async def test_it_changes_no_tables(connection: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)


async def test_it_has_what_it_needs_on_every_table(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch("""
        SELECT c.relname, array_agg(p ORDER BY p) FILTER (WHERE has_table_privilege(c.oid, p)) AS has
        FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) p
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') GROUP BY c.relname
    """)
    given = {row["relname"]: set(row["has"] or ()) for row in rows}
    narrow = {name: {"SELECT", "INSERT"} for name in roles.APPEND_ONLY if name in given} | {
        "alembic_version": {"SELECT"}
    }
    assert {name: given.pop(name) for name in narrow} == narrow
    assert given
    assert {name: has for name, has in given.items() if has != {"SELECT", "INSERT", "UPDATE", "DELETE"}} == {}


async def test_a_role_is_made_by_several_migrations_at_once(migrated: Settings, new_role: str) -> None:
    await asyncio.gather(*(migrate.upgrade(migrated.owner_url, new_role) for _ in range(3)))
    opened = await asyncpg.connect(driver_url(new_role))
    assert await opened.fetchval("SELECT count(*) >= 0 FROM models")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await opened.execute("TRUNCATE models")
    await opened.close()


async def test_a_changed_password_is_set_by_the_next_migration(migrated: Settings, new_role: str) -> None:
    await migrate.upgrade(migrated.owner_url, new_role)
    changed = make_url(new_role).set(password="another").render_as_string(hide_password=False)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(driver_url(changed))
    await migrate.upgrade(migrated.owner_url, changed)
    await (await asyncpg.connect(driver_url(changed))).close()


async def test_rights_that_were_given_by_hand_are_taken_back(migrated: Settings, new_role: str) -> None:
    await migrate.upgrade(migrated.owner_url, new_role)
    name = make_url(new_role).username or ""
    quoted = '"' + name.replace('"', '""') + '"'
    present = [table for table in roles.APPEND_ONLY if table in await _tables(migrated)]
    for table in present:
        await owner.execute(migrated, f"GRANT UPDATE, DELETE, TRUNCATE ON {table} TO {quoted}")
    await migrate.upgrade(migrated.owner_url, new_role)
    opened = await asyncpg.connect(driver_url(new_role))
    for table in present:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await opened.execute(f"DELETE FROM {table}")
    await opened.close()


def test_a_verifier_is_that_of_postgresql() -> None:
    """The example of RFC 7677 §3: user `user`, password `pencil`."""
    text = roles.verifier("pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
    assert text == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


async def test_statements_hold_no_password(migrated: Settings, new_role: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="sqlalchemy.engine"):
        await migrate.upgrade(migrated.owner_url, new_role)
    assert "SCRAM-SHA-256$" in caplog.text
    assert "a 'secret'" not in caplog.text and "secret" not in caplog.text


async def _tables(settings: Settings) -> list[str]:
    connection = await asyncpg.connect(driver_url(settings.owner_url))
    try:
        return [row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    finally:
        await connection.close()
