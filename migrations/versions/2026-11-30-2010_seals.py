"""sealed, yanked and deprecated versions

Revision ID: 0021_seals
Revises: 0020_stages
Create Date: 2026-11-30 20:10:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021_seals"
down_revision = "0020_stages"
branch_labels = None
depends_on = None

_ABOVE = [sa.text("is_prerelease desc"), "precedence", "number"]
_FACTS = r"^(mlflow\.(source\.|project\.|docker\.|user$|git)|gitlab\.|github\.)"
"""Tags from which facts of a version are read; see :mod:`app.registry.fact_tags`."""
_KEPT = (
    "model_id number version precedence is_prerelease description candidate_id logged_model_id artifact_folder source"
    " location foreign_run run_link open_until created_by created_at sealed_at manifest_digest"
).split()
"""What does not change any more once a version is sealed."""


def upgrade() -> None:
    """Indexes of versions are built anew, about a second for each million; they can be read, not written, meanwhile."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _columns()
    _indexes()
    _tables()
    _sealed_files()
    _sealed_versions()
    _journal()


def _columns() -> None:
    op.add_column("model_versions", sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("model_versions", sa.Column("manifest_digest", sa.LargeBinary(), nullable=True))
    op.add_column("model_versions", sa.Column("yanked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("model_versions", sa.Column("deprecated_at", sa.DateTime(timezone=True), nullable=True))


def _indexes() -> None:
    """``latest``, ranges and stages see no yanked versions, so their indexes hold none."""
    ready = "deleted_at is null AND state = 'ready' AND yanked_at is null"
    for name, columns, which in (
        ("precedence", _ABOVE, ready),
        ("stage", ["stage", *_ABOVE], ready),
        ("not_ready", ["precedence"], "deleted_at is null AND (state <> 'ready' OR yanked_at is not null)"),
    ):
        op.create_index(
            f"ix_model_versions_{name}_now",
            "model_versions",
            ["project_id", "model_id", *columns],
            postgresql_where=sa.text(which),
        )
        op.drop_index(f"ix_model_versions_{name}", "model_versions")
        op.execute(f"ALTER INDEX ix_model_versions_{name}_now RENAME TO ix_model_versions_{name}")
    for name, column in (("guarded", "coalesce(logged_model_id, candidate_id)"), ("guarded_of_model", "model_id")):
        op.create_index(
            f"ix_model_versions_{name}",
            "model_versions",
            ["project_id", sa.text(column)],
            postgresql_where=sa.text("(sealed_at is not null OR stage <> 'none')"),
        )


def _tables() -> None:
    def of_version(table: str) -> sa.ForeignKeyConstraint:
        return sa.ForeignKeyConstraint(
            ["project_id", "version_id"],
            ["model_versions.project_id", "model_versions.id"],
            name=f"fk_{table}_version",
            ondelete="CASCADE",
        )

    def by_user(table: str, column: str) -> sa.ForeignKeyConstraint:
        return sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(f"fk_{table}_{column}"))

    op.create_table(
        "version_seals",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("file_count", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=True),
        sa.Column("sealed_by", sa.BigInteger(), nullable=True),
        sa.Column("sealed_by_name", sa.Text(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        of_version("version_seals"),
        by_user("version_seals", "sealed_by"),
        sa.PrimaryKeyConstraint("project_id", "version_id", name=op.f("pk_version_seals")),
    )
    op.create_table(
        "version_withdrawals",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("replacement", sa.Text(collation="C"), nullable=True),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_by_name", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.Column("undone_by_name", sa.Text(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind in ('yank', 'deprecation')", name=op.f("ck_version_withdrawals_kind")),
        of_version("version_withdrawals"),
        by_user("version_withdrawals", "made_by"),
        by_user("version_withdrawals", "undone_by"),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_version_withdrawals")),
    )
    op.create_index("ix_version_withdrawals_version", "version_withdrawals", ["project_id", "version_id", "id"])
    op.create_index(
        "uq_version_withdrawals_standing",
        "version_withdrawals",
        ["project_id", "version_id", "kind"],
        unique=True,
        postgresql_where=sa.text("undone_at is null"),
    )


def _sealed_files() -> None:
    """No file of a sealed version comes, goes or gets other bytes, by any writer; what inspections say may change.

    Who seals holds the owner of the files alone, who writes holds it shared: what is looked for here was committed
    before the writer had that lock. The rows of a deleted version protect its files as long as they stand, since it can
    be restored; those of a deleted project do not.
    """
    op.execute("""
        CREATE FUNCTION refuse_sealed_file(of_project bigint, of_root uuid, of_path text) RETURNS void
        LANGUAGE plpgsql AS $$
        DECLARE
            sealed text;
        BEGIN
            SELECT v.version INTO sealed FROM model_versions v
            WHERE v.project_id = of_project AND coalesce(v.logged_model_id, v.candidate_id) = of_root
              AND v.sealed_at IS NOT NULL AND v.location = ''
              AND (v.artifact_folder = '' OR of_path = v.artifact_folder
                   OR starts_with(of_path, v.artifact_folder || '/'))
              AND NOT EXISTS (SELECT FROM projects p WHERE p.id = of_project AND p.deleted_at IS NOT NULL)
            ORDER BY v.id LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'a file of a sealed version' USING
                    ERRCODE = 'restrict_violation', CONSTRAINT = 'sealed_file', TABLE = 'artifacts',
                    DETAIL = of_path || E'\\n' || sealed;
            END IF;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION keep_sealed_files() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' THEN
                PERFORM refuse_sealed_file(OLD.project_id, OLD.root_id, OLD.path);
            END IF;
            IF TG_OP <> 'DELETE' THEN
                PERFORM refuse_sealed_file(NEW.project_id, NEW.root_id, NEW.path);
            END IF;
            RETURN NULL;
        END $$
    """)
    changed = ("project_id", "root_id", "path", "blob_id", "media_type")
    old, new = (", ".join(f"{row}.{name}" for name in changed) for row in ("OLD", "NEW"))
    for event, condition in (("INSERT", ""), ("UPDATE", f"WHEN (({old}) IS DISTINCT FROM ({new}))"), ("DELETE", "")):
        op.execute(
            f"CREATE TRIGGER sealed_{event.lower()} AFTER {event} ON artifacts FOR EACH ROW {condition}"
            " EXECUTE FUNCTION keep_sealed_files()"
        )


def _sealed_versions() -> None:
    """Facts of a sealed version may be added, not changed: in its own tags, and in those of its candidate."""
    op.execute(f"""
        CREATE FUNCTION is_fact_tag(key text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT key ~ '{_FACTS}' $$
    """)
    old, new = (", ".join(f"{row}.{name}" for name in _KEPT) for row in ("OLD", "NEW"))
    op.execute(f"""
        CREATE FUNCTION keep_sealed_version() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            changed text;
        BEGIN
            IF ({old}) IS DISTINCT FROM ({new}) THEN
                changed := 'description';
            ELSIF OLD.tags <> NEW.tags THEN
                SELECT key INTO changed FROM jsonb_each(OLD.tags)
                WHERE is_fact_tag(key) AND NEW.tags -> key IS DISTINCT FROM value ORDER BY key LIMIT 1;
            END IF;
            IF changed IS NOT NULL THEN
                RAISE EXCEPTION 'a sealed version' USING
                    ERRCODE = 'restrict_violation', CONSTRAINT = 'sealed_version', TABLE = 'model_versions',
                    DETAIL = changed || E'\\n' || OLD.version;
            END IF;
            RETURN NULL;
        END $$
    """)  # noqa: S608 - of constants
    op.execute(
        "CREATE TRIGGER sealed_update AFTER UPDATE ON model_versions FOR EACH ROW WHEN (OLD.sealed_at IS NOT NULL)"
        " EXECUTE FUNCTION keep_sealed_version()"
    )
    op.execute("""
        CREATE FUNCTION keep_sealed_facts() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            sealed text;
        BEGIN
            SELECT v.version INTO sealed FROM model_versions v
            WHERE v.project_id = OLD.project_id AND v.candidate_id = OLD.candidate_id AND v.sealed_at IS NOT NULL
              AND NOT EXISTS (SELECT FROM projects p WHERE p.id = OLD.project_id AND p.deleted_at IS NOT NULL)
            ORDER BY v.id LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'a fact of a sealed version' USING
                    ERRCODE = 'restrict_violation', CONSTRAINT = 'sealed_version', TABLE = 'candidate_tags',
                    DETAIL = OLD.key || E'\\n' || sealed;
            END IF;
            RETURN NULL;
        END $$
    """)
    for event, condition in (
        ("UPDATE", "OLD.value <> NEW.value AND is_fact_tag(OLD.key)"),
        ("DELETE", "is_fact_tag(OLD.key)"),
    ):
        op.execute(
            f"CREATE TRIGGER sealed_{event.lower()} AFTER {event} ON candidate_tags FOR EACH ROW WHEN ({condition})"
            " EXECUTE FUNCTION keep_sealed_facts()"
        )


def _journal() -> None:
    op.execute("""
        CREATE FUNCTION journal_seals() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO project_events (project_id, type, object_type, object_id)
            SELECT NEW.project_id, 'MODEL_VERSION_' || kind, 'ModelVersion', NEW.id::text
            FROM (VALUES
                ('SEALED', NEW.sealed_at IS NOT NULL AND OLD.sealed_at IS NULL),
                ('YANKED', NEW.yanked_at IS NOT NULL AND OLD.yanked_at IS NULL),
                ('UNYANKED', NEW.yanked_at IS NULL AND OLD.yanked_at IS NOT NULL),
                ('DEPRECATED', NEW.deprecated_at IS NOT NULL AND OLD.deprecated_at IS NULL),
                ('UNDEPRECATED', NEW.deprecated_at IS NULL AND OLD.deprecated_at IS NOT NULL)
            ) AS each (kind, happened) WHERE happened;
            RETURN NULL;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER journal_seals AFTER UPDATE ON model_versions FOR EACH ROW"
        " WHEN ((OLD.sealed_at, OLD.yanked_at, OLD.deprecated_at)"
        " IS DISTINCT FROM (NEW.sealed_at, NEW.yanked_at, NEW.deprecated_at)) EXECUTE FUNCTION journal_seals()"
    )
