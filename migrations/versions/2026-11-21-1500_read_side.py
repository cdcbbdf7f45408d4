"""indexes by which searches find what they answer: values of metrics, params and tags, and parts of names

Revision ID: 0009_reading
Revises: 0008_access_epoch
Create Date: 2026-11-21 15:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_reading"
down_revision = "0008_access_epoch"
branch_labels = None
depends_on = None

_LOGGED = {
    "latest_metrics": "value",
    "candidate_params": '("left"(value, 255) COLLATE "C")',
    "candidate_tags": '("left"(value, 255) COLLATE "C")',
}
"""What is logged to candidates, and by what of it candidates are found and sorted."""
_NAMED = ("candidates", "experiments", "models")


def upgrade() -> None:
    """Takes about fifteen seconds for each million of rows that were logged; nothing can be logged meanwhile."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL maintenance_work_mem = '256MB'")
    _place()
    for table, value in _LOGGED.items():
        _sort(table, value)
    op.create_index(
        "ix_candidates_name",
        "candidates",
        ["project_id", "experiment_number", "name", sa.text("(coalesce(~start_time, 9223372036854775807))"), "id"],
    )
    _releases_above_prereleases()
    _search_names()


def _place() -> None:
    """Writers say where a row belongs; for those that do not (of the release before this one) the trigger does."""
    op.execute("""
        CREATE FUNCTION place_logged() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            SELECT c.experiment_number, coalesce(~c.start_time, 9223372036854775807)
            INTO NEW.experiment_number, NEW.newest_first
            FROM candidates c WHERE c.project_id = NEW.project_id AND c.id = NEW.candidate_id;
            RETURN NEW;
        END $$
    """)


def _sort(table: str, value: str) -> None:
    op.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
    op.add_column(table, sa.Column("experiment_number", sa.BigInteger(), nullable=True))
    op.add_column(table, sa.Column("newest_first", sa.BigInteger(), nullable=True))
    op.execute(f"""
        UPDATE {table} l SET experiment_number = c.experiment_number,
            newest_first = coalesce(~c.start_time, 9223372036854775807)
        FROM candidates c WHERE c.project_id = l.project_id AND c.id = l.candidate_id
    """)  # noqa: S608 - of constants
    op.alter_column(table, "experiment_number", nullable=False)
    op.alter_column(table, "newest_first", nullable=False)
    op.execute(
        f"CREATE TRIGGER place_logged BEFORE INSERT ON {table} FOR EACH ROW"
        " WHEN (NEW.experiment_number IS NULL OR NEW.newest_first IS NULL) EXECUTE FUNCTION place_logged()"
    )
    columns: list[str | sa.TextClause] = ["project_id", "experiment_number", "key"]
    op.create_index(f"ix_{table}_value", table, [*columns, sa.text(value), "newest_first", "candidate_id"])


def _releases_above_prereleases() -> None:
    """Read backwards, the first entry is the latest version: a release, or a prerelease when there is none."""
    above = [sa.text("is_prerelease desc"), "precedence", "number"]
    for name, columns in (("precedence", []), ("stage", ["stage"])):
        op.drop_index(f"ix_model_versions_{name}", "model_versions")
        op.create_index(
            f"ix_model_versions_{name}",
            "model_versions",
            ["project_id", "model_id", *columns, *above],
            postgresql_where=sa.text("deleted_at is null"),
        )


def _search_names() -> None:
    """Trigrams, where the database may have them; without, a part of a name is looked for in all names."""
    indexes = "\n".join(
        f'CREATE INDEX ix_{table}_name_part ON {table} USING gin (project_id, (name COLLATE "default") gin_trgm_ops);'
        for table in _NAMED
    )
    op.execute(f"""
        DO $$
        BEGIN
            CREATE EXTENSION IF NOT EXISTS pg_trgm;
            CREATE EXTENSION IF NOT EXISTS btree_gin;
            {indexes}
        EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
            RAISE WARNING 'Searches for parts of names will read all names: %', SQLERRM;
        END $$
    """)
