"""Artifacts and the bytes behind them. Private to this feature."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    literal_column,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Json, Moment, Now, Row

# Literals, not parameters: PostgreSQL uses a partial index only when it can see at planning that the condition holds.
PENDING = literal_column("'pending'", Text)
STORED = literal_column("'stored'", Text)
VERIFYING_STATE = literal_column("'verifying'", Text)

EVER_CHECKED = "checked_at >= '-infinity'"
"""Always true. Only a statement that says it is offered the index of checks: to find one hash, a planner that believes
the table to be small would as soon read all of that one."""


class Blob(Row):
    """Stored bytes, once per SHA-256 and project. The row is written before the object and goes before it."""

    __tablename__ = "blobs"
    __table_args__ = (
        CheckConstraint("state in ('pending', 'stored')", name="state"),
        CheckConstraint("state = 'pending' or (sha256 is not null and size is not null)", name="stored_is_known"),
        Index("uq_blobs_sha256", "project_id", "sha256", unique=True, postgresql_where=sql("state = 'stored'")),
        Index("ix_blobs_lease_until", "lease_until", postgresql_where=sql("state = 'pending'")),
        Index("ix_blobs_checked_at", "checked_at", postgresql_where=sql(f"state = 'stored' AND {EVER_CHECKED}")),
        Index("ix_blobs_damaged_at", "damaged_at", postgresql_where=sql("damaged_at is not null")),
        Index("ix_blobs_token_id", "token_id", postgresql_where=sql("token_id is not null")),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    object_key: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    state: Mapped[str] = mapped_column(Text, server_default="pending")
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    size: Mapped[BigId | None]
    created_at: Mapped[Now]
    token_id: Mapped[int | None] = mapped_column(BigInteger)
    """The token that stored it, if that has a limit of bytes."""
    lease_until: Mapped[Moment | None]
    checked_at: Mapped[Now]
    """When its bytes were last read and hashed."""
    damaged_at: Mapped[Moment | None]
    """Since when its bytes are known to be missing or altered; None: they are not."""
    damage: Mapped[str | None] = mapped_column(Text)
    """What is wrong with them: `missing`, `size` or `hash`."""
    has_trouble: Mapped[bool] = mapped_column(server_default=sql("false"))
    """Whether an inspection has refused them under any name: then they may not be shared without asking for verdicts.

    It is set before the verdict in the same transaction; a transaction that holds the row against that (``FOR SHARE``)
    has either seen it or is met by the verdict.
    """


class Verdict(Row):
    """What an inspection says of bytes under one kind of name; files that are equal in both need no other."""

    __tablename__ = "verdicts"
    __table_args__ = (
        CheckConstraint("state in ('ready', 'failed', 'quarantined')", name="state"),
        ForeignKeyConstraint(["project_id", "blob_id"], ["blobs.project_id", "blobs.id"], ondelete="CASCADE"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    blob_id: Mapped[UUID] = mapped_column(primary_key=True)
    name_kind: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    """See :func:`app.inspection.equality.name_kind`."""
    rules: Mapped[str] = mapped_column(Text)
    """By which rules; verdicts by others are as good as none."""
    state: Mapped[str] = mapped_column(Text)
    state_reason: Mapped[str | None] = mapped_column(Text)
    format: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[Json | None]
    scan: Mapped[Json | None]
    inspected_at: Mapped[Now]
    released_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    released_at: Mapped[Moment | None]


class Artifact(Row):
    """A file of a candidate or of a logged model; ``root_id`` is whichever of the two owns it."""

    __tablename__ = "artifacts"
    __table_args__ = (
        CheckConstraint("num_nonnulls(candidate_id, logged_model_id) = 1", name="one_owner"),
        CheckConstraint("state in ('ready', 'failed', 'quarantined')", name="state"),
        ForeignKeyConstraint(["project_id", "blob_id"], ["blobs.project_id", "blobs.id"], ondelete="RESTRICT"),
        ForeignKeyConstraint(["project_id", "candidate_id"], ["candidates.project_id", "candidates.id"]),
        ForeignKeyConstraint(["project_id", "logged_model_id"], ["logged_models.project_id", "logged_models.id"]),
        Index("uq_artifacts_path", "project_id", "root_id", "path", unique=True),
        Index("ix_artifacts_blob_id", "project_id", "blob_id"),
        Index("ix_artifacts_candidate_id", "project_id", "candidate_id"),
        Index("ix_artifacts_logged_model_id", "project_id", "logged_model_id"),
        Index("ix_artifacts_uninspected", "project_id", "root_id", postgresql_where=sql("inspected_at is null")),
        Index("ix_artifacts_not_ready", "project_id", "root_id", postgresql_where=sql("state <> 'ready'")),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    candidate_id: Mapped[UUID | None]
    logged_model_id: Mapped[UUID | None]
    root_id: Mapped[UUID] = mapped_column(Computed("coalesce(candidate_id, logged_model_id)", persisted=True))
    path: Mapped[str] = mapped_column(Text(collation="C"))
    blob_id: Mapped[UUID]
    media_type: Mapped[str] = mapped_column(Text)
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]
    state: Mapped[str] = mapped_column(Text, server_default="ready")
    """``failed``: not what it claims to be, downloads go on; ``quarantined``: downloads are refused."""
    state_reason: Mapped[str | None] = mapped_column(Text)
    format: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[Json | None]
    """What the file says of itself."""
    scan: Mapped[Json | None]
    """What scanners say of a file that can run code when it is loaded."""
    inspected_at: Mapped[Moment | None]
    released_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    released_at: Mapped[Moment | None]


class MultipartUpload(Row):
    """A file that arrives in parts. Outlives its owner: what purges that needs no eye for it, its time runs out.

    Announced ones (``size`` is set) are completed by a worker; ``verifying`` until then.
    """

    __tablename__ = "multipart_uploads"
    __table_args__ = (
        CheckConstraint("state in ('open', 'verifying', 'completed', 'failed', 'aborted')", name="state"),
        CheckConstraint("parts between 0 and 10000", name="parts"),
        CheckConstraint("num_nonnulls(candidate_id, logged_model_id) = 1", name="one_owner"),
        Index("ix_multipart_uploads_expires_at", "expires_at"),
        Index("ix_multipart_uploads_batch_id", "project_id", "batch_id", postgresql_where=sql("batch_id is not null")),
        Index(
            "ix_multipart_uploads_shared",
            "project_id",
            "blob_id",
            postgresql_where=sql("state = 'verifying' and is_shared"),
        ),
        Index("ix_multipart_uploads_candidate_id", "project_id", "candidate_id", "id"),
        Index("ix_multipart_uploads_logged_model_id", "project_id", "logged_model_id", "id"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    candidate_id: Mapped[UUID | None]
    logged_model_id: Mapped[UUID | None]
    path: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    parts: Mapped[int]
    blob_id: Mapped[UUID]
    object_key: Mapped[str] = mapped_column(Text)
    store_id: Mapped[str | None] = mapped_column(Text)
    """What the store calls the upload; None until it has begun there."""
    state: Mapped[str] = mapped_column(Text, server_default="open")
    artifact_id: Mapped[UUID | None]
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    token_id: Mapped[int | None] = mapped_column(BigInteger)
    """The token that it was begun with, if that has a limit of bytes."""
    created_at: Mapped[Now]
    expires_at: Mapped[Moment]
    claim: Mapped[UUID | None]
    """Which call is joining and hashing at the moment; it saves double work, correctness does not need it."""
    claimed_until: Mapped[Moment | None]
    size: Mapped[BigId | None]
    """The announced number of bytes."""
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The announced hash."""
    part_size: Mapped[BigId | None]
    is_shared: Mapped[bool] = mapped_column(server_default=sql("false"))
    """The project had these bytes already; none are sent. While ``verifying``, the row keeps the blob alive."""
    stored_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The hash of the bytes that came through this service in one piece."""
    batch_id: Mapped[UUID | None]
    """What was completed together."""
    job_id: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it failed."""


class CondemnedObject(Row):
    """A key whose row is gone and whose bytes must follow: the to-do list of the sweep."""

    __tablename__ = "condemned_objects"
    __table_args__ = (Index("ix_condemned_objects_not_before", "not_before"),)

    object_key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    size: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(server_default="0")
    condemned_at: Mapped[Now]
    not_before: Mapped[Now]


class SuspectObject(Row):
    """An old object that no row knew when the reconciler came by; it is condemned if that is still so the next time."""

    __tablename__ = "suspect_objects"
    __table_args__ = (Index("ix_suspect_objects_suspected_at", "suspected_at"),)

    object_key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    suspected_at: Mapped[Now]


class StoredBytes(Row):
    """What a project or token that has a limit of bytes has stored, kept by triggers on blobs; one without has no row.

    Not called after projects: what is left of one that was removed is removed by a chore.
    """

    __tablename__ = "stored_bytes"

    kind: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """1: a project, 2: a token."""
    subject_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    used: Mapped[int | None] = mapped_column(BigInteger)
    """None: not summed up yet; nothing is refused until then."""
    most: Mapped[int] = mapped_column(BigInteger)
    is_default: Mapped[bool]
    """Whether the limit is that of the settings."""


class BackupHold(Row):
    """A backup is being made: until this row is gone, no bytes are removed from the store."""

    __tablename__ = "backup_holds"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    note: Mapped[str] = mapped_column(Text, server_default="")
    """Who or what makes the backup, for people."""
    begun_at: Mapped[Now]
    expires_at: Mapped[Moment]
    """When the sweep may remove the row, unless it is renewed before."""
