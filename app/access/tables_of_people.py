"""How people come in: passwords, sessions, one-time links, identities of OpenID, devices. Private to this feature."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, SmallInteger, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Json, Moment, Now, Row


class Password(Row):
    """The password of a person, as argon2id in PHC's format, which names its own parameters."""

    __tablename__ = "passwords"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    hash: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[Now]


class Session(Row):
    """A browser's sign-in; only the SHA-256 of its cookie is kept."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_user_id", "user_id", "id"),
        CheckConstraint("method in ('password', 'openid', 'link')", name="method"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    method: Mapped[str] = mapped_column(Text)
    provider: Mapped[str | None] = mapped_column(Text)
    """The OpenID provider that vouched for the person."""
    created_at: Mapped[Now]
    last_used_at: Mapped[Now]
    last_address: Mapped[str] = mapped_column(Text, server_default="")
    client: Mapped[str] = mapped_column(Text, server_default="")
    """What the browser says that it is (User-Agent)."""
    expires_at: Mapped[Moment]
    """When it ends however much it is used."""
    ended_at: Mapped[Moment | None]


class OneTimeLink(Row):
    """A link that works once: an invitation, a password reset, or a sign-in. Only the SHA-256 of its secret is kept."""

    __tablename__ = "one_time_links"
    __table_args__ = (
        CheckConstraint("purpose in ('invitation', 'password_reset', 'sign_in')", name="purpose"),
        CheckConstraint("(purpose = 'invitation') = (user_id is null)", name="user"),
        Index("ix_one_time_links_user_id", "user_id", postgresql_where=sql("user_id is not null")),
        Index("ix_one_time_links_invitations", "id", postgresql_where=sql("purpose = 'invitation'")),
        Index("ix_one_time_links_created_by", "created_by", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """Whom a reset or sign-in is for; an invitation makes its user."""
    email: Mapped[str | None] = mapped_column(Text)
    """Whom an invitation is for, as far as its maker said."""
    makes_admin: Mapped[bool] = mapped_column(server_default=sql("false"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    used_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    revoked_at: Mapped[Moment | None]


class InvitationRole(Row):
    """A role that comes with an invitation."""

    __tablename__ = "invitation_roles"
    __table_args__ = (
        CheckConstraint("num_nonnulls(group_id, project_id) = 1", name="one_target"),
        Index("ix_invitation_roles_link_id", "link_id"),
        Index("ix_invitation_roles_group_id", "group_id", postgresql_where=sql("group_id is not null")),
        Index("ix_invitation_roles_project_id", "project_id", postgresql_where=sql("project_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("one_time_links.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    role: Mapped[int] = mapped_column(SmallInteger)
    expires_at: Mapped[Moment | None]
    """When the membership ends."""


class OpenIdIdentity(Row):
    """A person at an OpenID provider: issuer and subject together never change (OpenID Connect Core §2)."""

    __tablename__ = "openid_identities"
    __table_args__ = (
        Index("uq_openid_identities_issuer", "issuer", "subject", unique=True),
        Index("ix_openid_identities_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    provider: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Now]
    last_used_at: Mapped[Now]


class OpenIdRequest(Row):
    """A sign-in that a browser was sent to a provider with; used once by the callback that brings its state."""

    __tablename__ = "openid_requests"
    __table_args__ = (Index("ix_openid_requests_expires_at", "expires_at"),)

    state_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    browser_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    """Of a cookie of the browser that began: no other one can end the sign-in."""
    provider: Mapped[str] = mapped_column(Text)
    nonce: Mapped[str] = mapped_column(Text)
    verifier: Mapped[str] = mapped_column(Text)
    """PKCE (RFC 7636)."""
    return_to: Mapped[str] = mapped_column(Text)
    link_id: Mapped[int | None] = mapped_column(ForeignKey("one_time_links.id"))
    """The invitation that the identity accepts."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """The person, signed in already, who links the identity."""
    created_at: Mapped[Now]
    expires_at: Mapped[Moment]


class DeviceGrant(Row):
    """A sign-in of a command line that a browser confirms (RFC 8628)."""

    __tablename__ = "device_grants"
    __table_args__ = (
        Index("uq_device_grants_user_code", "user_code", unique=True),
        Index("ix_device_grants_expires_at", "expires_at"),
    )

    device_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    """What the token will be called: program and machine."""
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    address: Mapped[str] = mapped_column(Text)
    network: Mapped[str] = mapped_column(Text)
    """What the address is counted as."""
    created_at: Mapped[Now]
    expires_at: Mapped[Moment]
    last_polled_at: Mapped[Moment | None]
    poll_seconds: Mapped[int] = mapped_column(SmallInteger, server_default="5")
    decided_at: Mapped[Moment | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """Who allowed it; null: refused, or not decided yet."""
    used_at: Mapped[Moment | None]


class SignInFailures(Row):
    """Attempts of late that were not right, by what is counted; they slow the next one."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index("ix_sign_in_failures_next_at", "next_at"),)

    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """A digest of what is counted, such as a name with an address."""
    failures: Mapped[int] = mapped_column(SmallInteger)
    last_at: Mapped[Moment]
    next_at: Mapped[Moment]
    """Before then no attempt is made."""
    has_turn: Mapped[bool]
    """Whether at that moment an attempt is due to it, however many others wait for the same account."""


class ServiceAccount(Row):
    """A named bot of a group or project; its user is a bot, its tokens are those of that user."""

    __tablename__ = "service_accounts"
    __table_args__ = (
        CheckConstraint("num_nonnulls(group_id, project_id) = 1", name="one_boundary"),
        Index("uq_service_accounts_project", "project_id", sql("lower(name)"), unique=True),
        Index("uq_service_accounts_group", "group_id", sql("lower(name)"), unique=True),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]


class AccessLogEntry(Row):
    """Who did what to get in, or to let others in, from where, and how it ended."""

    __tablename__ = "access_log"
    __table_args__ = (
        CheckConstraint("result in ('ok', 'refused')", name="result"),
        Index("ix_access_log_happened_at", "happened_at", "id"),
        Index("ix_access_log_action", "action", "happened_at", "id"),
        *(
            Index(f"ix_access_log_{column}", column, "happened_at", "id", postgresql_where=sql(f"{column} is not null"))
            for column in ("actor_id", "user_id", "about_group_id", "about_project_id")
        ),
        Index("ix_access_log_address", "address", "happened_at", "id", postgresql_where=sql("address <> ''")),
        Index(
            "ix_access_log_username",
            sql("lower(username)"),
            "happened_at",
            "id",
            postgresql_where=sql("username <> ''"),
        ),
        Index("ix_access_log_refused", "happened_at", "id", postgresql_where=sql("result = 'refused'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    happened_at: Mapped[Now]
    action: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    """Who did it; without a reference, since the log outlives users."""
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    """Whom it is about."""
    username: Mapped[str] = mapped_column(Text, server_default="")
    """The name as it was typed or then was."""
    about_group_id: Mapped[int | None] = mapped_column(BigInteger)
    """The group in which it happened; not called ``group_id``, since the log outlives groups and projects."""
    about_project_id: Mapped[int | None] = mapped_column(BigInteger)
    token_id: Mapped[int | None] = mapped_column(BigInteger)
    session_id: Mapped[int | None] = mapped_column(BigInteger)
    address: Mapped[str] = mapped_column(Text, server_default="")
    client: Mapped[str] = mapped_column(Text, server_default="")
    request_id: Mapped[str] = mapped_column(Text, server_default="")
    details: Mapped[Json] = mapped_column(server_default=sql("'{}'::jsonb"))
