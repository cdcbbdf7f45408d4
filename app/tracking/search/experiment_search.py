"""Searches for experiments: MLflow's grammar as SQL, in keyset pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database
from app.search import grammars, keyset, sql
from app.search.ast import Comparison, Entity
from app.search.keyset import PageRequest, SortKey
from app.search.order import parse_order
from app.search.parser import parse_filter
from app.tracking import experiments
from app.tracking.search.candidate_search import MAX_PAGE, View, check_limit
from app.tracking.tables import Experiment


@dataclass(frozen=True, slots=True)
class SearchExperiments:
    """What to look for."""

    filter: str = ""
    order_by: Sequence[str] = ()
    view: View = View.ACTIVE
    limit: int = 1_000
    page_token: str | None = None


async def search(
    db: Database, actor: Actor, project: int | str, command: SearchExperiments
) -> tuple[list[Experiment], str | None]:
    """Experiments that match, and the token of the next page (None: this was the last).

    Raises:
        InvalidFilter, InvalidOrder: with the position in the text.
    """
    statement, page = _planned(command)
    await _have_default(db, actor, project)
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_READ)
        here = statement.where(Experiment.project_id == access.id)
        rows = (await snap.execute(keyset.apply(here, page))).all()
    return [row[0] for row in rows[: command.limit]], keyset.next_token(rows, page)


async def in_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], command: SearchExperiments
) -> Results[tuple[list[Experiment], str | None]]:
    """The same search in several projects; the experiment Default is there once something has used it.

    Raises:
        InvalidFilter, InvalidOrder: with the position in the text.
    """
    statement, page = _planned(command)
    lists, parent = GuardedReads(Permission.CANDIDATE_READ), (Experiment.project_id,)
    return await lists.searches(db, actor, keys, statement=statement, page=page, parent=parent, row=Experiment)


def _planned(command: SearchExperiments) -> tuple[Select[Experiment], PageRequest]:
    check_limit(command.limit, MAX_PAGE)
    condition = sql.condition(parse_filter(command.filter, grammars.EXPERIMENTS), _condition)
    statement = select(Experiment).where(Experiment.purge_at.is_(None), _in_view(command.view), condition)
    fingerprint = keyset.fingerprint(command.filter, command.order_by, command.view)
    return statement, PageRequest(_sort_keys(command.order_by), fingerprint, command.page_token, command.limit)


def milliseconds(column: Any) -> ColumnElement[Any]:
    """A moment as MLflow counts it: milliseconds since 1970."""
    counted: ColumnElement[Any] = func.floor(func.extract("epoch", column) * 1000)
    return counted


async def _have_default(db: Database, actor: Actor, project: int | str) -> None:
    """Have the experiment Default, which exists from the first search on."""
    await experiments.get(db, actor, project, 0)


def _in_view(view: View) -> ColumnElement[bool]:
    match view:
        case View.ACTIVE:
            return Experiment.deleted_at.is_(None)
        case View.DELETED:
            return Experiment.deleted_at.is_not(None)
        case View.ALL:
            return true()


def _condition(comparison: Comparison) -> ColumnElement[bool]:
    if comparison.entity is Entity.TAG:
        return sql.compare_in_json(Experiment.tags, comparison)
    if comparison.key == "name":
        return sql.compare_name(Experiment.name, comparison)
    columns: dict[str, Any] = {
        "experiment_id": Experiment.number,
        "creation_time": milliseconds(Experiment.created_at),
        "last_update_time": milliseconds(Experiment.updated_at),
    }
    return sql.compare(columns[comparison.key], comparison)


def _sort_keys(order_by: Sequence[str]) -> list[SortKey]:
    columns: dict[str, tuple[Any, type[Any]]] = {
        "name": (Experiment.name, str),
        "experiment_id": (Experiment.number, int),
        "creation_time": (Experiment.created_at, datetime),
        "last_update_time": (Experiment.updated_at, datetime),
    }
    keys = parse_order(order_by, grammars.EXPERIMENTS)
    sort_keys = [SortKey(*columns[key.key], descending=key.descending, nullable=False) for key in keys]
    if not sort_keys:
        sort_keys.append(SortKey(columns["creation_time"][0], datetime, descending=True, nullable=False))
    if any(key.key == "experiment_id" for key in keys):
        return sort_keys
    return [*sort_keys, SortKey(columns["experiment_id"][0], int, descending=bool(keys), nullable=False)]
