"""Searches for logged models: MLflow's grammar as SQL, in keyset pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, exists, false, func, or_, select, true
from sqlalchemy.orm import aliased

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database
from app.errors import Invalid
from app.search import grammars, keyset, sql
from app.search.ast import Comparison, Entity, Operator, OrderKey
from app.search.keyset import PageRequest, SortKey
from app.search.order import distinct
from app.search.parser import parse_filter
from app.text import normalized
from app.tracking import logged_models
from app.tracking.logged_models import LoggedModelDetails
from app.tracking.search.candidate_search import check_limit
from app.tracking.search.experiment_search import milliseconds
from app.tracking.tables import LoggedModel, LoggedModelMetric

MAX_PAGE = 1_000
_STATUS = {1: "PENDING", 2: "READY", 3: "FAILED"}


@dataclass(frozen=True, slots=True)
class SearchLoggedModels:
    """What to look for. ``datasets`` (name, digest or None) narrow which metrics count in the filter."""

    experiment_numbers: Sequence[int]
    filter: str = ""
    datasets: Sequence[tuple[str, str | None]] = ()
    order_by: Sequence[OrderKey] = ()
    limit: int = 50
    page_token: str | None = None


_TOKEN_PARTS = (
    "Experiment IDs in the page token do not match the requested experiment IDs",
    "Filter string in the page token does not match the requested filter string",
    "Order by in the page token does not match the requested order by",
)


async def search(
    db: Database, actor: Actor, project: int | str, command: SearchLoggedModels
) -> tuple[list[LoggedModelDetails], str | None]:
    """Logged models that match, and the token of the next page (None: this was the last).

    Raises:
        InvalidFilter, InvalidOrder: with the position in the text.
    """
    statement, page = _planned(command)
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_READ)
        statement = statement.where(LoggedModel.project_id == access.id)
        rows = (await snap.execute(keyset.apply(statement, page))).all()
        models = await logged_models.details_of(snap, access.id, [row[0] for row in rows[: command.limit]])
    return models, keyset.next_token(rows, page)


async def in_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], command: SearchLoggedModels
) -> Results[tuple[list[LoggedModel], str | None]]:
    """The same search in several projects, without the metrics of the logged models.

    Raises:
        InvalidFilter, InvalidOrder: with the position in the text.
    """
    statement, page = _planned(command)
    lists, parent = GuardedReads(Permission.CANDIDATE_READ), (LoggedModel.project_id,)
    return await lists.searches(db, actor, keys, statement=statement, page=page, parent=parent, row=LoggedModel)


def _planned(command: SearchLoggedModels) -> tuple[Select[*tuple[Any, ...]], PageRequest]:
    check_limit(command.limit, MAX_PAGE)
    statement, sort_keys = _compiled(command)
    fingerprints = [
        keyset.fingerprint(sorted(command.experiment_numbers)),
        keyset.fingerprint(command.filter),
        keyset.fingerprint(command.datasets, command.order_by),
    ]
    if command.page_token:
        _check_token(command.page_token, fingerprints)
    return statement, PageRequest(sort_keys, ".".join(fingerprints), command.page_token, command.limit)


def _check_token(token: str, fingerprints: Sequence[str]) -> None:
    """Say in which part a token's search differs from this one (MLflow: the same sentences)."""
    given = keyset.fingerprint_of(token).split(".")
    if len(given) != len(fingerprints):
        return  # not a token of such a search at all: reading the page refuses it
    for differs, theirs, ours in zip(_TOKEN_PARTS, given, fingerprints, strict=True):
        if theirs != ours:
            raise Invalid(f"{differs}. Search for the next page as for the first one.", field="page_token")


def _compiled(command: SearchLoggedModels) -> tuple[Select[*tuple[Any, ...]], list[SortKey]]:
    expression = parse_filter(command.filter, grammars.LOGGED_MODELS)
    numbers = [number for number in command.experiment_numbers if 0 <= number < 2**63]

    def compile_one(comparison: Comparison) -> ColumnElement[bool]:
        return _condition(comparison, command.datasets)

    statement = select(LoggedModel).where(
        LoggedModel.experiment_number.in_(numbers) if numbers else false(),
        LoggedModel.purge_at.is_(None),
        LoggedModel.deleted_at.is_(None),
        sql.condition(expression, compile_one),
        _measured_on_any(command.datasets),
    )
    sort_keys: list[SortKey] = []
    for key in distinct(command.order_by):
        statement, more = _sorted_by(statement, key)
        sort_keys += more
    if not any(key.key == "creation_timestamp" for key in command.order_by):
        sort_keys.append(SortKey(_any(LoggedModel.created_at), datetime, descending=True, nullable=False))
    return statement, [*sort_keys, SortKey(_any(LoggedModel.id), UUID, nullable=False)]


def _condition(comparison: Comparison, datasets: Sequence[tuple[str, str | None]]) -> ColumnElement[bool]:
    match comparison.entity:
        case Entity.METRIC:
            metric = LoggedModelMetric
            return exists().where(
                *_of(metric, comparison.key),
                sql.compare_number(metric.value, comparison),
                or_(*(_measured_on(metric, *dataset) for dataset in datasets)) if datasets else true(),
            )
        case Entity.PARAM:
            return sql.compare_in_json(LoggedModel.params, comparison)
        case Entity.TAG:
            return sql.compare_in_json(LoggedModel.tags, comparison)
        case _ if comparison.key in {"model_id", "source_run_id"}:
            return _by_id(comparison)
        case _ if comparison.key == "name":
            return sql.compare_name(_any(LoggedModel.name), comparison)
        case _:
            return sql.compare(_attribute(comparison.key), comparison)


def _by_id(comparison: Comparison) -> ColumnElement[bool]:
    of_model = comparison.key == "model_id"
    column = LoggedModel.id if of_model else LoggedModel.source_candidate_id
    if comparison.operator in {Operator.LIKE, Operator.ILIKE}:
        return sql.compare(_attribute(comparison.key), comparison)
    given = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    ids = [id for text in given if (id := _uuid(str(text), "m-" if of_model else "")) is not None]
    among: ColumnElement[bool] = column.in_(ids) if ids else false()
    if not of_model:
        among = or_(func.coalesce(among, false()), LoggedModel.foreign_run.in_([str(text) for text in given if text]))
    return ~among if comparison.operator in {Operator.NE, Operator.NOT_IN} else among


def _attribute(key: str) -> ColumnElement[Any]:
    columns: dict[str, Any] = {
        "name": LoggedModel.name,
        "model_id": func.concat("m-", func.replace(cast(LoggedModel.id, Text), "-", "")),
        "model_type": LoggedModel.model_type,
        "source_run_id": func.coalesce(
            func.replace(cast(LoggedModel.source_candidate_id, Text), "-", ""), LoggedModel.foreign_run
        ),
        "status": case(_STATUS, value=LoggedModel.status),
        "creation_timestamp": milliseconds(LoggedModel.created_at),
        "last_updated_timestamp": milliseconds(LoggedModel.updated_at),
    }
    return _any(columns[key])


def _sorted_by(statement: Select[*tuple[Any, ...]], key: OrderKey) -> tuple[Select[*tuple[Any, ...]], list[SortKey]]:
    if key.entity is Entity.ATTRIBUTE:
        moments = {"creation_timestamp": LoggedModel.created_at, "last_updated_timestamp": LoggedModel.updated_at}
        if key.key in moments:
            return statement, [SortKey(_any(moments[key.key]), datetime, key.descending, nullable=False)]
        return statement, [SortKey(_attribute(key.key), str, key.descending)]
    metric = aliased(LoggedModelMetric)
    narrowed = _measured_on(metric, key.dataset_name, key.dataset_digest)
    ranked = (
        select(metric.value)
        .where(*_of(metric, key.key), narrowed)
        .order_by(metric.timestamp.desc(), metric.step.desc())
        .limit(1)
        .correlate(LoggedModel)
        .scalar_subquery()
    )
    rank = case((ranked == sql.NAN, 1), (ranked.is_(None), 2), else_=0)
    value = func.nullif(ranked, sql.NAN)
    return statement, [SortKey(rank, int, nullable=False), SortKey(value, float, key.descending)]


def _of(metric: Any, key: str) -> tuple[ColumnElement[bool], ...]:
    return (
        metric.project_id == LoggedModel.project_id,
        metric.logged_model_id == LoggedModel.id,
        metric.key == key,
    )


def _measured_on_any(datasets: Sequence[tuple[str, str | None]]) -> ColumnElement[bool]:
    """Models of which something was measured on one of the data sets."""
    if not datasets:
        return true()
    metric = LoggedModelMetric
    return exists().where(
        metric.project_id == LoggedModel.project_id,
        metric.logged_model_id == LoggedModel.id,
        or_(*(_measured_on(metric, *dataset) for dataset in datasets)),
    )


def _measured_on(metric: Any, name: str | None, digest: str | None) -> ColumnElement[bool]:
    """On the data set of that name and digest; what is not given does not matter."""
    named = metric.dataset_name == normalized(name) if name else true()
    return and_(named, metric.dataset_digest == digest if digest else true())


def _any(column: Any) -> ColumnElement[Any]:
    """The expression of a mapped attribute, for code that knows expressions only."""
    expression: ColumnElement[Any] = column
    return expression


def _uuid(text: str, prefix: str) -> UUID | None:
    try:
        return UUID(hex=text.removeprefix(prefix)) if text.startswith(prefix) else None
    except ValueError:
        return None
