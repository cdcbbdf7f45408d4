"""Searches for candidates: MLflow's grammar (and the wider one) as SQL, in keyset pages.

Whatever the filter, the order and the size of the page: one statement finds the candidates, five fetch their details.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    select,
    true,
)
from sqlalchemy.orm import aliased

from app.access import policy, projects
from app.access.lists import Answers, ProjectLists
from app.access.policy import Actor, Permission
from app.db.database import Database
from app.errors import Invalid
from app.search import grammars, keyset, sql
from app.search.ast import Comparison, Entity, Operator, OrderKey
from app.search.keyset import Cut, Term
from app.search.order import parse_order
from app.search.parser import parse_filter
from app.tracking import details
from app.tracking.candidates import Status
from app.tracking.details import CandidateDetails, Listed
from app.tracking.tables import (
    Candidate,
    CandidateDataset,
    CandidateParam,
    CandidateTag,
    Dataset,
    LatestMetric,
)

MAX_PAGE = 50_000
CONTEXT_TAG = "mlflow.data.context"


class View(StrEnum):
    """Living candidates, those in the trash, or both."""

    ACTIVE = "ACTIVE_ONLY"
    DELETED = "DELETED_ONLY"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class SearchCandidates:
    """What to look for. ``extended`` allows OR, NOT and parentheses in the filter."""

    experiment_numbers: Sequence[int]
    filter: str = ""
    order_by: Sequence[str] = ()
    view: View = View.ACTIVE
    limit: int = 1_000
    page_token: str | None = None
    extended: bool = False


async def search(
    db: Database, actor: Actor, project: int | str, command: SearchCandidates
) -> tuple[list[CandidateDetails[Listed]], str | None]:
    """Candidates that match, and the token of the next page (None: this was the last).

    Raises:
        InvalidFilter, InvalidOrder: with the place in the text.
        Invalid: a page size or token that is not acceptable.
    """
    statement, cut = _planned(command)
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_READ)
        statement = statement.where(Candidate.project_id == access.id)
        page = keyset.apply(statement, cut.terms, cut.mark, cut.token, cut.limit)
        rows = (await snap.execute(page)).all()
        found = await details.of(snap, access.id, [row[0].id for row in rows[: command.limit]])
    return found, keyset.next_token(rows, cut.terms, cut.mark, cut.limit)


async def in_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], command: SearchCandidates
) -> Answers[tuple[list[Candidate], str | None]]:
    """The same search in several projects, without what was logged to the candidates.

    Raises:
        InvalidFilter, InvalidOrder, Invalid: as for :func:`search`.
    """
    statement, cut = _planned(command)
    lists, parent = ProjectLists(Permission.CANDIDATE_READ), (Candidate.project_id,)
    return await lists.searches(db, actor, keys, statement=statement, cut=cut, parent=parent, row=Candidate)


def _planned(command: SearchCandidates) -> tuple[Select[*tuple[Any, ...]], Cut]:
    check_limit(command.limit, MAX_PAGE)
    statement, terms = _compiled(command)
    mark = keyset.fingerprint(sorted(command.experiment_numbers), command.filter, command.order_by, command.view)
    return statement, Cut(terms, mark, command.page_token, command.limit)


def check_limit(limit: int, largest: int) -> None:
    """Refuse pages that make no sense.

    Raises:
        Invalid: not between 1 and ``largest``.
    """
    if not 1 <= limit <= largest:
        raise Invalid(
            f"Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer, "
            f"at most {largest}.",
            field="max_results",
        )


def _compiled(command: SearchCandidates) -> tuple[Select[*tuple[Any, ...]], list[Term]]:
    expression = parse_filter(command.filter, grammars.CANDIDATES, extended=command.extended)
    numbers = [number for number in command.experiment_numbers if 0 <= number < 2**63]
    statement = select(Candidate).where(
        Candidate.experiment_number.in_(numbers) if numbers else false(),
        Candidate.purge_at.is_(None),
        _in_view(command.view),
        sql.condition(expression, _condition),
    )
    terms: list[Term] = []
    for key in parse_order(command.order_by, grammars.CANDIDATES):
        statement, more = _sorted_by(statement, key)
        terms += more
    if not any(key.key == "start_time" for key in parse_order(command.order_by, grammars.CANDIDATES)):
        terms.append(Term(_column(Candidate.start_time), int, descending=True))
    return statement, [*terms, Term(_column(Candidate.id), UUID, nullable=False)]


def _in_view(view: View) -> ColumnElement[bool]:
    match view:
        case View.ACTIVE:
            return Candidate.deleted_at.is_(None)
        case View.DELETED:
            return Candidate.deleted_at.is_not(None)
        case View.ALL:
            return true()


def _condition(comparison: Comparison) -> ColumnElement[bool]:
    match comparison.entity:
        case Entity.ATTRIBUTE if comparison.key == "run_id":
            return _by_id(comparison)
        case Entity.ATTRIBUTE:
            return sql.compare(_attribute(comparison.key), comparison)
        case Entity.METRIC:
            return exists().where(
                *_of(LatestMetric, comparison.key), sql.compare_number(LatestMetric.value, comparison)
            )
        case Entity.PARAM:
            return _by_pair(CandidateParam, comparison)
        case Entity.TAG:
            return _by_pair(CandidateTag, comparison)
        case Entity.DATASET:
            return _by_dataset(comparison)


def _by_id(comparison: Comparison) -> ColumnElement[bool]:
    """Equality by the index; LIKE on the form that clients know: 32 hexadecimal digits."""
    if comparison.operator in {Operator.LIKE, Operator.ILIKE}:
        return sql.compare(func.replace(cast(Candidate.id, Text), "-", ""), comparison)
    given = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    ids = [id for text in given if (id := _uuid(str(text))) is not None]
    among = Candidate.id.in_(ids) if ids else false()
    return ~among if comparison.operator in {Operator.NE, Operator.NOT_IN} else among


def _by_pair(rows: type[CandidateParam | CandidateTag], comparison: Comparison) -> ColumnElement[bool]:
    has_key = exists().where(*_of(rows, comparison.key))
    if comparison.operator is Operator.IS_NULL:
        return ~has_key
    if comparison.operator is Operator.IS_NOT_NULL:
        return has_key
    return exists().where(*_of(rows, comparison.key), sql.compare(rows.value, comparison))


def _by_dataset(comparison: Comparison) -> ColumnElement[bool]:
    column: dict[str, SQLColumnExpression[Any]] = {
        "name": Dataset.name,
        "digest": Dataset.digest,
        "context": CandidateDataset.tags.op("->>")(CONTEXT_TAG),
    }
    return exists().where(
        CandidateDataset.project_id == Candidate.project_id,
        CandidateDataset.candidate_id == Candidate.id,
        Dataset.project_id == CandidateDataset.project_id,
        Dataset.id == CandidateDataset.dataset_id,
        sql.compare(column[comparison.key], comparison),
    )


def _of(rows: Any, key: str) -> tuple[ColumnElement[bool], ...]:
    return (rows.project_id == Candidate.project_id, rows.candidate_id == Candidate.id, rows.key == key)


def _attribute(key: str) -> ColumnElement[Any]:
    columns: dict[str, Any] = {
        "run_id": Candidate.id,
        "run_name": Candidate.name,
        "user_id": Candidate.user_name,
        "start_time": Candidate.start_time,
        "end_time": Candidate.end_time,
        "status": case({int(status): status.name for status in Status}, value=Candidate.status),
        "artifact_uri": func.concat(
            "mlflow-artifacts:/",
            Candidate.experiment_number,
            "/",
            func.replace(cast(Candidate.id, Text), "-", ""),
            "/artifacts",
        ),
    }
    return _column(columns[key])


def _sorted_by(statement: Select[*tuple[Any, ...]], key: OrderKey) -> tuple[Select[*tuple[Any, ...]], list[Term]]:
    match key.entity:
        case Entity.ATTRIBUTE:
            kinds = {"start_time": int, "end_time": int, "run_id": UUID}
            term = Term(_attribute(key.key), kinds.get(key.key, str), key.descending, nullable=key.key != "run_id")
            return statement, [term]
        case Entity.METRIC:
            metric = aliased(LatestMetric)
            statement = statement.outerjoin(metric, and_(*_of(metric, key.key)))
            # NaN stands after all numbers and before those who lack the metric, whatever the direction.
            rank = case((metric.value == sql.NAN, 1), (metric.value.is_(None), 2), else_=0)
            value = func.nullif(metric.value, sql.NAN)
            return statement, [Term(rank, int, nullable=False), Term(value, float, key.descending)]
        case _:
            pair: Any = aliased(CandidateParam if key.entity is Entity.PARAM else CandidateTag)
            statement = statement.outerjoin(pair, and_(*_of(pair, key.key)))
            return statement, [Term(pair.value, str, key.descending)]


def _column(column: Any) -> ColumnElement[Any]:
    """The expression of a mapped attribute, for code that knows expressions only."""
    expression: ColumnElement[Any] = column
    return expression


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(hex=text)
    except ValueError:
        return None
