"""Tables of the audit log. Private to this package; nothing but INSERT and SELECT is ever done with the first three.

They have no foreign keys and no ``project_id``: what happened in a project stays when the project is gone.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, LargeBinary, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Moment, Now, Row


class AuditEntry(Row):
    """One change of one row, written by a trigger in the transaction of the change.

    ``chain_id`` is the number of the project, 0 for what belongs to none. ``context`` says who did it and by which
    request, as the application told the transaction; ``about``, ``before`` and ``after`` are JSON, kept as text so that
    their hash is that of these very characters.
    """

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    chain_id: Mapped[BigId]
    at: Mapped[Now]
    """When its transaction began."""
    action: Mapped[str] = mapped_column(Text)
    object_type: Mapped[str] = mapped_column(Text)
    object_key: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text)
    """The columns by which one knows the object again, also where they did not change."""
    context: Mapped[str] = mapped_column(Text)
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)


class AuditLink(Row):
    """The place of an entry in its chain: ``chain_hash`` is SHA-256 of that of the entry before and ``entry_hash``.

    The other columns repeat what the log is searched by, so that the entry itself needs no index but its key.
    """

    __tablename__ = "audit_chain"
    __table_args__ = (
        Index("uq_audit_chain_entry_id", "entry_id", unique=True),
        Index("ix_audit_chain_at", "chain_id", "at"),
        Index("ix_audit_chain_object", "chain_id", "object_type", "object_key", "seq"),
        Index("ix_audit_chain_actor", "chain_id", "actor_id", "seq", postgresql_where=sql("actor_id is not null")),
    )

    chain_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[BigId]
    entry_hash: Mapped[bytes] = mapped_column(LargeBinary)
    chain_hash: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[Moment]
    action: Mapped[str] = mapped_column(Text)
    object_type: Mapped[str] = mapped_column(Text)
    object_key: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    request_id: Mapped[str] = mapped_column(Text)


class AuditHead(Row):
    """How far a chain had come at an hour, and the hash there: kept elsewhere, it proves all entries up to it."""

    __tablename__ = "audit_heads"
    __table_args__ = (Index("uq_audit_heads_chain_id", "chain_id", "seq", unique=True),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    chain_id: Mapped[BigId]
    seq: Mapped[BigId]
    chain_hash: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[Now]


class AuditProgress(Row):
    """One row: how far entries were chained. No evidence, only where to look on: losing it costs a longer look.

    All entries up to ``floor_id`` are chained, and none of these can still appear. Entries up to ``seen_id`` had their
    numbers when transaction ``seen_transaction`` began, so none of them appears once that and all before it are over.
    """

    __tablename__ = "audit_progress"
    __table_args__ = (CheckConstraint("single", name="one_row"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=sql("true"))
    floor_id: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    seen_id: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    seen_transaction: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    headed_id: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    """``floor_id`` when the last heads were made."""
    headed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
