"""Counts of requests. Private to access."""

from __future__ import annotations

from sqlalchemy import BigInteger, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Row


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
