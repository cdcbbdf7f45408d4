"""Tables of gates. Private to this package."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Json, Now, Row


class GateSet(Row):
    """The gates of a stage, as they were set at one time. The highest version is in force; none is ever changed."""

    __tablename__ = "gate_sets"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "stage_id"], ["project_stages.project_id", "project_stages.id"]),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    stage_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    note: Mapped[str] = mapped_column(Text, server_default="")
    """Why it was set, for people."""
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    token_id: Mapped[int | None] = mapped_column(BigInteger)
    ci_job: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Now]


class Gate(Row):
    """A rule of a set, with the data of its kind (:mod:`app.lifecycle.gates.rules`). Never changed."""

    __tablename__ = "gates"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "stage_id", "set_version"],
            ["gate_sets.project_id", "gate_sets.stage_id", "gate_sets.version"],
            name="fk_gates_set",
            ondelete="CASCADE",
        ),
        UniqueConstraint("project_id", "stage_id", "set_version", "position", name="uq_gates_position"),
        UniqueConstraint("project_id", "stage_id", "set_version", "name", name="uq_gates_name"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    stage_id: Mapped[int] = mapped_column(BigInteger)
    set_version: Mapped[int] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(Text(collation="C"))
    kind: Mapped[str] = mapped_column(Text)
    config: Mapped[Json]
    is_required: Mapped[bool]
    """False: it only warns."""
    secret_id: Mapped[UUID | None]
    """What the secret is sealed for; it goes along into later sets with the secret."""
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
