"""What was pulled, by version, day, door and caller. Private to this feature."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, PrimaryKeyConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Moment, Row


class Pull(Row):
    """How often a caller asked for files of a version on a day (UTC). ``user_id`` 0 stands for anonymous callers."""

    __tablename__ = "pulls"
    __table_args__ = (
        PrimaryKeyConstraint("project_id", "version_id", "day", "user_id", "door"),
        # The chore that forgets old ones looks through all projects at once.
        Index("ix_pulls_day", "day"),
        CheckConstraint("door in ('link', 'mlflow', 'packages')", name="door"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    version_id: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date] = mapped_column(Date)
    user_id: Mapped[int] = mapped_column(BigInteger)
    door: Mapped[str] = mapped_column(Text(collation="C"))
    downloads: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Files that were sent, or for whose bytes the caller was sent to the store."""
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Their sizes."""
    resolutions: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Times that a client asked where the files are (MLflow's get-download-uri)."""
    first_at: Mapped[Moment]
    last_at: Mapped[Moment]
