"""a mark of the last change of who may do what, and tables that take many measurements faster

Revision ID: 0008_access_epoch
Revises: 0007_events
Create Date: 2026-11-21 14:40:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_access_epoch"
down_revision = "0007_events"
branch_labels = None
depends_on = None

# What nothing about access hangs on (when a token was used, the next number of an experiment) leaves the mark alone.
CHANGES = {
    "tokens": "UPDATE OF user_id, group_id, project_id, sha256, scopes, ci_job, expires_at, revoked_at OR DELETE",
    "users": "UPDATE OF username, is_bot, is_admin, blocked_at OR DELETE",
    "memberships": "INSERT OR UPDATE OR DELETE",
    "groups": "UPDATE OF parent_id, path, full_path, visibility, lineage OR DELETE",
    "projects": "UPDATE OF group_id, path, full_path, name, description, visibility, registry_access,"
    " experiments_access, deleted_at OR DELETE",
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "access_epoch",
        sa.Column("single", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("transaction", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_access_epoch_one_row")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_access_epoch")),
    )
    op.execute("INSERT INTO access_epoch DEFAULT VALUES")
    op.execute("""
        CREATE FUNCTION advance_access_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE access_epoch SET transaction = pg_current_xact_id()::text::bigint
            WHERE transaction <> pg_current_xact_id()::text::bigint;
            RETURN NULL;
        END $$
    """)
    for table, changes in CHANGES.items():
        # At the commit, so that the one row is the last that a transaction locks, and is locked for no longer.
        op.execute(
            f"CREATE CONSTRAINT TRIGGER advance_access_epoch AFTER {changes} ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION advance_access_epoch()"
        )
    _measurements()


def _measurements() -> None:
    """Points are stored under a lock on their candidate; what checked each row again took half of the time."""
    op.drop_constraint(op.f("fk_metric_points_project_id_candidate_id"), "metric_points", type_="foreignkey")
    op.drop_constraint(op.f("pk_metric_points"), "metric_points", type_="primary")
    # Without a key the whole row tells a subscriber of logical replication which one was removed.
    op.execute("ALTER TABLE metric_points REPLICA IDENTITY FULL")
    # Room on every page for the next values of the rows on it: an update in place touches no index.
    op.execute("ALTER TABLE latest_metrics SET (fillfactor = 50)")
