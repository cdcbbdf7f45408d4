"""how people come in: passwords, sessions, invitations, OpenID, devices; service accounts; limits of tokens

Revision ID: 0018_people
Revises: 0017_backup_holds
Create Date: 2026-11-30 18:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018_people"
down_revision = "0017_backup_holds"
branch_labels = None
depends_on = None

# As in 0008_access_epoch: what processes keep of access is right until one of these has changed.
CHANGES = {
    "tokens": "UPDATE OF user_id, group_id, project_id, sha256, scopes, ci_job, expires_at, revoked_at, model_patterns,"
    " request_limit, storage_limit OR DELETE",
    "projects": "UPDATE OF group_id, path, full_path, name, description, visibility, registry_access,"
    " experiments_access, request_limit, storage_limit, deleted_at OR DELETE",
    "groups": "UPDATE OF parent_id, path, full_path, visibility, lineage, deleted_at OR DELETE",
    "sessions": "UPDATE OF user_id, sha256, expires_at, ended_at OR DELETE",
}


def upgrade() -> None:
    """Columns without defaults or with constant ones: no table is written anew."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _log()
    _sign_in()
    _openid()
    _service_accounts()
    _columns()
    _activity()
    for table, changes in CHANGES.items():
        op.execute(f"DROP TRIGGER IF EXISTS advance_access_epoch ON {table}")
        op.execute(
            f"CREATE CONSTRAINT TRIGGER advance_access_epoch AFTER {changes} ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION advance_access_epoch()"
        )


def _log() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.Text(), server_default="", nullable=False),
        sa.Column("about_group_id", sa.BigInteger(), nullable=True),
        sa.Column("about_project_id", sa.BigInteger(), nullable=True),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("client", sa.Text(), server_default="", nullable=False),
        sa.Column("request_id", sa.Text(), server_default="", nullable=False),
        sa.Column("details", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.CheckConstraint("result in ('ok', 'refused')", name=op.f("ck_access_log_result")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    op.create_index("ix_access_log_happened_at", "access_log", ["happened_at", "id"])
    op.create_index("ix_access_log_action", "access_log", ["action", "happened_at", "id"])
    for column in ("actor_id", "user_id", "about_group_id", "about_project_id"):
        op.create_index(
            f"ix_access_log_{column}",
            "access_log",
            [column, "happened_at", "id"],
            postgresql_where=sa.text(f"{column} is not null"),
        )
    op.create_index(
        "ix_access_log_address",
        "access_log",
        ["address", "happened_at", "id"],
        postgresql_where=sa.text("address <> ''"),
    )
    op.create_index(
        "ix_access_log_username",
        "access_log",
        [sa.text("lower(username)"), "happened_at", "id"],
        postgresql_where=sa.text("username <> ''"),
    )
    op.create_index(
        "ix_access_log_refused", "access_log", ["happened_at", "id"], postgresql_where=sa.text("result = 'refused'")
    )


def _sign_in() -> None:
    op.create_table(
        "sign_in_failures",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.SmallInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("has_turn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_failures")),
    )
    op.create_index("ix_sign_in_failures_next_at", "sign_in_failures", ["next_at"])
    op.create_table(
        "device_grants",
        sa.Column("device_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("poll_seconds", sa.SmallInteger(), server_default="5", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_device_grants_user_id")),
        sa.PrimaryKeyConstraint("device_sha256", name=op.f("pk_device_grants")),
    )
    op.create_index("ix_device_grants_expires_at", "device_grants", ["expires_at"])
    op.create_index("uq_device_grants_user_code", "device_grants", ["user_code"], unique=True)
    op.create_table(
        "one_time_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("makes_admin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(purpose = 'invitation') = (user_id is null)", name=op.f("ck_one_time_links_user")),
        sa.CheckConstraint(
            "purpose in ('invitation', 'password_reset', 'sign_in')", name=op.f("ck_one_time_links_purpose")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_one_time_links_created_by")),
        sa.ForeignKeyConstraint(["used_by"], ["users.id"], name=op.f("fk_one_time_links_used_by")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_one_time_links_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_links")),
        sa.UniqueConstraint("sha256", name=op.f("uq_one_time_links_sha256")),
    )
    op.create_index("ix_one_time_links_created_by", "one_time_links", ["created_by", "id"])
    op.create_index(
        "ix_one_time_links_invitations", "one_time_links", ["id"], postgresql_where=sa.text("purpose = 'invitation'")
    )
    op.create_index(
        "ix_one_time_links_user_id", "one_time_links", ["user_id"], postgresql_where=sa.text("user_id is not null")
    )
    op.create_table(
        "passwords",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_passwords_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_passwords")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_address", sa.Text(), server_default="", nullable=False),
        sa.Column("client", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("method in ('password', 'openid', 'link')", name=op.f("ck_sessions_method")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("sha256", name=op.f("uq_sessions_sha256")),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id", "id"])
    op.create_table(
        "invitation_roles",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("num_nonnulls(group_id, project_id) = 1", name=op.f("ck_invitation_roles_one_target")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_invitation_roles_group_id")),
        sa.ForeignKeyConstraint(["link_id"], ["one_time_links.id"], name=op.f("fk_invitation_roles_link_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_invitation_roles_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation_roles")),
    )
    op.create_index(
        "ix_invitation_roles_group_id",
        "invitation_roles",
        ["group_id"],
        postgresql_where=sa.text("group_id is not null"),
    )
    op.create_index("ix_invitation_roles_link_id", "invitation_roles", ["link_id"])
    op.create_index(
        "ix_invitation_roles_project_id",
        "invitation_roles",
        ["project_id"],
        postgresql_where=sa.text("project_id is not null"),
    )


def _openid() -> None:
    op.create_table(
        "openid_identities",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_openid_identities_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openid_identities")),
    )
    op.create_index("ix_openid_identities_user_id", "openid_identities", ["user_id"])
    op.create_index("uq_openid_identities_issuer", "openid_identities", ["issuer", "subject"], unique=True)
    op.create_table(
        "openid_requests",
        sa.Column("state_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("browser_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["one_time_links.id"], name=op.f("fk_openid_requests_link_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_openid_requests_user_id")),
        sa.PrimaryKeyConstraint("state_sha256", name=op.f("pk_openid_requests")),
    )
    op.create_index("ix_openid_requests_expires_at", "openid_requests", ["expires_at"])


def _service_accounts() -> None:
    op.create_table(
        "service_accounts",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("num_nonnulls(group_id, project_id) = 1", name=op.f("ck_service_accounts_one_boundary")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_service_accounts_created_by")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_service_accounts_group_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_service_accounts_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_service_accounts_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_service_accounts")),
    )
    op.create_index("uq_service_accounts_group", "service_accounts", ["group_id", sa.text("lower(name)")], unique=True)
    op.create_index(
        "uq_service_accounts_project", "service_accounts", ["project_id", sa.text("lower(name)")], unique=True
    )


def _activity() -> None:
    """When a user was last active stands with the user: a list in that order reads no sessions and tokens."""
    op.add_column("users", sa.Column("last_active_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("""
        UPDATE users SET last_active_at = used.latest
        FROM (SELECT user_id, max(last_used_at) AS latest FROM tokens GROUP BY user_id) used
        WHERE users.id = used.user_id AND used.latest IS NOT NULL
    """)
    never = "COALESCE(last_active_at, '1970-01-01 00:00:00+00'::timestamp with time zone)"
    op.create_index("ix_users_last_active_at", "users", [sa.text(never), "id"])
    op.execute("""
        CREATE FUNCTION note_user_activity() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE users SET last_active_at = NEW.last_used_at
            WHERE id = NEW.user_id AND (last_active_at IS NULL OR last_active_at < NEW.last_used_at);
            RETURN NULL;
        END $$
    """)
    # Where the database may have trigrams; without, a search reads all users.
    op.execute("""
        DO $$
        BEGIN
            CREATE EXTENSION IF NOT EXISTS pg_trgm;
            CREATE INDEX ix_users_search ON users
            USING gin (lower(username || ' ' || name || ' ' || coalesce(email, '')) gin_trgm_ops);
        EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
            RAISE WARNING 'Searches for users will read all of them: %', SQLERRM;
        END $$
    """)
    for table in ("sessions", "tokens"):
        op.execute(
            f"CREATE TRIGGER note_user_activity AFTER INSERT OR UPDATE OF last_used_at ON {table} FOR EACH ROW"
            " WHEN (NEW.last_used_at IS NOT NULL) EXECUTE FUNCTION note_user_activity()"
        )


def _columns() -> None:
    op.add_column("groups", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("uq_groups_full_path", "groups")
    op.create_index(
        "uq_groups_full_path",
        "groups",
        [sa.text("lower(full_path)")],
        unique=True,
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.add_column("memberships", sa.Column("rule", sa.Text(), nullable=True))
    op.add_column("memberships", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    # The one that found the roles of a user is now only for those that people gave.
    op.create_index("ix_memberships_user_id", "memberships", ["user_id"])
    op.create_index(
        "ix_memberships_expires_at", "memberships", ["expires_at"], postgresql_where=sa.text("expires_at is not null")
    )
    op.create_index(
        "uq_memberships_rule_group",
        "memberships",
        ["user_id", "rule", "group_id"],
        unique=True,
        postgresql_where=sa.text("group_id is not null and rule is not null"),
    )
    op.create_index(
        "uq_memberships_rule_project",
        "memberships",
        ["user_id", "rule", "project_id"],
        unique=True,
        postgresql_where=sa.text("project_id is not null and rule is not null"),
    )
    op.add_column("projects", sa.Column("request_limit", sa.BigInteger(), nullable=True))
    op.add_column("projects", sa.Column("storage_limit", sa.BigInteger(), nullable=True))
    op.add_column("tokens", sa.Column("last_address", sa.Text(), server_default="", nullable=False))
    op.add_column("tokens", sa.Column("last_client", sa.Text(), server_default="", nullable=False))
    op.add_column("tokens", sa.Column("model_patterns", sa.ARRAY(sa.Text()), nullable=True))
    op.add_column("tokens", sa.Column("replaces_id", sa.BigInteger(), nullable=True))
    op.add_column("tokens", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tokens", sa.Column("request_limit", sa.BigInteger(), nullable=True))
    op.add_column("tokens", sa.Column("storage_limit", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_tokens_replaces_id"), "tokens", "tokens", ["replaces_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index(
        "uq_tokens_replaces_id",
        "tokens",
        ["replaces_id"],
        unique=True,
        postgresql_where=sa.text("replaces_id is not null"),
    )
    op.create_index(
        "ix_tokens_expires_at",
        "tokens",
        ["expires_at"],
        postgresql_where=sa.text("expires_at is not null and revoked_at is null and reminded_at is null"),
    )
    op.add_column("users", sa.Column("email", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "uq_users_email", "users", [sa.text("lower(email)")], unique=True, postgresql_where=sa.text("email is not null")
    )
    # One membership that a person gave, beside those that rules made.
    for target in ("group", "project"):
        op.drop_index(f"uq_memberships_{target}", "memberships")
        op.create_index(
            f"uq_memberships_{target}",
            "memberships",
            ["user_id", f"{target}_id"],
            unique=True,
            postgresql_where=sa.text(f"{target}_id is not null and rule is null"),
        )
