"""Stages, protected names, and which version was in a stage when. Private to this feature."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Moment, Now, Row
from app.registry.tables import Interval


class ProjectStage(Row):
    """A stage of a project. ``key`` stands in ``model_versions.stage`` and never changes, so renaming writes one row.

    ``mlflow_name``: which of MLflow's four it stands for. ``is_initial``: where versions begin, the key ``none``.
    ``is_guarded``: it is for versions that are READY. ``seals``: a version that enters it is sealed.
    """

    __tablename__ = "project_stages"
    __table_args__ = (
        Index("uq_project_stages_key", "project_id", "key", unique=True),
        Index("uq_project_stages_name", "project_id", "name", unique=True, postgresql_where=sql("retired_at is null")),
        Index(
            "uq_project_stages_mlflow_name",
            "project_id",
            "mlflow_name",
            unique=True,
            postgresql_where=sql("retired_at is null"),
        ),
        CheckConstraint("mlflow_name in ('None', 'Staging', 'Production', 'Archived')", name="mlflow_name"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(Text(collation="C"))
    name: Mapped[str] = mapped_column(Text(collation="C"))
    position: Mapped[int] = mapped_column(BigInteger)
    mlflow_name: Mapped[str | None] = mapped_column(Text(collation="C"))
    is_initial: Mapped[bool] = mapped_column(server_default=sql("false"))
    is_guarded: Mapped[bool] = mapped_column(server_default=sql("true"))
    seals: Mapped[bool] = mapped_column(server_default=sql("false"))
    description: Mapped[str] = mapped_column(Text, server_default="")
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]
    retired_at: Mapped[Moment | None]


class NameProtection(Row):
    """Who may move the aliases or stages whose names match a pattern; see :mod:`app.registry.stages.protections`."""

    __tablename__ = "name_protections"
    __table_args__ = (
        Index("uq_name_protections_pattern", "project_id", "kind", "pattern", unique=True),
        CheckConstraint("kind in ('alias', 'stage')", name="kind"),
        CheckConstraint("movers in ('anyone', 'people', 'ci_tokens')", name="movers"),
        CheckConstraint("approvals between 0 and 10", name="approvals"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    pattern: Mapped[str] = mapped_column(Text(collation="C"))
    least_role: Mapped[int] = mapped_column(SmallInteger)
    movers: Mapped[str] = mapped_column(Text, server_default="anyone")
    approvals: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    set_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[Now]


class StageInterval(Interval, Row):
    """For how long a version was in a stage. What says which version it was is kept, so it outlives its purge.

    The first stage has no interval until a version comes back to it.
    """

    __tablename__ = "stage_intervals"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "model_id"], ["models.project_id", "models.id"]),
        ForeignKeyConstraint(["project_id", "stage_id"], ["project_stages.project_id", "project_stages.id"]),
        Index(
            "uq_stage_intervals_version",
            "project_id",
            "version_id",
            unique=True,
            postgresql_where=sql("valid_until is null"),
        ),
        Index(
            "ix_stage_intervals_standing",
            "project_id",
            "model_id",
            "stage_id",
            sql("is_prerelease desc"),
            "precedence",
            "number",
            postgresql_where=sql("valid_until is null"),
        ),
        Index("ix_stage_intervals_version_id", "project_id", "version_id", "valid_from"),
        Index("ix_stage_intervals_model_id", "project_id", "model_id", "valid_from", "id"),
        Index("ix_stage_intervals_stage_id", "project_id", "model_id", "stage_id", "valid_from", "id"),
        CheckConstraint("valid_until >= valid_from", name="order"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    model_id: Mapped[int] = mapped_column(BigInteger)
    version_id: Mapped[int] = mapped_column(BigInteger)
    stage_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str] = mapped_column(Text(collation="C"))
    precedence: Mapped[bytes] = mapped_column(LargeBinary)
    is_prerelease: Mapped[bool]
    promotion_id: Mapped[BigId | None]


class StageHolder(Row):
    """Which version ``stage:x`` meant, and from when to when: the highest of those that were in the stage.

    The intervals of a stage follow each other, so what it meant at a moment is one probe of an index.
    """

    __tablename__ = "stage_holders"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "interval_id"], ["stage_intervals.project_id", "stage_intervals.id"]),
        Index(
            "uq_stage_holders_stage",
            "project_id",
            "model_id",
            "stage_id",
            unique=True,
            postgresql_where=sql("valid_until is null"),
        ),
        Index("ix_stage_holders_moment", "project_id", "model_id", "stage_id", "valid_from"),
        Index("ix_stage_holders_interval_id", "project_id", "interval_id"),
        CheckConstraint("valid_until >= valid_from", name="order"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    model_id: Mapped[int] = mapped_column(BigInteger)
    stage_id: Mapped[int] = mapped_column(BigInteger)
    interval_id: Mapped[int] = mapped_column(BigInteger)
    version_id: Mapped[int] = mapped_column(BigInteger)
    valid_from: Mapped[Moment]
    valid_until: Mapped[Moment | None]
