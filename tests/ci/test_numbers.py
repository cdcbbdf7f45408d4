"""Rules of an earlier release: their numbers are kept, and a path is no number."""

from __future__ import annotations

import json

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.db import migrate
from app.db.database import async_url

ADD = text("""INSERT INTO ci_settings (project_id, provider, base_url, ci_project, identity_enabled, identity_issuer,
  identity_role, identity_claims) VALUES (:project, :provider, 'https://x', :name, true, 'https://x', 30, :claims)""")
NUMBERS_OF = text("SELECT identity_ci_project_id, identity_ci_owner_id FROM ci_settings WHERE project_id = :project")


def again(connection: Connection) -> None:
    """The part of the step that changes rows."""
    step = ScriptDirectory.from_config(migrate.config()).get_revision("0016_ci_numbers")
    with Operations.context(MigrationContext.configure(connection)):
        step.module.keep_numbers()


@pytest.mark.parametrize(
    ("provider", "name", "claims", "numbers"),
    [
        ("gitlab", "4711", {}, ("4711", None)),
        ("gitlab", "4711", {"namespace_id": ["31"]}, ("4711", "31")),
        ("gitlab", "team/vision", {"ref": ["main"]}, (None, None)),
        ("gitlab", "team/vision", {"project_id": ["4711"], "namespace_id": ["31"]}, ("4711", "31")),
        ("gitlab", "team/vision", {"project_id": ["4711", "4712"]}, (None, None)),
        ("gitlab", "team/vision", {"project_id": ["many"], "repository_id": ["7"]}, (None, None)),
        ("github", "octo/vision", {"environment": ["prod"]}, (None, None)),
        ("github", "octo/vision", {"repository_id": ["70"], "repository_owner_id": ["8"]}, ("70", "8")),
        ("github", "octo/vision", {"repository_owner_id": ["8"]}, (None, "8")),
    ],
)
async def test_numbers_are_kept(migrated, project, provider, name, claims, numbers):
    engine = create_async_engine(async_url(migrated.owner_url))
    async with engine.connect() as connection:
        values = {"project": project.id, "provider": provider, "name": name, "claims": json.dumps(claims)}
        await connection.execute(ADD, values)
        for _ in range(2):
            await connection.run_sync(again)
        row = tuple((await connection.execute(NUMBERS_OF, {"project": project.id})).one())
    await engine.dispose()
    assert row == numbers
