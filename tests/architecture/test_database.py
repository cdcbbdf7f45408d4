"""Tables, migrations and the rules that let the large tables be split later say the same."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Index, PrimaryKeyConstraint
from sqlalchemy.ext.asyncio import create_async_engine

from app.db import migrate
from app.db.base import Row
from app.db.database import async_url
from app.metadata import metadata
from app.settings import Settings

BELONGS_TO_A_PROJECT = sorted(
    name
    for name, table in metadata.tables.items()
    if "project_id" in table.columns
    and name not in {"memberships", "tokens", "background_jobs", "invitation_roles", "service_accounts"}
)
QUEUES = {
    "ix_blobs_checked_at", "ix_blobs_damaged_at", "ix_blobs_lease_until", "ix_blobs_token_id",
    "ix_multipart_uploads_expires_at", "ix_promotion_requests_expires_at", "ix_webhook_deliveries_created_at",
    "ix_derivations_base_version_id", "ix_pulls_day",
}  # fmt: skip
"""Looked through by the workers for all projects at once."""


async def test_migrations_make_the_tables_that_the_code_declares(migrated: Settings) -> None:
    engine = create_async_engine(async_url(migrated.owner_url))
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await engine.dispose()


def test_migrations_form_one_chain() -> None:
    assert len(ScriptDirectory.from_config(migrate.config()).get_heads()) == 1


def test_row_types_declare_no_relationships() -> None:
    loading = {mapper.class_.__name__: list(mapper.relationships.keys()) for mapper in Row.registry.mappers}
    assert {name: relationships for name, relationships in loading.items() if relationships} == {}


@pytest.mark.parametrize("name", BELONGS_TO_A_PROJECT)
def test_keys_and_indexes_lead_with_the_project(name: str) -> None:
    table = metadata.tables[name]
    keys = [table.primary_key] if table.primary_key.columns else []
    leading = {index.name: _first_column(index) for index in [*table.indexes, *keys] if index.name not in QUEUES}
    assert leading, "a table without any index"
    allowed = {"project_id"} if name != "condemned_objects" else {"object_key", "not_before"}
    assert set(leading.values()) <= allowed, leading


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_server_default": True, "compare_type": True})
    return list(compare_metadata(context, metadata))


def _first_column(index: Index | PrimaryKeyConstraint) -> str:
    expression = next(iter(index.columns if isinstance(index, PrimaryKeyConstraint) else index.expressions))
    return getattr(expression, "name", str(expression))
