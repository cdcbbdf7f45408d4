"""What happened in projects, for a quarter of an hour. Private to the journal."""

from __future__ import annotations

from sqlalchemy import BigInteger, Identity, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Now, Row


class ProjectEvent(Row):
    """Something happened to an object. Written by triggers in the transaction of the change, never changed.

    ``transaction`` is the number of that transaction: readers ask what their last snapshot did not show yet.
    """

    __tablename__ = "project_events"

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    transaction: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, server_default=sql("(pg_current_xact_id())::text::bigint")
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    object_type: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    at: Mapped[Now]
