"""Searches for models and versions: MLflow's grammar as SQL, in keyset pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
)

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.compiled import CompiledQuery
from app.db.database import Database
from app.registry import repository
from app.registry.names import PROMPT_TAG, VERSION_TAG
from app.registry.reads import details
from app.registry.reads.details import ModelDetails, VersionDetails
from app.registry.tables import Model, ModelVersion
from app.search import grammars, keyset, sql
from app.search.ast import And, Comparison, Entity, Expression, Not, Operator, Or, OrderKey
from app.search.grammars import Grammar
from app.search.keyset import PageRequest, SortKey
from app.search.order import parse_order
from app.search.parser import parse_filter
from app.tracking.search.candidate_search import check_limit

MAX_MODELS = 1_000
MAX_VERSIONS = 200_000

_EQUAL = {Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN}
_NONE: ColumnElement[str] = literal_column("''", Text)
"""No parameter: prepared statements find partial indexes by constants only."""
_NEGATIVE = {Operator.NE, Operator.NOT_IN}
_NO_PROMPTS = {(Operator.NE, "true"), (Operator.EQ, "false")}
"""The two ways in which clients ask for what is no prompt (MLflow REST: registered-models/search)."""


@dataclass(frozen=True, slots=True)
class SearchModels:
    """What to look for; without an order by name.

    ``hide_prompts``: leave out what MLflow keeps as prompts, unless the filter asks about them.
    """

    filter: str = ""
    order_by: Sequence[str] = ()
    limit: int = 100
    page_token: str | None = None
    hide_prompts: bool = False


@dataclass(frozen=True, slots=True)
class SearchVersions:
    """What to look for; without an order the last changed first."""

    filter: str = ""
    order_by: Sequence[str] = ()
    limit: int = 10_000
    page_token: str | None = None
    hide_prompts: bool = False


async def models(
    db: Database, actor: Actor, project: int | str, command: SearchModels
) -> tuple[list[ModelDetails], str | None]:
    """Models that match, and the token of the next page (None: this was the last).

    Raises:
        InvalidFilter, InvalidOrder: with the position in the text.
        Invalid: the token belongs to another search, or the limit is above 1,000.
    """
    check_limit(command.limit, MAX_MODELS)
    plan = _plan_of_models(_Key.of(actor, command))
    access = await repository.readable_project(db, actor, project)
    async with db.direct() as connection:
        rows, token = await plan.page(connection, access.id, _page(plan.sort_keys, command))
        return await details.with_latest(connection, access.id, rows), token


async def models_of_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], command: SearchModels
) -> Results[tuple[list[Model], str | None]]:
    """The same search in several projects.

    Raises:
        InvalidFilter, InvalidOrder, Invalid: as for :func:`models`.
    """
    check_limit(command.limit, MAX_MODELS)
    plan = _plan_of_models(_Key.of(actor, command))
    statement, page = plan.statement.with_only_columns(Model), _page(plan.sort_keys, command)
    return await _LISTS.searches(db, actor, keys, statement=statement, page=page, parent=(Model.project_id,), row=Model)


async def versions(
    db: Database, actor: Actor, project: int | str, command: SearchVersions
) -> tuple[list[VersionDetails], str | None]:
    """Versions of all models that match, and the token of the next page (None: this was the last).

    Raises:
        InvalidFilter, InvalidOrder: with the position in the text.
        Invalid: the token belongs to another search, or the limit is above 200,000.
    """
    check_limit(command.limit, MAX_VERSIONS)
    plan = _plan_of_versions(_Key.of(actor, command))
    access = await repository.readable_project(db, actor, project)
    async with db.direct() as connection:
        rows, token = await plan.page(connection, access.id, _page(plan.sort_keys, command))
        return await details.of_versions(connection, access.id, [row[0] for row in rows]), token


async def versions_of_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], command: SearchVersions
) -> Results[tuple[list[ModelVersion], str | None]]:
    """The same search in several projects.

    Raises:
        InvalidFilter, InvalidOrder, Invalid: as for :func:`versions`.
    """
    check_limit(command.limit, MAX_VERSIONS)
    plan = _plan_of_versions(_Key.of(actor, command))
    statement, page = plan.statement.with_only_columns(ModelVersion), _page(plan.sort_keys, command)
    return await _LISTS.searches(
        db, actor, keys, statement=statement, page=page, parent=(ModelVersion.project_id,), row=ModelVersion
    )


_LISTS = GuardedReads(Permission.REGISTRY_READ, of_models=True)


class _Plan:
    """What depends on filter and order alone: worked out once, and kept for the next page and the next request."""

    def __init__(
        self, statement: Select[*tuple[Any, ...]], project_id: ColumnElement[int], sort_keys: list[SortKey]
    ) -> None:
        self.statement = statement
        self.sort_keys = sort_keys
        self._here = statement.where(project_id == bindparam("of_project", None, type_=BigInteger))
        most: ColumnElement[int] = bindparam("most", None, type_=BigInteger)
        self._first = CompiledQuery(keyset.ordered(self._here, sort_keys).limit(most))

    async def page(
        self, connection: asyncpg.Connection, project_id: int, page: PageRequest
    ) -> tuple[list[Any], str | None]:
        """The rows of a page, and the token of the next one."""
        statement = self._first
        if page.token:
            statement = CompiledQuery(keyset.apply(self._here, page))
        rows = await statement.fetch(connection, of_project=project_id, most=page.limit + 1)
        return rows[: page.limit], keyset.next_token(rows, page)


class _Key(NamedTuple):
    """What a plan depends on."""

    filter: str
    order_by: tuple[str, ...]
    hide_prompts: bool
    patterns: tuple[str, ...] | None

    @classmethod
    def of(cls, actor: Actor, command: SearchModels | SearchVersions) -> _Key:
        return cls(command.filter, tuple(command.order_by), command.hide_prompts, actor.model_patterns)


@lru_cache(maxsize=64)
def _plan_of_models(key: _Key) -> _Plan:
    expression = parse_filter(key.filter, grammars.MODELS)
    condition = _unprompted(sql.condition(expression, _of_model), expression, Model.tags, key.hide_prompts)
    reached = repository.matching(key.patterns)
    statement = select(*details.MODEL).where(Model.deleted_at.is_(None), *reached, condition)
    return _Plan(statement, _column(Model.project_id), _model_terms(key.order_by))


@lru_cache(maxsize=64)
def _plan_of_versions(key: _Key) -> _Plan:
    expression = parse_filter(key.filter, grammars.MODEL_VERSIONS)
    condition = _unprompted(sql.condition(expression, _of_version), expression, ModelVersion.tags, key.hide_prompts)
    reached = repository.matching(key.patterns)
    statement = repository.all_living_versions().with_only_columns(ModelVersion.id).where(*reached, condition)
    return _Plan(statement, _column(ModelVersion.project_id), _version_terms(key.order_by))


def _column(column: Any) -> ColumnElement[int]:
    """The expression of a mapped attribute, for code that knows expressions only."""
    expression: ColumnElement[int] = column
    return expression


def _page(sort_keys: list[SortKey], command: SearchModels | SearchVersions) -> PageRequest:
    fingerprint = keyset.fingerprint(type(command).__name__, command.filter, tuple(command.order_by))
    return PageRequest(sort_keys, fingerprint, command.page_token, command.limit)


def _of_model(comparison: Comparison) -> ColumnElement[bool]:
    if comparison.entity is Entity.TAG:
        return _of_tag(Model.tags, comparison)
    return sql.compare_name(Model.name, comparison)


def _of_version(comparison: Comparison) -> ColumnElement[bool]:
    if comparison.entity is Entity.TAG:
        if comparison.key == VERSION_TAG:
            return sql.compare(ModelVersion.version, comparison)
        return _of_tag(ModelVersion.tags, comparison)
    match comparison.key:
        case "run_id":
            return _of_candidate(comparison)
        case "version_number":
            return sql.compare(ModelVersion.number, comparison)
        case "source_path":
            return sql.compare(ModelVersion.source, comparison)
        case _:
            return sql.compare_name(Model.name, comparison)


def _of_tag(column: Any, comparison: Comparison) -> ColumnElement[bool]:
    if comparison.key == PROMPT_TAG and (comparison.operator, comparison.value) in _NO_PROMPTS:
        # Clients of MLflow 3 add this to every search; what lacks the tag is no prompt and has to be found.
        return _is_no_prompt(column)
    return sql.compare_in_json(column, comparison)


def _is_no_prompt(tags: Any) -> ColumnElement[bool]:
    return func.coalesce(tags.op("->>")(PROMPT_TAG), "") != "true"


def _unprompted(
    condition: ColumnElement[bool], expression: Expression | None, tags: Any, hide_prompts: bool
) -> ColumnElement[bool]:
    """Prompts are models with a tag; clients that do not ask for them do not expect them."""
    if not hide_prompts or _asks_for_prompts(expression):
        return condition
    return and_(condition, _is_no_prompt(tags))


def _asks_for_prompts(expression: Expression | None) -> bool:
    match expression:
        case Comparison(entity=entity, key=key):
            return entity is Entity.TAG and key == PROMPT_TAG
        case And(operands) | Or(operands):
            return any(_asks_for_prompts(one) for one in operands)
        case Not(operand):
            return _asks_for_prompts(operand)
        case _:
            return False


def _of_candidate(comparison: Comparison) -> ColumnElement[bool]:
    """Run ids are 32 hexadecimal digits; a text that is none can only be the id of a run elsewhere."""
    if comparison.operator not in _EQUAL:
        own = func.replace(cast(ModelVersion.candidate_id, Text), "-", "")
        return sql.compare(func.coalesce(func.nullif(ModelVersion.foreign_run, ""), own), comparison)
    values = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    texts = [str(value) for value in values if value]
    ids = [id for text in texts if (id := _run_id(text))]
    ours = and_(ModelVersion.foreign_run == _NONE, ModelVersion.candidate_id == func.any(ids)) if ids else false()
    # The first half is what the partial index asks for.
    theirs = and_(ModelVersion.foreign_run != _NONE, ModelVersion.foreign_run == func.any(texts)) if texts else false()
    return not_(or_(ours, theirs)) if comparison.operator in _NEGATIVE else or_(ours, theirs)


def _run_id(text: str) -> UUID | None:
    try:
        id = UUID(hex=text)
    except ValueError:
        return None
    return id if id.hex == text else None


_MODEL_KEYS: dict[str, tuple[Any, type[Any]]] = {
    "name": (Model.name, str),
    "last_updated_timestamp": (Model.updated_at, datetime),
}
_VERSION_KEYS: dict[str, tuple[Any, type[Any]]] = {
    "name": (Model.name, str),
    "version_number": (ModelVersion.number, int),
    "creation_timestamp": (ModelVersion.created_at, datetime),
    "last_updated_timestamp": (ModelVersion.updated_at, datetime),
}


def _model_terms(order_by: Sequence[str]) -> list[SortKey]:
    return _terms(order_by, grammars.MODELS, _MODEL_KEYS, [OrderKey(Entity.ATTRIBUTE, "name")])


def _version_terms(order_by: Sequence[str]) -> list[SortKey]:
    default = [OrderKey(Entity.ATTRIBUTE, "name"), OrderKey(Entity.ATTRIBUTE, "version_number", descending=True)]
    if not order_by:
        default.insert(0, OrderKey(Entity.ATTRIBUTE, "last_updated_timestamp", descending=True))
    return _terms(order_by, grammars.MODEL_VERSIONS, _VERSION_KEYS, default)


def _terms(
    order_by: Sequence[str], grammar: Grammar, columns: dict[str, tuple[Any, type[Any]]], default: list[OrderKey]
) -> list[SortKey]:
    """The requested keys, then those of the default that are not among them: together they are unique."""
    requested = parse_order(order_by, grammar)
    names = {key.key for key in requested}
    keys = [*requested, *(key for key in default if key.key not in names)]
    return [SortKey(*columns[key.key], descending=key.descending, nullable=False) for key in keys]
