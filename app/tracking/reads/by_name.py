"""Conditions for experiments and candidates that have a text in their names, for a search over a whole project."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_

from app.search import sql
from app.tracking.tables import Candidate, Experiment


def is_experiment(project_id: int, text: str) -> ColumnElement[bool]:
    """The condition for living experiments of a project whose name holds the text, in any case."""
    living = (Experiment.purge_at.is_(None), Experiment.deleted_at.is_(None))
    return and_(Experiment.project_id == project_id, *living, sql.contains(Experiment.name, text))


def is_candidate(project_id: int, text: str) -> ColumnElement[bool]:
    """The condition for living candidates of a project whose name holds the text, or whose UUID it is."""
    living = (Candidate.purge_at.is_(None), Candidate.deleted_at.is_(None))
    named = sql.contains(Candidate.name, text)
    if (uuid := _uuid(text)) is not None:
        named = or_(named, Candidate.id == uuid)
    return and_(Candidate.project_id == project_id, *living, named)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) in {32, 36} else None
    except ValueError:
        return None
