"""One search over all that a project holds: models, versions, experiments and candidates by a text in their names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import (
    Integer,
    Select,
    Text,
    and_,
    cast,
    func,
    literal_column,
    select,
    union_all,
)

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Snapshot
from app.errors import Invalid
from app.pagination import Keyset, Page, Window
from app.registry import repository
from app.registry.tables import Model, ModelVersion
from app.search import sql
from app.tracking.candidates import Candidate
from app.tracking.experiments import Experiment
from app.tracking.reads import by_name

MAX_TEXT = 255
AnySelect: TypeAlias = Select[*tuple[Any, ...]]


class Kind(IntEnum):
    """The kind of a match; matches are listed in this order."""

    MODEL = 1
    MODEL_VERSION = 2
    EXPERIMENT = 3
    CANDIDATE = 4


@dataclass(frozen=True, slots=True)
class Match:
    """One match: its kind, its project, its name, and its id or number as text."""

    kind: Kind
    project_id: int
    name: str
    id: str

    @property
    def number(self) -> int:
        """The id or number of everything but candidates."""
        return int(self.id)

    @property
    def uuid(self) -> UUID:
        """The id of a candidate."""
        return UUID(self.id)


async def search(db: Database, actor: Actor, project: int | str, text: str, window: Window) -> Page[Match]:
    """What has the text in its name, whatever the case, by kind and name; candidates by their UUID, too.

    Only what the actor may see: a part of the project that is switched off is left out.

    Raises:
        ProjectNotFound: there is no such project, or it may not be seen.
        Invalid: the text is empty or longer than 255 characters.
    """
    async with db.read() as snap:
        matching = (await _matching(snap, actor, project, text)).subquery()
        columns = tuple(matching.c[name] for name in ("kind", "name", "id"))
        order: Keyset[Match] = Keyset("search", columns, lambda match: (int(match.kind), match.name, match.id))
        rows = await snap.execute(order.apply(select(matching), window))
        return order.page([Match(Kind(row.kind), row.project_id, row.name, row.id) for row in rows], window)


async def count(db: Database, actor: Actor, project: int | str, text: str) -> int:
    """How much :func:`search` would page through."""
    async with db.read() as snap:
        matching = (await _matching(snap, actor, project, text)).subquery()
        return await snap.scalar(select(func.count()).select_from(matching)) or 0


async def _matching(snap: Snapshot, actor: Actor, project: int | str, text: str) -> AnySelect:
    if not text.strip() or len(text) > MAX_TEXT or "\x00" in text:
        raise Invalid(f"The text has {len(text)} characters; 1 to {MAX_TEXT} are looked for.", field="search")
    access = await projects.visible(snap, actor, project)
    parts: list[AnySelect] = []
    if policy.allows(actor, access, Permission.REGISTRY_READ, of_models=True):
        reached = repository.within(actor)
        parts += [_models(access.id, text).where(*reached), _versions(access.id, text).where(*reached)]
    if policy.allows(actor, access, Permission.CANDIDATE_READ):
        parts += [_experiments(access.id, text), _candidates(access.id, text)]
    matching = union_all(*parts).subquery() if parts else _models(0, text).subquery()
    return select(matching)


def _models(project_id: int, text: str) -> AnySelect:
    mine = (Model.project_id == project_id, Model.deleted_at.is_(None), sql.contains(Model.name, text))
    return _part(Kind.MODEL, Model.project_id, Model.name, Model.id).where(*mine)


def _versions(project_id: int, text: str) -> AnySelect:
    same = and_(Model.project_id == ModelVersion.project_id, Model.id == ModelVersion.model_id)
    part = _part(Kind.MODEL_VERSION, ModelVersion.project_id, ModelVersion.version, ModelVersion.id)
    living = (ModelVersion.deleted_at.is_(None), Model.deleted_at.is_(None))
    return part.join(Model, same).where(
        ModelVersion.project_id == project_id, *living, sql.contains(ModelVersion.version, text)
    )


def _experiments(project_id: int, text: str) -> AnySelect:
    part = _part(Kind.EXPERIMENT, Experiment.project_id, Experiment.name, Experiment.number)
    return part.where(by_name.is_experiment(project_id, text))


def _candidates(project_id: int, text: str) -> AnySelect:
    part = _part(Kind.CANDIDATE, Candidate.project_id, Candidate.name, Candidate.id)
    return part.where(by_name.is_candidate(project_id, text))


def _part(kind: Kind, project_id: Any, name: Any, id: Any) -> AnySelect:
    number = literal_column(str(int(kind)), Integer).label("kind")
    return select(number, project_id.label("project_id"), name.label("name"), cast(id, Text).label("id"))
