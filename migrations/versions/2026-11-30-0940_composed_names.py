"""names that were stored as they came are stored in normal form C

Revision ID: 0012_composed_names
Revises: 0011_version_states
Create Date: 2026-11-30 09:40:00
"""

from __future__ import annotations

from alembic import op

revision = "0012_composed_names"
down_revision = "0011_version_states"
branch_labels = None
depends_on = None

_ALONE = """
    UPDATE {table} SET {column} = normalize({column}, NFC) WHERE {column} IS NOT NFC NORMALIZED {only}
"""
_UNIQUE = """
    UPDATE {table} AS old SET {column} = normalize(old.{column}, NFC)
    FROM (
        SELECT DISTINCT ON ({key}, normalize({column}, NFC)) {identity} FROM {table}
        WHERE {column} IS NOT NFC NORMALIZED {only}
        ORDER BY {key}, normalize({column}, NFC), {column}
    ) AS first
    WHERE ({old_identity}) = ({first_identity}) AND NOT EXISTS (
        SELECT FROM {table} AS other
        WHERE ({other_key}) = ({old_key}) AND other.{column} = normalize(old.{column}, NFC) {only_other}
    )
"""


def upgrade() -> None:
    """Reads each table once; rows change only where a name is not composed, which few are.

    Of names that become equal the first keeps the name, and the others stay as they are: they are found by their ids.
    """
    op.execute("SET LOCAL lock_timeout = '5s'")
    mine = ["project_id", "number"]
    _compose_unique("experiments", "name", key=["project_id"], identity=mine, only="purge_at IS NULL")
    _compose_unique(
        "datasets", "name", key=["project_id", "experiment_number", "digest"], identity=["project_id", "id"]
    )
    measured = ["project_id", "logged_model_id", "key", "dataset_digest"]
    _compose_unique("logged_model_metrics", "dataset_name", key=measured, identity=[*measured, "dataset_name"])
    op.execute(_ALONE.format(table="candidates", column="name", only=""))
    op.execute(_ALONE.format(table="candidate_tags", column="value", only="AND key = 'mlflow.runName'"))
    op.execute(_ALONE.format(table="logged_models", column="name", only=""))


def _compose_unique(table: str, column: str, *, key: list[str], identity: list[str], only: str = "") -> None:
    def listed(columns: list[str], prefix: str = "") -> str:
        return ", ".join(f"{prefix}{one}" for one in columns)

    statement = _UNIQUE.format(
        table=table,
        column=column,
        key=listed(key),
        identity=listed(identity),
        only=f"AND {only}" if only else "",
        only_other=f"AND other.{only}" if only else "",
        old_identity=listed(identity, "old."),
        first_identity=listed(identity, "first."),
        old_key=listed(key, "old."),
        other_key=listed(key, "other."),
    )
    op.execute(statement)
