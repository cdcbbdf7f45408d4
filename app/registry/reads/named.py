"""Parts of the search over names: what of a kind has a text in its name, in one project or in several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    SQLColumnExpression,
    Text,
    and_,
    cast,
    exists,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union,
)

from app.registry.tables import Alias, Model, ModelVersion
from app.search import sql
from app.text import normalized
from app.tracking.candidates import Candidate
from app.tracking.experiments import Experiment

AnySelect: TypeAlias = Select[*tuple[Any, ...]]
_LIVING = (ModelVersion.deleted_at.is_(None), Model.deleted_at.is_(None))
_SAME_MODEL = and_(Model.project_id == ModelVersion.project_id, Model.id == ModelVersion.model_id)


@dataclass(frozen=True, slots=True)
class InOne:
    """One project, in which versions are found by any part of the SemVer."""

    project_id: int

    def holds(self, column: SQLColumnExpression[int]) -> ColumnElement[bool]:
        """Whether the project of a row is meant."""
        return column == self.project_id

    def is_version(self, text: str) -> ColumnElement[bool]:
        """Whether a version is called so."""
        return sql.contains(ModelVersion.version, text)


@dataclass(frozen=True, slots=True)
class InSeveral:
    """The projects of a statement, in which versions are found by the beginning of the SemVer: a range of an index."""

    project_ids: Select[int]

    def holds(self, column: SQLColumnExpression[int]) -> ColumnElement[bool]:
        """Whether the project of a row is meant."""
        return column.in_(self.project_ids)

    def is_version(self, text: str) -> ColumnElement[bool]:
        """Whether a version is called so."""
        return _begins(ModelVersion.version, text)


def models(kind: int, scope: InOne | InSeveral, text: str) -> AnySelect:
    """Living models with the text in their name."""
    mine = (scope.holds(Model.project_id), Model.deleted_at.is_(None), sql.contains(Model.name, text))
    return _part(kind, Model.project_id, Model.name, Model.id).where(*mine)


def versions(kind: int, scope: InOne | InSeveral, text: str) -> AnySelect:
    """Living versions by SemVer, by an alias that points at them, or as `model@…`."""
    part = _part(kind, ModelVersion.project_id, ModelVersion.version, ModelVersion.id).join(Model, _SAME_MODEL)
    key = tuple_(ModelVersion.project_id, ModelVersion.id)
    return part.where(*_LIVING, scope.holds(ModelVersion.project_id), key.in_(_version_keys(scope, text)))


def experiments(kind: int, scope: InOne | InSeveral, condition: ColumnElement[bool]) -> AnySelect:
    """Experiments of a condition of :mod:`app.tracking.reads.by_name`."""
    part = _part(kind, Experiment.project_id, Experiment.name, Experiment.number)
    return part.where(scope.holds(Experiment.project_id), condition)


def candidates(kind: int, scope: InOne | InSeveral, condition: ColumnElement[bool]) -> AnySelect:
    """Candidates of a condition of :mod:`app.tracking.reads.by_name`."""
    part = _part(kind, Candidate.project_id, Candidate.name, Candidate.id)
    return part.where(scope.holds(Candidate.project_id), condition)


def _version_keys(scope: InOne | InSeveral, text: str) -> CompoundSelect[Any]:
    by_version = select(ModelVersion.project_id, ModelVersion.id).where(
        ModelVersion.deleted_at.is_(None), scope.is_version(text)
    )
    by_alias = select(Alias.project_id, Alias.version_id).where(
        Alias.valid_until.is_(None), sql.contains(Alias.name, text)
    )
    named = [by_alias.where(scope.holds(Alias.project_id))]
    if text[0].isdigit() or isinstance(scope, InOne):
        # A SemVer begins with a digit.
        named.append(by_version.where(scope.holds(ModelVersion.project_id)))
    model, at, reference = (piece.strip() for piece in text.rpartition("@"))
    if at and model and reference:
        named.append(_of_model(scope, model, reference))
    return union(*named)


def _of_model(scope: InOne | InSeveral, model: str, reference: str) -> AnySelect:
    aliased = exists().where(
        Alias.project_id == ModelVersion.project_id,
        Alias.model_id == ModelVersion.model_id,
        Alias.version_id == ModelVersion.id,
        Alias.valid_until.is_(None),
        Alias.name == normalized(reference),
    )
    meant = [_begins(ModelVersion.version, reference), aliased]
    if reference.isascii() and reference.isdigit() and len(reference) < len(str(2**63)):
        meant.append(ModelVersion.number == literal(int(reference), BigInteger))
    of_models = select(ModelVersion.project_id, ModelVersion.id).join(Model, _SAME_MODEL)
    return of_models.where(*_LIVING, scope.holds(Model.project_id), sql.contains(Model.name, model), or_(*meant))


def _begins(column: SQLColumnExpression[str], text: str) -> ColumnElement[bool]:
    beginning = normalized(text)
    after = sql.after_all(beginning)
    return column >= beginning if after is None else and_(column >= beginning, column < after)


def _part(kind: int, project_id: Any, name: Any, id: Any) -> AnySelect:
    number = literal_column(str(int(kind)), Integer).label("kind")
    return select(number, project_id.label("project_id"), name.label("name"), cast(id, Text).label("id"))
