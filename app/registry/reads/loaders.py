"""Models, versions and aliases of many parents at once: statements do not grow with the parents.

Keys begin with the project. Answers come in the order of the keys, an error instead of what may not be read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import Select, exists, select

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database
from app.errors import Forbidden, Unauthenticated
from app.pagination import Keyset, Page, Window
from app.registry import repository
from app.registry.names import alias_key
from app.registry.reads import latest
from app.registry.references import resolve
from app.registry.references.parse import Reference
from app.registry.tables import Alias as Alias
from app.registry.tables import Model, ModelVersion
from app.registry.trash import retention
from app.search import sql
from app.tracking.search.candidate_search import View as View

T = TypeVar("T")
ModelKey: TypeAlias = tuple[int, int]
VersionKey: TypeAlias = tuple[int, int]
CandidateKey: TypeAlias = tuple[int, UUID]

_LISTS = GuardedReads(Permission.REGISTRY_READ, of_models=True)
_TRASH = GuardedReads(Permission.REGISTRY_WRITE, of_models=True)
_MODEL = (Model.project_id, Model.id)
_VERSION = (ModelVersion.project_id, ModelVersion.id)
_OF_MODEL = (ModelVersion.project_id, ModelVersion.model_id)

_HISTORY: Keyset[Alias] = Keyset(
    "alias history", (Alias.valid_from, Alias.id), lambda alias: (alias.valid_from, alias.id), descending=True
)


class ModelSort(StrEnum):
    """By what models are ordered."""

    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"


@dataclass(frozen=True, slots=True)
class ModelOrder:
    """The order of a list of models."""

    by: ModelSort = ModelSort.NAME
    descending: bool = False


class VersionSort(StrEnum):
    """By what versions are ordered."""

    PRECEDENCE = "PRECEDENCE"
    CREATED_AT = "CREATED_AT"
    NUMBER = "NUMBER"


@dataclass(frozen=True, slots=True)
class VersionList:
    """Which versions of a model, and in which order; text is looked for in the version itself.

    ``view``: those in the trash; ``ALL`` of a model in the trash has those that would be restored with it, too.
    """

    by: VersionSort = VersionSort.PRECEDENCE
    descending: bool = True
    reference: Reference | None = None
    text: str = ""
    view: View = View.ACTIVE


async def models_of_projects(
    db: Database,
    actor: Actor,
    keys: Sequence[tuple[int]],
    window: Window,
    *,
    text: str,
    order: ModelOrder,
    view: View = View.ACTIVE,
) -> Results[Page[Model]]:
    """Models of each project; those in the trash are for callers who may restore them, others see none there."""

    async def pages(reads: GuardedReads, view: View) -> Results[Page[Model]]:
        return await reads.pages(
            db,
            actor,
            keys,
            window,
            statement=_models(actor, text, view),
            order=_model_keyset(order),
            row=Model,
            parent=(Model.project_id,),
        )

    return await _with_trash(pages, view, Page())


async def count_models_of_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], *, text: str, view: View = View.ACTIVE
) -> Results[int]:
    """How many models each project has."""

    async def counts(reads: GuardedReads, view: View) -> Results[int]:
        return await reads.counts(db, actor, keys, statement=_models(actor, text, view), parent=(Model.project_id,))

    return await _with_trash(counts, view, 0)


async def models_by_keys(db: Database, actor: Actor, keys: Sequence[ModelKey]) -> Results[Model | None]:
    """Models by id; None where there is none."""
    return await _LISTS.singles(db, actor, keys, statement=_models(actor), parent=_MODEL)


async def models_of_experiments(db: Database, actor: Actor, keys: Sequence[ModelKey]) -> Results[Model | None]:
    """The model that each experiment belongs to; None where it belongs to none."""
    parent = (Model.project_id, Model.experiment_number)
    return await _LISTS.singles(db, actor, keys, statement=_models(actor), parent=parent)


async def versions_of_models(
    db: Database, actor: Actor, keys: Sequence[ModelKey], window: Window, query: VersionList
) -> Results[Page[ModelVersion]]:
    """Versions of each model; those in the trash are for callers who may restore them."""

    async def pages(reads: GuardedReads, view: View) -> Results[Page[ModelVersion]]:
        return await reads.pages(
            db,
            actor,
            keys,
            window,
            statement=_listed(actor, query, view),
            order=_order(query),
            row=ModelVersion,
            parent=_OF_MODEL,
        )

    return await _with_trash(pages, query.view, Page())


async def count_versions_of_models(
    db: Database, actor: Actor, keys: Sequence[ModelKey], query: VersionList
) -> Results[int]:
    """How many versions each model has."""

    async def counts(reads: GuardedReads, view: View) -> Results[int]:
        return await reads.counts(db, actor, keys, statement=_listed(actor, query, view), parent=_OF_MODEL)

    return await _with_trash(counts, query.view, 0)


async def latest_of_models(db: Database, actor: Actor, keys: Sequence[ModelKey]) -> Results[ModelVersion | None]:
    """The highest release of each model, or its highest prerelease when there is no release."""
    statement, version = latest.of_models()
    statement = statement.with_only_columns(version).where(*repository.within(actor))
    return await _LISTS.singles(db, actor, keys, statement=statement, parent=_MODEL)


async def versions_by_keys(db: Database, actor: Actor, keys: Sequence[VersionKey]) -> Results[ModelVersion | None]:
    """Versions by id; None where there is none."""
    return await _LISTS.singles(db, actor, keys, statement=_versions(actor), parent=_VERSION)


async def versions_of_candidates(
    db: Database, actor: Actor, keys: Sequence[CandidateKey]
) -> Results[list[ModelVersion]]:
    """Versions that were made from each candidate, newest first."""
    statement = _versions(actor).order_by(ModelVersion.id.desc())
    return await _LISTS.groups(
        db, actor, keys, statement=statement, parent=(ModelVersion.project_id, ModelVersion.candidate_id)
    )


async def versions_of_logged_models(
    db: Database, actor: Actor, keys: Sequence[CandidateKey]
) -> Results[list[ModelVersion]]:
    """Versions that were made from each logged model, newest first."""
    statement = _versions(actor).order_by(ModelVersion.id.desc())
    return await _LISTS.groups(
        db, actor, keys, statement=statement, parent=(ModelVersion.project_id, ModelVersion.logged_model_id)
    )


async def aliases_of_models(db: Database, actor: Actor, keys: Sequence[ModelKey]) -> Results[list[Alias]]:
    """The current aliases of each model, by name."""
    return await _LISTS.groups(db, actor, keys, statement=_aliases(actor), parent=(Alias.project_id, Alias.model_id))


async def history_of_aliases(
    db: Database, actor: Actor, keys: Sequence[ModelKey], window: Window, *, name: str
) -> Results[Page[Alias]]:
    """What the alias of that name has pointed to in each model, latest first; versions may be deleted since."""
    statement, parent = _of_alias(actor).where(Alias.name == alias_key(name)), (Alias.project_id, Alias.model_id)
    return await _LISTS.pages(db, actor, keys, window, statement=statement, order=_HISTORY, row=Alias, parent=parent)


async def aliases_of_versions(db: Database, actor: Actor, keys: Sequence[VersionKey]) -> Results[list[Alias]]:
    """The current aliases of each version, by name."""
    return await _LISTS.groups(db, actor, keys, statement=_aliases(actor), parent=(Alias.project_id, Alias.version_id))


async def _with_trash(read: Callable[[GuardedReads, View], Awaitable[Results[T]]], view: View, empty: T) -> Results[T]:
    """What a view shows to those who may restore, and to others what there is without the trash."""
    if view is View.ACTIVE:
        return await read(_LISTS, view)
    results = await read(_TRASH, view)
    refused = [isinstance(one, Forbidden | Unauthenticated) for one in results]
    if not any(refused):
        return results
    shown: Results[T] = [empty] * len(results) if view is View.DELETED else await read(_LISTS, View.ACTIVE)
    return [other if is_refused else one for one, other, is_refused in zip(results, shown, refused, strict=True)]


def _model_keyset(order: ModelOrder) -> Keyset[Model]:
    name = f"models:{order.by}:{order.descending}"
    match order.by:
        case ModelSort.NAME:
            return Keyset(name, (Model.name,), lambda model: (model.name,), order.descending)
        case ModelSort.CREATED_AT:
            columns = (Model.created_at, Model.id)
            return Keyset(name, columns, lambda model: (model.created_at, model.id), order.descending)
        case ModelSort.UPDATED_AT:
            columns = (Model.updated_at, Model.id)
            return Keyset(name, columns, lambda model: (model.updated_at, model.id), order.descending)


def _models(actor: Actor, text: str = "", view: View = View.ACTIVE) -> Select[Model]:
    statement = select(Model).where(retention.in_view(Model, view), *repository.within(actor))
    return statement.where(sql.contains(Model.name, text)) if text else statement


def _versions(actor: Actor) -> Select[ModelVersion]:
    return repository.all_living_versions().where(*repository.within(actor))


def _versions_in_trash(actor: Actor, view: View) -> Select[ModelVersion]:
    """Also versions of a model that is in the trash itself."""
    of_model = (Model.project_id == ModelVersion.project_id) & (Model.id == ModelVersion.model_id)
    seen = (retention.in_view(ModelVersion, view), retention.in_view(Model, View.ALL))
    return select(ModelVersion).join(Model, of_model).where(*seen, *repository.within(actor))


def _listed(actor: Actor, query: VersionList, view: View) -> Select[ModelVersion]:
    statement = _versions(actor) if view is View.ACTIVE else _versions_in_trash(actor, view)
    if query.reference is not None:
        statement = statement.where(resolve.matches(query.reference))
    if query.text:
        statement = statement.where(ModelVersion.version.contains(query.text, autoescape=True))
    return statement


def _aliases(actor: Actor) -> Select[Alias]:
    return _of_alias(actor).where(Alias.valid_until.is_(None)).order_by(Alias.name)


def _of_alias(actor: Actor) -> Select[Alias]:
    if actor.model_patterns is None:
        return select(Alias)
    mine = (Model.project_id == Alias.project_id, Model.id == Alias.model_id)
    return select(Alias).where(exists().where(*mine, *repository.within(actor)))


def _order(query: VersionList) -> Keyset[ModelVersion]:
    name = f"versions:{query.by}:{query.descending}"
    match query.by:
        case VersionSort.PRECEDENCE:
            columns = (ModelVersion.precedence, ModelVersion.number)
            return Keyset(name, columns, lambda row: (row.precedence, row.number), query.descending)
        case VersionSort.CREATED_AT:
            dates = (ModelVersion.created_at, ModelVersion.id)
            return Keyset(name, dates, lambda row: (row.created_at, row.id), query.descending)
        case VersionSort.NUMBER:
            return Keyset(name, (ModelVersion.number,), lambda row: (row.number,), query.descending)
