"""Users, groups, projects, memberships and tokens. Private to this feature."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, SmallInteger, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Moment, Now, Row


class User(Row):
    """Who acts: a person, or the bot behind a project or group token."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_username", sql("lower(username)"), unique=True),
        Index(
            "ix_users_last_active_at",
            sql("COALESCE(last_active_at, '1970-01-01 00:00:00+00'::timestamp with time zone)"),
            "id",
        ),
        # Trigrams; missing where the extension is.
        Index(
            "ix_users_search",
            sql("lower((((username || ' '::text) || name) || ' '::text) || COALESCE(email, ''::text))"),
            postgresql_using="gin",
        ),
        Index("uq_users_email", sql("lower(email)"), unique=True, postgresql_where=sql("email is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    is_bot: Mapped[bool] = mapped_column(server_default=sql("false"))
    is_admin: Mapped[bool] = mapped_column(server_default=sql("false"))
    blocked_at: Mapped[Moment | None]
    deleted_at: Mapped[Moment | None]
    """Of a deleted person the row is left, without name and e-mail, for what it made."""
    last_active_at: Mapped[Moment | None]
    """The latest use of its sessions and tokens; a trigger of theirs keeps it."""
    created_at: Mapped[Now]


class Group(Row):
    """A namespace: a group of people, or one user's own. ``lineage`` holds the ids from the root down to itself."""

    __tablename__ = "groups"
    __table_args__ = (
        # As of projects: the path of a deleted group is free at once.
        Index("uq_groups_full_path", sql("lower(full_path)"), unique=True, postgresql_where=sql("deleted_at is null")),
        Index("ix_groups_lineage", "lineage", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"), index=True)
    owner_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    path: Mapped[str] = mapped_column(Text)
    full_path: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(Text, server_default="private")
    lineage: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    created_at: Mapped[Now]
    deleted_at: Mapped[Moment | None]


class Project(Row):
    """The owner of models, experiments and bytes. Counters hand out numbers under the row's lock."""

    __tablename__ = "projects"
    __table_args__ = (
        # The path of a deleted project is free at once, while workers still remove what was in it.
        Index(
            "uq_projects_full_path", sql("lower(full_path)"), unique=True, postgresql_where=sql("deleted_at is null")
        ),
        CheckConstraint("visibility in ('private', 'internal', 'public')", name="visibility"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), index=True)
    path: Mapped[str] = mapped_column(Text)
    full_path: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    visibility: Mapped[str] = mapped_column(Text, server_default="private")
    registry_access: Mapped[str] = mapped_column(Text, server_default="enabled")
    experiments_access: Mapped[str] = mapped_column(Text, server_default="enabled")
    version_reuse: Mapped[bool] = mapped_column(server_default=sql("false"))
    bump_policy: Mapped[str] = mapped_column(Text, server_default="hint")
    """What becomes of a version whose step in SemVer is smaller than its differences take."""
    """Whether the SemVer of a deleted model version may come back with other files."""
    request_limit: Mapped[int | None] = mapped_column(BigInteger)
    """Requests in a minute; null: no limit."""
    storage_limit: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes that its files may need; null: no limit."""
    last_experiment_number: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]
    deleted_at: Mapped[Moment | None]


class Membership(Row):
    """A role of a user in a group (and all below it) or in one project: one given by people, and one of each rule."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("num_nonnulls(group_id, project_id) = 1", name="one_place"),
        Index(
            "uq_memberships_group",
            "user_id",
            "group_id",
            unique=True,
            postgresql_where=sql("group_id is not null and rule is null"),
        ),
        Index(
            "uq_memberships_project",
            "user_id",
            "project_id",
            unique=True,
            postgresql_where=sql("project_id is not null and rule is null"),
        ),
        Index(
            "uq_memberships_rule_group",
            "user_id",
            "rule",
            "group_id",
            unique=True,
            postgresql_where=sql("group_id is not null and rule is not null"),
        ),
        Index(
            "uq_memberships_rule_project",
            "user_id",
            "rule",
            "project_id",
            unique=True,
            postgresql_where=sql("project_id is not null and rule is not null"),
        ),
        Index("ix_memberships_user_id", "user_id"),
        Index("ix_memberships_group_id", "group_id"),
        Index("ix_memberships_project_id", "project_id"),
        Index("ix_memberships_expires_at", "expires_at", postgresql_where=sql("expires_at is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    role: Mapped[int] = mapped_column(SmallInteger)
    rule: Mapped[str | None] = mapped_column(Text)
    """The OpenID provider whose groups gave it; null: a person gave it."""
    expires_at: Mapped[Moment | None]
    created_at: Mapped[Now]


class Token(Row):
    """An access token; only its SHA-256 is kept. ``project_id`` or ``group_id`` confine what it can reach.

    ``ci_job`` is set where a CI job got it in exchange for its identity.
    """

    __tablename__ = "tokens"
    __table_args__ = (
        CheckConstraint("num_nonnulls(group_id, project_id) <= 1", name="one_boundary"),
        Index("ix_tokens_user_id", "user_id", "id"),
        Index("ix_tokens_project_id", "project_id", "id", postgresql_where=sql("project_id is not null")),
        Index("ix_tokens_group_id", "group_id", "id", postgresql_where=sql("group_id is not null")),
        Index("uq_tokens_replaces_id", "replaces_id", unique=True, postgresql_where=sql("replaces_id is not null")),
        Index(
            "ix_tokens_expires_at",
            "expires_at",
            postgresql_where=sql("expires_at is not null and revoked_at is null and reminded_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    ci_job: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]
    expires_at: Mapped[Moment | None]
    last_used_at: Mapped[Moment | None]
    last_address: Mapped[str] = mapped_column(Text, server_default="")
    last_client: Mapped[str] = mapped_column(Text, server_default="")
    model_patterns: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Names of models, ``*`` standing for any characters, that it is confined to; null: all."""
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("tokens.id", ondelete="SET NULL"))
    """The token whose rotation made it."""
    reminded_at: Mapped[Moment | None]
    """When its end was announced."""
    request_limit: Mapped[int | None] = mapped_column(BigInteger)
    """Requests in a minute; null: no limit."""
    storage_limit: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes that may be stored with it; null: no limit."""
    revoked_at: Mapped[Moment | None]


class AccessEpoch(Row):
    """One row: the last transaction that changed who may do what. Triggers keep it."""

    __tablename__ = "access_epoch"
    __table_args__ = (CheckConstraint("single", name="one_row"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=sql("true"))
    transaction: Mapped[int] = mapped_column(BigInteger, server_default="0")


class RequestCount(Row):
    """What a project or token that has a limit has used of it in the current minute.

    Not written to the log of the server (UNLOGGED): after a crash of it the minute begins anew.
    """

    __tablename__ = "request_counts"
    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012 - SQLAlchemy reads it so

    kind: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """The number of the project or token. Without a reference: old counts are removed by a chore."""
    minute: Mapped[int] = mapped_column(BigInteger)
    """Since 1970, by the clock of the database."""
    used: Mapped[int] = mapped_column(BigInteger)
    granted: Mapped[int] = mapped_column(BigInteger)
    """What the last statement has taken."""
