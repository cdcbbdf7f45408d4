"""limits of requests and of stored bytes, counted by PostgreSQL

Revision ID: 0019_limits
Revises: 0018_people
Create Date: 2026-11-30 19:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019_limits"
down_revision = "0018_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column without a default, and new tables: nothing is written anew."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "request_counts",
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject_id", name=op.f("pk_request_counts")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "stored_bytes",
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject_id", name=op.f("pk_stored_bytes")),
    )
    op.add_column("blobs", sa.Column("token_id", sa.BigInteger(), nullable=True))
    op.add_column("multipart_uploads", sa.Column("token_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_blobs_token_id", "blobs", ["token_id"], postgresql_where=sa.text("token_id is not null"))
    _count()


def _count() -> None:
    """Triggers that keep `stored_bytes.used` of all that has a row there; without any row they look once and go.

    Each adds in the order of the rows' keys, so that two statements about several projects wait in no circle. The row
    is held until the commit: who comes second sees what the first has used.
    """
    op.execute("""
        CREATE FUNCTION add_stored_bytes(of_kind smallint, of_subject bigint, delta numeric) RETURNS void
        LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE stored_bytes SET used = used + delta::bigint
            WHERE kind = of_kind AND subject_id = of_subject AND (delta <= 0 OR used IS NULL OR used + delta <= most);
            IF NOT FOUND AND EXISTS (SELECT FROM stored_bytes WHERE kind = of_kind AND subject_id = of_subject) THEN
                RAISE EXCEPTION 'no room is left' USING ERRCODE = 'check_violation', CONSTRAINT = 'stored_bytes_limit',
                    DETAIL = of_kind || ' ' || of_subject || ' ' || delta;
            END IF;
        END $$""")
    op.execute("""
        CREATE FUNCTION count_new_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM stored_bytes) THEN
                PERFORM add_stored_bytes(kind, subject_id, delta) FROM (
                    SELECT s.kind, s.subject_id, sum(n.size) AS delta
                    FROM after_rows n JOIN before_rows o ON o.project_id = n.project_id AND o.id = n.id,
                    LATERAL (VALUES (1::smallint, n.project_id), (2::smallint, n.token_id)) AS subject (kind, id)
                    JOIN stored_bytes s ON s.kind = subject.kind AND s.subject_id = subject.id
                    WHERE n.state = 'stored' AND o.state <> 'stored'
                    GROUP BY s.kind, s.subject_id ORDER BY s.kind, s.subject_id
                ) AS change;
            END IF;
            RETURN NULL;
        END $$""")
    op.execute("""
        CREATE FUNCTION count_removed_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM stored_bytes) THEN
                PERFORM add_stored_bytes(kind, subject_id, delta) FROM (
                    SELECT s.kind, s.subject_id, -sum(o.size) AS delta
                    FROM before_rows o,
                    LATERAL (VALUES (1::smallint, o.project_id), (2::smallint, o.token_id)) AS subject (kind, id)
                    JOIN stored_bytes s ON s.kind = subject.kind AND s.subject_id = subject.id
                    WHERE o.state = 'stored' GROUP BY s.kind, s.subject_id ORDER BY s.kind, s.subject_id
                ) AS change;
            END IF;
            RETURN NULL;
        END $$""")
    op.execute("""
        CREATE FUNCTION count_inserted_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM add_stored_bytes(kind, subject_id, NEW.size) FROM (
                SELECT kind, subject_id FROM stored_bytes WHERE (kind = 1 AND subject_id = NEW.project_id)
                    OR (kind = 2 AND subject_id = NEW.token_id) ORDER BY kind, subject_id
            ) AS counted;
            RETURN NULL;
        END $$""")
    op.execute(
        "CREATE TRIGGER count_new_bytes AFTER UPDATE ON blobs REFERENCING OLD TABLE AS before_rows"
        " NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION count_new_bytes()"
    )
    op.execute(
        "CREATE TRIGGER count_removed_bytes AFTER DELETE ON blobs REFERENCING OLD TABLE AS before_rows"
        " FOR EACH STATEMENT EXECUTE FUNCTION count_removed_bytes()"
    )
    op.execute(
        "CREATE TRIGGER count_inserted_bytes AFTER INSERT ON blobs FOR EACH ROW WHEN (NEW.state = 'stored')"
        " EXECUTE FUNCTION count_inserted_bytes()"
    )
