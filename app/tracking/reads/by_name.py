"""Conditions for experiments and candidates that have a text in their names, for a search over one project or many."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, literal, or_

from app.search import sql
from app.tracking.tables import Candidate, Experiment

_LIVING = (Candidate.purge_at.is_(None), Candidate.deleted_at.is_(None))


_LIVING_EXPERIMENT = (Experiment.purge_at.is_(None), Experiment.deleted_at.is_(None))


def is_experiment(text: str) -> ColumnElement[bool]:
    """The condition for living experiments whose name holds the text, in any case, or whose number is `#…`."""
    named = sql.contains(Experiment.name, text)
    if (number := number_of(text)) is not None:
        named = or_(named, Experiment.number == literal(number, BigInteger))
    return and_(*_LIVING_EXPERIMENT, named)


def is_experiment_of(number: int) -> ColumnElement[bool]:
    """The condition for living experiments of a number: served by the primary key, in however many projects."""
    return and_(*_LIVING_EXPERIMENT, Experiment.number == literal(number, BigInteger))


def is_candidate(text: str) -> ColumnElement[bool]:
    """The condition for living candidates whose name holds the text, or whose UUID it is."""
    named = sql.contains(Candidate.name, text)
    if (uuid := uuid_of(text)) is not None:
        named = or_(named, Candidate.id == uuid)
    return and_(*_LIVING, named)


def is_candidate_of(uuid: UUID) -> ColumnElement[bool]:
    """The condition for the living candidate of a UUID: served by the primary key, in however many projects."""
    return and_(*_LIVING, Candidate.id == uuid)


def number_of(text: str) -> int | None:
    """The number that a text of `#` and digits is; None for any other text."""
    digits = text.strip().removeprefix("#")
    is_number = digits != text.strip() and digits.isascii() and digits.isdigit() and len(digits) < len(str(2**63))
    return int(digits) if is_number else None


def uuid_of(text: str) -> UUID | None:
    """The UUID that a text is, with or without hyphens; None for any other text."""
    try:
        return UUID(text) if len(text) in {32, 36} else None
    except ValueError:
        return None
