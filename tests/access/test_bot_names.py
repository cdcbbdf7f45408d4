"""Bots that an earlier release named after their project or group are renamed by the migration."""

from __future__ import annotations

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.db import migrate
from app.db.database import async_url

OLD = {
    # former name:                                  is it a bot, name now
    "project_{}_bot_0123456789abcdef": (True, "bot_0123456789abcdef"),
    "group_{}_bot_123456789abcdef0": (True, "bot_123456789abcdef0"),
    "bot_23456789abcdef01": (True, "bot_23456789abcdef01"),
    "project_{}_bot_3456789abcdef012": (False, "project_{}_bot_3456789abcdef012"),
}


def again(connection: Connection) -> None:
    """The step itself: it changes rows and no tables."""
    step = ScriptDirectory.from_config(migrate.config()).get_revision("0015_bot_names")
    with Operations.context(MigrationContext.configure(connection)):
        step.module.upgrade()


async def test_bot_names_lose_the_number_of_their_scope(migrated, project):
    engine = create_async_engine(async_url(migrated.owner_url))
    add = text("INSERT INTO users (username, name, is_bot) VALUES (:name, 'n', :bot) RETURNING id")
    async with engine.connect() as connection:  # rolled back: the names are those of no other test
        ids = []
        for name, (is_bot, _) in OLD.items():
            ids.append(await connection.scalar(add, {"name": name.format(project.id), "bot": is_bot}))
        for _ in range(2):
            await connection.run_sync(again)
        rows = await connection.execute(text("SELECT id, username FROM users"))
        names = {row.id: row.username for row in rows}
    await engine.dispose()
    assert [names[id] for id in ids] == [name.format(project.id) for _, name in OLD.values()]
