"""promotions, requests for them, and their approvals

Revision ID: 0024_promotions
Revises: 0023_gates
Create Date: 2026-11-30 20:40:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024_promotions"
down_revision = "0023_gates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables only; nothing waits long for a lock."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _requests()
    _approvals()
    _request_events()
    _promotions()
    _journal()
    _for_ever()


def _requests() -> None:
    op.create_table(
        "promotion_requests",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("stage_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("promotes_when_approved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("keeps_others", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=True),
        sa.Column("requested_by_name", sa.Text(), nullable=False),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("ci_job", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(state = 'open') = (ended_at is null)", name=op.f("ck_promotion_requests_ended")),
        sa.CheckConstraint(
            "state in ('open', 'promoted', 'rejected', 'withdrawn', 'expired')",
            name=op.f("ck_promotion_requests_state"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_promotion_requests_project_id")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_promotion_requests")),
    )
    op.create_index(
        "ix_promotion_requests_expires_at",
        "promotion_requests",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_promotion_requests_model_id", "promotion_requests", ["project_id", "model_id", "id"], unique=False
    )
    op.create_index("ix_promotion_requests_stage", "promotion_requests", ["project_id", "stage", "id"], unique=False)
    op.create_index("ix_promotion_requests_state", "promotion_requests", ["project_id", "state", "id"], unique=False)
    op.create_index(
        "ix_promotion_requests_version_id", "promotion_requests", ["project_id", "version_id", "id"], unique=False
    )
    op.create_index(
        "uq_promotion_requests_open",
        "promotion_requests",
        ["project_id", "version_id", "stage_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def _approvals() -> None:
    op.create_table(
        "promotion_approvals",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("checked", postgresql.JSONB(), nullable=False),
        sa.Column("fell_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fall_reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "request_id"],
            ["promotion_requests.project_id", "promotion_requests.id"],
            name="fk_promotion_approvals_request",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_promotion_approvals")),
    )
    op.create_index(
        "ix_promotion_approvals_request_id", "promotion_approvals", ["project_id", "request_id", "id"], unique=False
    )
    op.create_index(
        "uq_promotion_approvals_user",
        "promotion_approvals",
        ["project_id", "request_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("fell_at is null"),
    )


def _request_events() -> None:
    op.create_table(
        "promotion_request_events",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind in ('opened', 'commented', 'approved', 'approval_fell', 'refused', 'rejected', 'withdrawn', "
            "'expired', 'promoted')",
            name=op.f("ck_promotion_request_events_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "request_id"],
            ["promotion_requests.project_id", "promotion_requests.id"],
            name="fk_promotion_request_events_request",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_promotion_request_events")),
    )
    op.create_index(
        "ix_promotion_request_events_request_id",
        "promotion_request_events",
        ["project_id", "request_id", "id"],
        unique=False,
    )


def _promotions() -> None:
    op.create_table(
        "promotions",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("stage_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("left_stage", sa.Text(), nullable=False),
        sa.Column("holder_number", sa.BigInteger(), nullable=True),
        sa.Column("holder_version", sa.Text(collation="C"), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("bypass_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("verdicts", postgresql.JSONB(), nullable=False),
        sa.Column("checked", postgresql.JSONB(), nullable=False),
        sa.Column("gate_set_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("promoted_by", sa.BigInteger(), nullable=True),
        sa.Column("promoted_by_name", sa.Text(), nullable=False),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("ci_job", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state = 'completed' or bypass_reason = ''", name=op.f("ck_promotions_bypass")),
        sa.CheckConstraint("state in ('completed', 'refused')", name=op.f("ck_promotions_state")),
        sa.ForeignKeyConstraint(
            ["project_id", "request_id"],
            ["promotion_requests.project_id", "promotion_requests.id"],
            name="fk_promotions_request",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_promotions_project_id")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_promotions")),
    )
    op.create_index(
        "ix_promotions_model_id", "promotions", ["project_id", "model_id", "stage_id", "number", "id"], unique=False
    )
    op.create_index(
        "ix_promotions_request_id",
        "promotions",
        ["project_id", "request_id"],
        unique=False,
        postgresql_where=sa.text("request_id is not null"),
    )
    op.create_index("ix_promotions_version_id", "promotions", ["project_id", "version_id", "id"], unique=False)


def _journal() -> None:
    """Subscriptions tell of promotions and of what happens to requests."""
    op.execute("""
        CREATE FUNCTION journal_promotions() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO project_events (project_id, type, object_type, object_id, detail)
            VALUES (NEW.project_id, 'PROMOTION_' || upper(NEW.state), 'Promotion', NEW.id::text, NEW.stage);
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION journal_promotion_request_events() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO project_events (project_id, type, object_type, object_id, detail)
            VALUES (NEW.project_id, 'PROMOTION_REQUEST_' || upper(NEW.kind), 'PromotionRequest', NEW.request_id::text,
                    nullif(NEW.username, ''));
            RETURN NULL;
        END $$
    """)
    for table in ("promotions", "promotion_request_events"):
        op.execute(
            f"CREATE TRIGGER journal_insert AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION journal_{table}()"
        )


def _for_ever() -> None:
    """What was decided stays as it was written, until its project is removed."""
    op.execute("""
        CREATE FUNCTION keep_promotions() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND EXISTS (
                SELECT FROM projects p WHERE p.id = OLD.project_id AND p.deleted_at IS NOT NULL
            ) THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'rows of % are kept as they are', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
    """)
    for table in ("promotions", "promotion_request_events"):
        op.execute(
            f"CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_promotions()"
        )
