"""Brings the schema to the newest revision; many processes may call it at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from asyncpg import InvalidAuthorizationSpecificationError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.db import revisions, roles
from app.db.database import async_url
from app.errors import Unavailable

ROOT = Path(__file__).resolve().parents[2]
STARTING_SECONDS = 30.0
"""How long to wait for a server that is starting or recovering."""
_LOCK = 0x4D594D49
"""Advisory lock of the process that migrates; the others wait, and then have nothing to do."""


async def upgrade(database_url: str, application_url: str | None = None) -> None:
    """Apply all outstanding migrations under an advisory lock.

    ``application_url`` names the role as which the application runs. Where it is another one, it is made if it is
    missing, and gets the rights that :mod:`app.db.roles` describes.

    Raises:
        NewerData: a newer release has migrated it.
        Unavailable: the database cannot be reached.
        sqlalchemy.exc.DBAPIError: a migration failed; each migration is one transaction, so a failed one leaves the
            state before it.
    """
    async with _migrating(database_url) as connection:
        await connection.run_sync(_upgrade)
        if application_url is not None and roles.differ(database_url, application_url):
            await _ensure_role(connection, application_url)
            await connection.run_sync(roles.grant, application_url)
        await connection.commit()


async def ensure_application_role(database_url: str, application_url: str) -> None:
    """Make the role as which the application runs, if it is another one; before there is a schema, for a restore."""
    if roles.differ(database_url, application_url):
        async with _migrating(database_url) as connection:
            await _ensure_role(connection, application_url)
            await connection.commit()


async def grant_application_role(database_url: str, application_url: str) -> None:
    """Give that role its rights, after a restore has made the tables."""
    if roles.differ(database_url, application_url):
        async with _migrating(database_url) as connection:
            await connection.run_sync(roles.grant, application_url)
            await connection.commit()


async def is_current(database_url: str) -> bool:
    """Whether the schema is at the newest revision of this code."""
    engine = create_async_engine(async_url(database_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision() == _head()
            )
    finally:
        await engine.dispose()


@asynccontextmanager
async def _migrating(database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection of the owner, while no other process migrates."""
    engine = create_async_engine(async_url(database_url), poolclass=NullPool)
    try:
        async with reached(engine) as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            await connection.commit()
            yield connection
    finally:
        await engine.dispose()


async def _ensure_role(connection: AsyncConnection, application_url: str) -> None:
    """Make the role or set its password, unless it can sign in as it is: each start would change the catalog else."""
    if not await _signs_in(application_url):
        await connection.run_sync(roles.ensure, application_url)
        await connection.commit()


async def _signs_in(url: str) -> bool:
    engine = create_async_engine(async_url(url), poolclass=NullPool)
    try:
        async with engine.connect():
            return True
    except (OSError, TimeoutError, DBAPIError, InvalidAuthorizationSpecificationError):
        return False
    finally:
        await engine.dispose()


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for this tree, on an open connection."""
    alembic = Config(toml_file=ROOT / "pyproject.toml")
    alembic.set_main_option("script_location", str(ROOT / "migrations"))
    alembic.attributes["connection"] = connection
    return alembic


@asynccontextmanager
async def reached(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of its own, also to a server that is just starting or recovering.

    Raises:
        Unavailable: the database cannot be reached.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + STARTING_SECONDS
    while True:
        try:
            connection = await engine.connect()
            break
        except (OSError, TimeoutError, DBAPIError) as error:
            if not _is_starting(error) or loop.time() > end:
                raise Unavailable(f"The database cannot be reached: {_reason(error)}.") from error
        await asyncio.sleep(0.2)
    try:
        yield connection
    finally:
        await connection.close()


def _is_starting(error: Exception) -> bool:
    """Whether the server says that it takes connections soon (cannot_connect_now): while it starts or recovers."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) == "57P03"


def _reason(error: Exception) -> str:
    """The last line of its message; the lines before that are about the driver."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[-1].rstrip(".") if lines else type(error).__name__


def _upgrade(connection: Connection) -> None:
    before = MigrationContext.configure(connection).get_current_revision()
    note = connection.scalar(text("SELECT obj_description(to_regclass('alembic_version'))"))
    if before is not None and before not in revisions.existing() and note == revisions.fits(revisions.head()):
        return  # the release that is being replaced has nothing to add
    revisions.refuse_unknown(before, None)
    command.upgrade(config(connection), "head")
    if before not in {None, revisions.head()}:
        # No parameters in a comment; revisions are ids from the names of our own files.
        connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{revisions.fits(str(before))}'"))


def _head() -> str | None:
    return ScriptDirectory.from_config(config()).get_current_head()
