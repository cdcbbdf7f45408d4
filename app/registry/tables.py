"""Models, model versions and their aliases. Private to this feature."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    and_,
    literal_column,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Json, Moment, Now, Row

READY = literal_column("'ready'", Text)
"""A constant, so that PostgreSQL sees at planning that a partial index holds all matching rows."""
UNANNOUNCED = "(state <> announced_state OR (was_ready AND NOT is_announced))"
GUARDED = "(sealed_at is not null OR stage <> 'none')"
"""Versions that not all who write may change: sealed ones, and those in stages, which may be protected."""
TROUBLED = "model_versions.state in ('failed', 'quarantined')"
"""Versions that wait for a person; a literal, since a partial index is used only when a statement says the same."""
_READY_VERSIONS = "deleted_at is null AND state = 'ready' AND yanked_at is null"


class Model(Row):
    """A name under which versions follow each other. ``last_number`` counts them, under the row's lock."""

    __tablename__ = "models"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "experiment_number"], ["experiments.project_id", "experiments.number"]),
        Index("uq_models_name", "project_id", "name", unique=True, postgresql_where=sql("deleted_at is null")),
        Index("ix_models_created_at", "project_id", "created_at", "id"),
        Index("ix_models_updated_at", "project_id", "updated_at", "id"),
        Index("ix_models_experiment_number", "project_id", "experiment_number"),
        Index("ix_models_deleted_at", "project_id", "deleted_at", "id", postgresql_where=sql("deleted_at is not null")),
        # Trigrams, in the collation "default"; missing where the extension is.
        Index(
            "ix_models_name_part",
            "project_id",
            "name",
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
        ),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text(collation="C"))
    description: Mapped[str] = mapped_column(Text, server_default="")
    tags: Mapped[Json] = mapped_column(server_default=sql("'{}'"))
    experiment_number: Mapped[int] = mapped_column(BigInteger)
    last_number: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    deleted_at: Mapped[Moment | None]
    purge_at: Mapped[Moment | None]
    """Of a deleted one: until then it can be restored, from then on it is removed; null: at once."""
    deleted_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))


class ModelVersion(Row):
    """One release of a model.

    ``precedence`` orders as SemVer 2.0 §11 does, byte by byte. The files are those of ``logged_model_id`` when it
    is set, else of ``candidate_id``, below the folder ``artifact_folder``; where ``location`` is set they are not here
    but there. ``foreign_run`` names a run of another tracking server.

    Triggers derive ``state`` from ``open_until`` and from the states of the files (migration 0011).
    """

    __tablename__ = "model_versions"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "model_id"], ["models.project_id", "models.id"]),
        ForeignKeyConstraint(["project_id", "candidate_id"], ["candidates.project_id", "candidates.id"]),
        ForeignKeyConstraint(["project_id", "logged_model_id"], ["logged_models.project_id", "logged_models.id"]),
        Index("uq_model_versions_number", "project_id", "model_id", "number", unique=True),
        Index(
            "uq_model_versions_version",
            "project_id",
            "model_id",
            "version",
            unique=True,
            postgresql_where=sql("deleted_at is null"),
        ),
        Index(
            "ix_model_versions_precedence",
            "project_id",
            "model_id",
            sql("is_prerelease desc"),
            "precedence",
            "number",
            postgresql_where=sql(_READY_VERSIONS),
        ),
        Index(
            "ix_model_versions_all_precedence",
            "project_id",
            "model_id",
            "precedence",
            "number",
            postgresql_where=sql("deleted_at is null"),
        ),
        Index(
            "ix_model_versions_stage",
            "project_id",
            "model_id",
            "stage",
            sql("is_prerelease desc"),
            "precedence",
            "number",
            postgresql_where=sql(_READY_VERSIONS),
        ),
        Index(
            "ix_model_versions_not_ready",
            "project_id",
            "model_id",
            "precedence",
            postgresql_where=sql("deleted_at is null AND (state <> 'ready' OR yanked_at is not null)"),
        ),
        Index(
            "ix_model_versions_guarded",
            "project_id",
            sql("coalesce(logged_model_id, candidate_id)"),
            postgresql_where=sql(GUARDED),
        ),
        Index(
            "ix_model_versions_guarded_of_model",
            "project_id",
            "model_id",
            postgresql_where=sql(GUARDED),
        ),
        Index(
            "ix_model_versions_open",
            "project_id",
            "id",
            postgresql_where=sql("open_until <> '' AND deleted_at is null"),
        ),
        Index(
            "ix_model_versions_unannounced",
            "project_id",
            "id",
            postgresql_where=sql(f"{UNANNOUNCED} AND deleted_at is null"),
        ),
        Index(
            "ix_model_versions_troubled",
            "project_id",
            "updated_at",
            "id",
            postgresql_where=sql("deleted_at is null and state in ('failed', 'quarantined')"),
        ),
        Index("ix_model_versions_version", "project_id", "version", postgresql_where=sql("deleted_at is null")),
        Index("ix_model_versions_updated_at", "project_id", "updated_at", postgresql_where=sql("deleted_at is null")),
        Index("ix_model_versions_created_at", "project_id", "model_id", "created_at", "id"),
        Index(
            "ix_model_versions_deleted_at",
            "project_id",
            "model_id",
            "deleted_at",
            "id",
            postgresql_where=sql("deleted_at is not null"),
        ),
        Index("ix_model_versions_candidate_id", "project_id", "candidate_id"),
        Index("ix_model_versions_logged_model_id", "project_id", "logged_model_id"),
        Index(
            "ix_model_versions_foreign_run",
            "project_id",
            "foreign_run",
            postgresql_where=sql("foreign_run <> ''"),
        ),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("state in ('open', 'ready', 'failed', 'quarantined')", name="state"),
        CheckConstraint("open_until in ('', 'completed', 'files_ready')", name="open_until"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    model_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str] = mapped_column(Text(collation="C"))
    precedence: Mapped[bytes] = mapped_column(LargeBinary)
    is_prerelease: Mapped[bool]
    description: Mapped[str] = mapped_column(Text, server_default="")
    tags: Mapped[Json] = mapped_column(server_default=sql("'{}'"))
    stage: Mapped[str] = mapped_column(Text, server_default="none")
    candidate_id: Mapped[UUID]
    logged_model_id: Mapped[UUID | None]
    artifact_folder: Mapped[str] = mapped_column(Text, server_default="")
    source: Mapped[str] = mapped_column(Text, server_default="")
    location: Mapped[str] = mapped_column(Text, server_default="")
    foreign_run: Mapped[str] = mapped_column(Text, server_default="")
    run_link: Mapped[str] = mapped_column(Text, server_default="")
    state: Mapped[str] = mapped_column(Text, server_default="underived")
    """Before a row is inserted, a trigger derives what the writer has not said."""
    state_reason: Mapped[str | None] = mapped_column(Text)
    open_until: Mapped[str] = mapped_column(Text, server_default="")
    """What ends the state OPEN: ``completed`` a call, ``files_ready`` the last announced file; empty: it is over."""
    given_up_at: Mapped[Moment | None]
    was_ready: Mapped[bool] = mapped_column(server_default=sql("true"))
    """Whether it has ever been READY: then others may have its files."""
    is_announced: Mapped[bool] = mapped_column(server_default=sql("true"))
    """Whether webhooks know of it."""
    announced_state: Mapped[str] = mapped_column(Text, server_default="ready")
    """The state that webhooks know; where it differs from ``state``, events are pending."""
    sealed_at: Mapped[Moment | None]
    """Since when its files, facts and description do not change any more; triggers see to it (migration 0021)."""
    manifest_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 of the manifest of a sealed version; see :mod:`app.lifecycle.seals.manifests`."""
    yanked_at: Mapped[Moment | None]
    """Since when nothing but its text, number or an alias means it."""
    deprecated_at: Mapped[Moment | None]
    """Since when all who use it are warned."""
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    deleted_at: Mapped[Moment | None]
    purge_at: Mapped[Moment | None]
    """As that of a model."""
    deleted_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))


def is_offered(version: type[ModelVersion]) -> ColumnElement[bool]:
    """Whether ``latest``, ranges and stages may mean a version; the indexes for them hold no others."""
    return and_(version.state == READY, version.yanked_at.is_(None))


class RetiredVersion(Row):
    """The text of a deleted version whose files others may have: it comes back with the same manifest only."""

    __tablename__ = "retired_versions"
    __table_args__ = (
        PrimaryKeyConstraint("project_id", "model_id", "version"),
        ForeignKeyConstraint(
            ["project_id", "model_id"], ["models.project_id", "models.id"], name="fk_retired_versions_model"
        ),
        Index("ix_retired_versions_precedence", "project_id", "model_id", "precedence"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger)
    model_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str] = mapped_column(Text(collation="C"))
    precedence: Mapped[bytes] = mapped_column(LargeBinary)
    number: Mapped[int] = mapped_column(BigInteger)
    manifest: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of paths, sizes and SHA-256 of its files; see :mod:`app.registry.versions.manifests`."""
    retired_at: Mapped[Now]


class Interval:
    """From when to when something stood, who began and ended it, by which token or CI job, and why; for all histories.

    ``valid_until`` is None while it stands. A name is kept beside each user, since users may be removed. Entries from
    before it was kept have None.
    """

    set_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    valid_from: Mapped[Now]
    valid_until: Mapped[Moment | None]
    set_by_name: Mapped[str | None] = mapped_column(Text)
    token_id: Mapped[BigId | None]
    ci_job: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    ended_by: Mapped[BigId | None]
    ended_by_name: Mapped[str | None] = mapped_column(Text)
    ended_token_id: Mapped[BigId | None]
    ended_ci_job: Mapped[str | None] = mapped_column(Text)
    ended_reason: Mapped[str | None] = mapped_column(Text)


class Alias(Interval, Row):
    """A movable name of a version: a row for each interval of time, which makes the history.

    ``number`` and ``version`` are those of the version, so that the history outlives it.
    """

    __tablename__ = "aliases"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "model_id"], ["models.project_id", "models.id"]),
        Index(
            "uq_aliases_name",
            "project_id",
            "model_id",
            "name",
            unique=True,
            postgresql_where=sql("valid_until is null"),
        ),
        Index("ix_aliases_version_id", "project_id", "version_id"),
        # Trigrams, in the collation "default"; missing where the extension is.
        Index(
            "ix_aliases_name_part",
            "project_id",
            "name",
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
            postgresql_where=sql("valid_until is null"),
        ),
        Index("ix_aliases_model_id", "project_id", "model_id", "name", "valid_from"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    model_id: Mapped[int] = mapped_column(BigInteger)
    version_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(Text(collation="C"))
    number: Mapped[BigId]
    version: Mapped[str] = mapped_column(Text(collation="C"))
