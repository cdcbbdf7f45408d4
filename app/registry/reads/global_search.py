"""One search by a text in names: models, versions, experiments and candidates; of a project or of all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from sqlalchemy import func, select, union_all

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.access.reads.permitted import projects_allowing
from app.db.database import Database, Snapshot
from app.errors import Invalid
from app.pagination import Keyset, Page, Window
from app.registry import repository
from app.registry.reads import named
from app.registry.reads.named import AnySelect, InOne, InSeveral
from app.tracking.reads import by_name

MAX_TEXT = 255
TRIGRAM = 3
"""The fewest characters for which an index of parts of names can tell names apart."""


class Kind(IntEnum):
    """The kind of a match; matches are listed in this order."""

    MODEL = 1
    MODEL_VERSION = 2
    EXPERIMENT = 3
    CANDIDATE = 4


ALL = tuple(Kind)


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


async def search(
    db: Database, actor: Actor, project: int | str | None, text: str, window: Window, kinds: Collection[Kind] = ALL
) -> Page[Match]:
    """What has the text in its name, whatever the case, by kind and name, in one statement.

    Versions are found by SemVer, by alias, and as `model@version`, `model@alias` and `model@number`; candidates by
    their UUID, and experiments as `#number`, too. Without a project all are searched that the actor may read;
    experiments of `#number` there by that alone, candidates by a text of three characters or more, and versions by how
    the SemVer begins, so that an index serves each.

    Only what the actor may see: a part of a project that is switched off is left out.

    Raises:
        ProjectNotFound: there is no such project, or it may not be seen.
        Invalid: the text is empty or longer than 255 characters.
    """
    async with db.read() as snap:
        matching = (await _matching(snap, actor, project, text, kinds)).subquery()
        columns = tuple(matching.c[name] for name in ("kind", "name", "id", "project_id"))
        order: Keyset[Match] = Keyset(
            "search", columns, lambda match: (int(match.kind), match.name, match.id, match.project_id)
        )
        rows = await snap.execute(order.apply(select(matching), window))
        return order.page([Match(Kind(row.kind), row.project_id, row.name, row.id) for row in rows], window)


async def count(db: Database, actor: Actor, project: int | str | None, text: str, kinds: Collection[Kind] = ALL) -> int:
    """How much :func:`search` would page through."""
    async with db.read() as snap:
        matching = (await _matching(snap, actor, project, text, kinds)).subquery()
        return await snap.scalar(select(func.count()).select_from(matching)) or 0


async def _matching(
    snap: Snapshot, actor: Actor, project: int | str | None, text: str, kinds: Collection[Kind]
) -> AnySelect:
    if not text.strip() or len(text) > MAX_TEXT or "\x00" in text:
        raise Invalid(f"The text has {len(text)} characters; 1 to {MAX_TEXT} are looked for.", field="search")
    parts = _everywhere(actor, text) if project is None else await _within(snap, actor, project, text)
    chosen = [part for kind, part in parts if kind in kinds]
    nothing = named.models(Kind.MODEL, InOne(0), text)
    return select((union_all(*chosen) if chosen else nothing).subquery())


async def _within(snap: Snapshot, actor: Actor, project: int | str, text: str) -> list[tuple[Kind, AnySelect]]:
    access = await projects.visible(snap, actor, project)
    scope = InOne(access.id)
    parts: list[tuple[Kind, AnySelect]] = []
    if policy.allows(actor, access, Permission.REGISTRY_READ, of_models=True):
        parts += _of_registry(actor, scope, text)
    if policy.allows(actor, access, Permission.CANDIDATE_READ):
        parts += [
            (Kind.EXPERIMENT, named.experiments(Kind.EXPERIMENT, scope, by_name.is_experiment(text))),
            (Kind.CANDIDATE, named.candidates(Kind.CANDIDATE, scope, by_name.is_candidate(text))),
        ]
    return parts


def _everywhere(actor: Actor, text: str) -> list[tuple[Kind, AnySelect]]:
    registries = InSeveral(projects_allowing(actor, Permission.REGISTRY_READ, of_models=True))
    tracked = InSeveral(projects_allowing(actor, Permission.CANDIDATE_READ))
    parts = _of_registry(actor, registries, text)
    number = by_name.number_of(text)
    experiment = by_name.is_experiment(text) if number is None else by_name.is_experiment_of(number)
    parts.append((Kind.EXPERIMENT, named.experiments(Kind.EXPERIMENT, tracked, experiment)))
    if (uuid := by_name.uuid_of(text)) is not None:
        parts.append((Kind.CANDIDATE, named.candidates(Kind.CANDIDATE, tracked, by_name.is_candidate_of(uuid))))
    elif len(text.strip()) >= TRIGRAM:
        parts.append((Kind.CANDIDATE, named.candidates(Kind.CANDIDATE, tracked, by_name.is_candidate(text))))
    return parts


def _of_registry(actor: Actor, scope: InOne | InSeveral, text: str) -> list[tuple[Kind, AnySelect]]:
    reached = repository.within(actor)
    return [
        (Kind.MODEL, named.models(Kind.MODEL, scope, text).where(*reached)),
        (Kind.MODEL_VERSION, named.versions(Kind.MODEL_VERSION, scope, text).where(*reached)),
    ]
