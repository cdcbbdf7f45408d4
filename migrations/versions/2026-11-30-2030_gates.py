"""gates of stages

Revision ID: 0023_gates
Revises: 0022_trash
Create Date: 2026-11-30 20:30:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023_gates"
down_revision = "0022_trash"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables only; nothing waits long for a lock."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "gate_sets",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("stage_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("ci_job", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_gate_sets_created_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_gate_sets_project_id")),
        sa.ForeignKeyConstraint(
            ["project_id", "stage_id"],
            ["project_stages.project_id", "project_stages.id"],
            name=op.f("fk_gate_sets_project_id_stage_id"),
        ),
        sa.PrimaryKeyConstraint("project_id", "stage_id", "version", name=op.f("pk_gate_sets")),
    )
    op.create_table(
        "gates",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stage_id", sa.BigInteger(), nullable=False),
        sa.Column("set_version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("config", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("secret_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id", "stage_id", "set_version"],
            ["gate_sets.project_id", "gate_sets.stage_id", "gate_sets.version"],
            name="fk_gates_set",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_gates_project_id")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_gates")),
        sa.UniqueConstraint("project_id", "stage_id", "set_version", "name", name="uq_gates_name"),
        sa.UniqueConstraint("project_id", "stage_id", "set_version", "position", name="uq_gates_position"),
    )
    # A set is never changed, so that it is added is all that can happen to it.
    op.execute("""
        CREATE FUNCTION journal_gate_sets() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO project_events (project_id, type, object_type, object_id, detail)
            VALUES (NEW.project_id, 'GATE_SET_CHANGED', 'GateSet', NEW.stage_id || ':' || NEW.version,
                (SELECT s.name FROM project_stages s WHERE s.project_id = NEW.project_id AND s.id = NEW.stage_id));
            RETURN NULL;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER journal_insert AFTER INSERT ON gate_sets FOR EACH ROW EXECUTE FUNCTION journal_gate_sets()"
    )
