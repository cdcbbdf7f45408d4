"""Brings the schema to the newest revision; safe to call from many processes at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.db.database import async_url

ROOT = Path(__file__).resolve().parents[2]
_LOCK = 0x4D594D49
"""Advisory lock of the one process that migrates; the others wait and then find nothing to do."""


async def upgrade(database_url: str) -> None:
    """Apply all outstanding migrations under an advisory lock.

    Raises:
        OSError, sqlalchemy.exc.DBAPIError: the database cannot be reached or a migration failed; each
            migration is one transaction, so a failed one leaves the state before it.
    """
    engine = create_async_engine(async_url(database_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            await connection.commit()
            await connection.run_sync(_upgrade)
            await connection.commit()
    finally:
        await engine.dispose()


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


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for this tree, on an open connection."""
    alembic = Config(toml_file=ROOT / "pyproject.toml")
    alembic.set_main_option("script_location", str(ROOT / "migrations"))
    alembic.attributes["connection"] = connection
    return alembic


def _upgrade(connection: Connection) -> None:
    command.upgrade(config(connection), "head")


def _head() -> str | None:
    return ScriptDirectory.from_config(config()).get_current_head()
