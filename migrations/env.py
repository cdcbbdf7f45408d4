"""Runs migrations on a connection that the caller has opened (see ``app.db.migrate``)."""

from __future__ import annotations

from alembic import context

from app.metadata import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_server_default=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
