"""References turned into SQL: whatever the form, one statement finds the version by an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    LargeBinary,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    TableValuedAlias,
    Text,
    and_,
    bindparam,
    case,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import LateralFromClause

from app.registry.references.parse import AsOf, ByAlias, ByNumber, Exact, InRange, InStage, Latest, Reference
from app.registry.references.ranges import Interval, Range
from app.registry.references.semver import floor_key
from app.registry.stages.tables import ProjectStage, StageHolder, StageInterval
from app.registry.tables import READY, Alias, Model, ModelVersion, is_offered

_ABOVE_ALL = b"\xff"
"""Above every precedence: those begin with the length of a number, which is less."""


@dataclass(frozen=True, slots=True)
class Named:
    """A version by its model (id or name) and a reference."""

    model: int | str
    reference: Reference


Target: TypeAlias = int | Named
"""A version: by its id, or as it is named."""

_Moment: TypeAlias = ColumnElement[datetime]
_Segment: TypeAlias = tuple[bool, bytes, bytes]
"""Prereleases or releases, from the first key on and below the second."""


def chosen_id(reference: Reference) -> ScalarSelect[Any]:
    """The id of the version that the reference means within the model of the outer statement's row, or NULL."""
    match reference:
        case Exact(text):
            chosen = _scalar(_within_model().where(_INNER.version == text))
        case ByNumber(number):
            chosen = _scalar(_within_model().where(_INNER.number == number))
        case ByAlias(name):
            chosen = _standing(name)
        case InStage(name):
            chosen = _releases_first(_ready().where(_INNER.stage == _stage_key(name)))
        case Latest(prerelease):
            chosen = _highest_of_all() if prerelease else _releases_first(_ready())
        case InRange(range):
            chosen = _highest_in(range)
        case AsOf(meant, at):
            chosen = _chosen_as_of(meant, _moment(at))
    return chosen


def matches(reference: Reference) -> ColumnElement[bool]:
    """Whether a row of versions joined with its model is meant: all offered ones in a range or stage, or the chosen.

    As of a moment a stage is the one version that it stood for.
    """
    match reference:
        case InRange(range):
            return _in_range(range)
        case AsOf(InRange(range), at):
            return _in_range(range, _moment(at))
        case InStage(name):
            return and_(is_offered(ModelVersion), ModelVersion.stage == _stage_key(name))
        case _:
            return ModelVersion.id == chosen_id(reference)


@lru_cache(maxsize=512)
def of_model(reference: Reference, *, by_id: bool) -> Select[Model, ModelVersion]:
    """The model and, where there is one, the version; else None beside the model.

    The statement has the parameters ``of_project`` and ``of_model`` (an id or a name). It is kept, since putting it
    together takes longer than running it.
    """
    column: SQLColumnExpression[Any] = Model.id if by_id else Model.name
    same = and_(
        ModelVersion.project_id == Model.project_id,
        ModelVersion.id == chosen_id(reference),
        ModelVersion.deleted_at.is_(None),
    )
    return (
        select(Model, ModelVersion)
        .select_from(Model)
        .outerjoin(ModelVersion, same)
        .where(Model.project_id == bindparam("of_project"), column == bindparam("of_model"), Model.deleted_at.is_(None))
    )


_INNER = aliased(ModelVersion, name="v")
_ONE: ColumnElement[int] = literal_column("1")


def _chosen_as_of(reference: Reference, at: _Moment) -> ScalarSelect[Any]:
    """The same as of a moment, of versions that are there now; names are those of today, of retired stages, too.

    What a stage stood for does not depend on the state that its versions have had since.
    """
    match reference:
        case Exact(text):
            chosen = _scalar(_within_model().where(_INNER.version == text, _INNER.created_at <= at))
        case ByNumber(number):
            chosen = _scalar(_within_model().where(_INNER.number == number, _INNER.created_at <= at))
        case ByAlias(name):
            chosen = _stood_at(name, at)
        case InStage(name):
            chosen = _scalar(select(func.coalesce(_held_at(name, at), _begun_at(name, at))))
        case Latest(prerelease):
            every = [(True, b"", _ABOVE_ALL)], [(False, b"", _ABOVE_ALL)]
            each = [_highest_in_segments(segments, at=at) for segments in every]
            both = _highest_in_segments([*every[0], *every[1]], at=at)
            chosen = both if prerelease else _scalar(select(func.coalesce(each[1], each[0])))
        case InRange(range):
            chosen = _highest_in_segments(list(_segments(range)), range.exact, at)
        case AsOf():
            raise AssertionError("a reference names one moment")
    return chosen


def _moment(at: datetime) -> _Moment:
    return literal(at, DateTime(timezone=True))


def _offered(version: type[ModelVersion], at: _Moment | None) -> ColumnElement[bool]:
    """Whether ``latest``, ranges and stages may mean a version; as of a moment: that was there, and not yanked yet.

    Which state it had then is not kept; it has to be READY now.
    """
    if at is None:
        return is_offered(version)
    not_yanked = or_(version.yanked_at.is_(None), version.yanked_at > at)
    return and_(version.state == READY, version.created_at <= at, not_yanked)


def _stood_at(alias: str, at: _Moment) -> ScalarSelect[Any]:
    """One probe: the last interval of the name that began by then, if it had not ended."""
    return _scalar(
        select(_unless_ended(Alias, at))
        .where(
            Alias.project_id == Model.project_id,
            Alias.model_id == Model.id,
            Alias.name == alias,
            Alias.valid_from <= at,
        )
        .correlate(Model)
        .order_by(Alias.valid_from.desc())
        .limit(_ONE)
    )


def _held_at(stage: str, at: _Moment) -> ScalarSelect[Any]:
    """One probe: intervals of what a stage stands for follow each other."""
    return _scalar(
        select(_unless_ended(StageHolder, at))
        .where(
            StageHolder.project_id == Model.project_id,
            StageHolder.model_id == Model.id,
            StageHolder.stage_id == _scalar(_stage_of_any_time(stage).with_only_columns(ProjectStage.id)),
            StageHolder.valid_from <= at,
        )
        .correlate(Model)
        .order_by(StageHolder.valid_from.desc())
        .limit(_ONE)
    )


def _begun_at(stage: str, at: _Moment) -> ScalarSelect[Any]:
    """The highest version in the first stage, which has those that were not moved elsewhere, and no holders."""
    first = _scalar(_stage_of_any_time(stage).with_only_columns(ProjectStage.is_initial))
    elsewhere = (
        select(StageInterval.id)
        .join(
            ProjectStage,
            and_(ProjectStage.project_id == StageInterval.project_id, ProjectStage.id == StageInterval.stage_id),
        )
        .where(
            StageInterval.project_id == _INNER.project_id,
            StageInterval.version_id == _INNER.id,
            StageInterval.valid_from <= at,
            or_(StageInterval.valid_until.is_(None), StageInterval.valid_until > at),
            ~ProjectStage.is_initial,
        )
        .correlate(_INNER)
    )
    return _releases_first(_ready(at=at).where(first, ~elsewhere.exists()))


def _stage_of_any_time(name: str) -> Select[Any]:
    """The stage of that name; living ones come before retired ones, and a project's own names before MLflow's."""
    own = ProjectStage.name == name
    return (
        select(ProjectStage)
        .where(
            ProjectStage.project_id == Model.project_id,
            or_(own, ProjectStage.mlflow_name == name.capitalize()),
        )
        .correlate(Model)
        .order_by(ProjectStage.retired_at.desc().nulls_first(), own.desc())
        .limit(_ONE)
    )


def _unless_ended(interval: type[Alias | StageHolder], at: _Moment) -> ColumnElement[int | None]:
    return case((or_(interval.valid_until.is_(None), interval.valid_until > at), interval.version_id))


def _within_model(*others: FromClause) -> Select[Any]:
    return (
        select(_INNER.id)
        .where(_INNER.project_id == Model.project_id, _INNER.model_id == Model.id, _INNER.deleted_at.is_(None))
        .correlate(Model, *others)
    )


def _ready(*others: FromClause, at: _Moment | None = None) -> Select[Any]:
    """Versions that ranges, stages and ``latest`` may mean: not yanked, with files that are complete and sound."""
    return _within_model(*others).where(_offered(_INNER, at))


def _scalar(statement: Select[Any]) -> ScalarSelect[Any]:
    return statement.scalar_subquery()


def _highest_of_all() -> ScalarSelect[Any]:
    """The higher one of the highest release and the highest prerelease: a probe of the index for each."""
    return _highest_in_segments([(prerelease, b"", _ABOVE_ALL) for prerelease in (False, True)])


def _releases_first(statement: Select[Any]) -> ScalarSelect[Any]:
    """A prerelease only when there is no release: one probe of an index that has releases above prereleases."""
    order = (_INNER.is_prerelease, _INNER.precedence.desc(), _INNER.number.desc())
    return _scalar(statement.order_by(*order).limit(_ONE))


def _stage_key(name: str) -> ScalarSelect[Any]:
    """What ``model_versions.stage`` has for the stage of that name; its own names come before MLflow's."""
    own = ProjectStage.name == name
    return _scalar(
        select(ProjectStage.key)
        .where(
            ProjectStage.project_id == Model.project_id,
            ProjectStage.retired_at.is_(None),
            or_(own, ProjectStage.mlflow_name == name.capitalize()),
        )
        .correlate(Model)
        .order_by(own.desc())
        .limit(_ONE)
    )


def _standing(alias: str) -> ScalarSelect[Any]:
    return _scalar(
        select(Alias.version_id)
        .where(
            Alias.project_id == Model.project_id,
            Alias.model_id == Model.id,
            Alias.name == alias,
            Alias.valid_until.is_(None),
        )
        .correlate(Model)
    )


def _highest_in(range: Range) -> ScalarSelect[Any]:
    return _highest_in_segments(list(_segments(range)), range.exact)


def _highest_in_segments(
    given: list[_Segment], exact: Sequence[str] = (), at: _Moment | None = None
) -> ScalarSelect[Any]:
    """The best of each segment by one probe of the index, and of those the best; of equal ones one of ``exact``."""
    segments = _table(given)
    best = _best_of_segment(segments, at)
    return _scalar(
        select(func.coalesce(_named(exact, best, at), best.c.id) if exact else best.c.id)
        .select_from(segments.join(best, true()))
        .correlate(Model)
        .order_by(best.c.precedence.desc(), best.c.number.desc())
        .limit(1)
    )


def _named(exact: Sequence[str], best: LateralFromClause, at: _Moment | None) -> ScalarSelect[Any]:
    """Among the versions that differ from the best by their builds alone one that is named in full."""
    named = _ready(best, at=at).where(
        _INNER.version == func.any(literal(list(exact), ARRAY(Text))), _INNER.precedence == best.c.precedence
    )
    return _scalar(named.order_by(_INNER.number.desc()).limit(_ONE))


def _best_of_segment(segments: TableValuedAlias, at: _Moment | None) -> LateralFromClause:
    return (
        select(_INNER.id, _INNER.precedence, _INNER.number)
        .where(
            _INNER.project_id == Model.project_id,
            _INNER.model_id == Model.id,
            _INNER.deleted_at.is_(None),
            _offered(_INNER, at),
            _INNER.is_prerelease == segments.c.prerelease,
            _INNER.precedence >= segments.c.low,
            _INNER.precedence < segments.c.high,
        )
        .correlate(Model, segments)
        .order_by(_INNER.precedence.desc(), _INNER.number.desc())
        .limit(1)
        .lateral("best")
    )


def _in_range(range: Range, at: _Moment | None = None) -> ColumnElement[bool]:
    """Any of the segments; the outermost bounds stand beside them, so that a page reads no more of the index."""
    segments = list(_segments(range))
    if not segments:
        return literal(False)
    inside = [
        and_(ModelVersion.is_prerelease.is_(prerelease), ModelVersion.precedence >= low, ModelVersion.precedence < high)
        for prerelease, low, high in segments
    ]
    return and_(
        _offered(ModelVersion, at),
        ModelVersion.precedence >= min(low for _, low, _ in segments),
        ModelVersion.precedence < max(high for _, _, high in segments),
        or_(*inside),
    )


def _table(segments: list[_Segment]) -> TableValuedAlias:
    return (
        func.unnest(
            literal([prerelease for prerelease, _, _ in segments], ARRAY(Boolean)),
            literal([low for _, low, _ in segments], ARRAY(LargeBinary)),
            literal([high for _, _, high in segments], ARRAY(LargeBinary)),
        )
        .table_valued(column("prerelease", Boolean), column("low", LargeBinary), column("high", LargeBinary), name="s")
        .render_derived()
    )


def _segments(range: Range) -> Iterator[_Segment]:
    for interval in range.intervals:
        low, high = _bounds(interval)
        yield False, low, high
        for first, end in interval.prerelease_windows:
            if max(first, low) < min(end, high):
                yield True, max(first, low), min(end, high)


def _bounds(interval: Interval) -> tuple[bytes, bytes]:
    """As a half-open interval: no bytes lie between a key and the key followed by a zero."""
    low = floor_key(0, 0, 0) if interval.lower is None else interval.lower
    high = _ABOVE_ALL if interval.upper is None else interval.upper
    excluded = interval.lower is not None and not interval.lower_inclusive
    included = interval.upper is not None and interval.upper_inclusive
    return (low + b"\0" if excluded else low), (high + b"\0" if included else high)
