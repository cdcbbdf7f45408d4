"""Derivations between versions, and versions whose tags were not read yet. Private to this feature."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, PrimaryKeyConstraint, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Now, Row


class Derivation(Row):
    """A version was made from a base: another version, maybe of another project, or one that is kept elsewhere.

    A base of this installation has ``base_project_id`` and ``base_version_id``; ``base`` names it in either case. The
    base may be deleted while the derivation stands, so nothing refers to its row.
    """

    __tablename__ = "derivations"
    __table_args__ = (
        Index("uq_derivations_base", "project_id", "version_id", "kind", "base_version_id", unique=True,
              postgresql_where=sql("base_version_id is not null")),
        Index("uq_derivations_elsewhere", "project_id", "version_id", "kind", "base", unique=True,
              postgresql_where=sql("base_version_id is null")),
        Index("ix_derivations_version_id", "project_id", "version_id", "id"),
        # Looked through for what was made from a version, in all projects at once.
        Index("ix_derivations_base_version_id", "base_version_id", "id",
              postgresql_where=sql("base_version_id is not null")),
        CheckConstraint("kind in ('fine_tuned', 'quantized', 'distilled', 'merged', 'adapted', 'other')", name="kind"),
        CheckConstraint("(base_version_id is null) = (base_project_id is null)", name="base"),
    )  # fmt: skip

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    version_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text(collation="C"))
    base_project_id: Mapped[BigId | None]
    base_version_id: Mapped[BigId | None]
    base: Mapped[str] = mapped_column(Text(collation="C"))
    source: Mapped[str] = mapped_column(Text)
    """Who says so: ``stated`` by a caller, or the ``tag`` from which it was read."""
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]


class UnreadTags(Row):
    """A version whose tags say what it was made from, until a worker has read them. A trigger adds it."""

    __tablename__ = "unread_lineage_tags"
    __table_args__ = (PrimaryKeyConstraint("project_id", "version_id"),)

    project_id: Mapped[int] = mapped_column(BigInteger)
    version_id: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[Now]
