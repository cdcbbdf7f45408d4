"""Tables. Private to this package."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index, LargeBinary, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Moment, Now, Row


class VersionSeal(Row):
    """Who sealed a version, when, and what it had then; the version's own row has the moment and the digest, too."""

    __tablename__ = "version_seals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "version_id"],
            ["model_versions.project_id", "model_versions.id"],
            name="fk_version_seals_version",
            ondelete="CASCADE",
        ),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    version_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    file_count: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes of all its files."""
    promotion_id: Mapped[int | None] = mapped_column(BigInteger)
    """The promotion that sealed it, if one did."""
    sealed_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    sealed_by_name: Mapped[str] = mapped_column(Text)
    sealed_at: Mapped[Now]


class VersionWithdrawal(Row):
    """A version was yanked or deprecated, and perhaps that was undone; rows stay, which makes the history."""

    __tablename__ = "version_withdrawals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "version_id"],
            ["model_versions.project_id", "model_versions.id"],
            name="fk_version_withdrawals_version",
            ondelete="CASCADE",
        ),
        CheckConstraint("kind in ('yank', 'deprecation')", name="kind"),
        Index(
            "uq_version_withdrawals_standing",
            "project_id",
            "version_id",
            "kind",
            unique=True,
            postgresql_where=sql("undone_at is null"),
        ),
        Index("ix_version_withdrawals_version", "project_id", "version_id", "id"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    version_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    replacement: Mapped[str | None] = mapped_column(Text(collation="C"))
    """The text of the version of the same model that is to be used instead."""
    made_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    made_by_name: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Now]
    undone_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    undone_by_name: Mapped[str | None] = mapped_column(Text)
    undone_at: Mapped[Moment | None]
    undone_reason: Mapped[str | None] = mapped_column(Text)
