"""indexes for lists over all projects: versions by number and alias, and those that wait for a person

Revision ID: 0028_finding
Revises: 0027_audit
Create Date: 2026-12-01 06:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028_finding"
down_revision = "0027_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """About a second for each 100,000 versions; versions and aliases cannot be changed meanwhile, and can be read."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        "ix_model_versions_version",
        "model_versions",
        ["project_id", "version"],
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.create_index(
        "ix_model_versions_troubled",
        "model_versions",
        ["project_id", "updated_at", "id"],
        postgresql_where=sa.text("deleted_at is null and state in ('failed', 'quarantined')"),
    )
    # Trigrams where the database may have them, as for other names (0009_reading).
    op.execute("""
        DO $$
        BEGIN
            IF to_regclass('ix_models_name_part') IS NULL THEN
                RAISE WARNING 'Searches for parts of aliases will read all aliases';
                RETURN;
            END IF;
            CREATE INDEX ix_aliases_name_part
                ON aliases USING gin (project_id, (name COLLATE "default") gin_trgm_ops)
                WHERE valid_until IS NULL;
        END $$
    """)
