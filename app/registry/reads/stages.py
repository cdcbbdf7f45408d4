"""Stages, protected names, and what stood where and when, for loaders: of many projects, models and versions at once.

Keys begin with the project. Answers come in the order of the keys, an error instead of what may not be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, exists, func, or_, select

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database, Snapshot
from app.db.statements import Statement
from app.pagination import Keyset, Page, Window
from app.registry import repository
from app.registry.names import stage_key
from app.registry.stages.definitions import Stage
from app.registry.stages.protections import NameProtection
from app.registry.stages.tables import StageInterval as StageInterval
from app.registry.tables import Alias, Model

T = TypeVar("T", Alias, StageInterval)

_LISTS = GuardedReads(Permission.REGISTRY_READ, of_models=True)
_HISTORY: Keyset[StageInterval] = Keyset(
    "stage history",
    (StageInterval.valid_from, StageInterval.id),
    lambda interval: (interval.valid_from, interval.id),
    descending=True,
)

_HOLDERS = Statement(
    "registry.holders_at",
    "The interval of the version that each stage of each model stood for at a moment.",
    """
    SELECT k.project_id, k.model_id, h.interval_id
    FROM unnest(:projects::bigint[], :models::bigint[]) AS k (project_id, model_id)
    JOIN project_stages s ON s.project_id = k.project_id AND NOT s.is_initial
    CROSS JOIN LATERAL (
        SELECT o.interval_id, o.valid_until FROM stage_holders o
        WHERE o.project_id = k.project_id AND o.model_id = k.model_id AND o.stage_id = s.id
            AND o.valid_from <= coalesce(:at::timestamptz, 'infinity')
        ORDER BY o.valid_from DESC LIMIT 1
    ) h
    WHERE h.valid_until IS NULL OR h.valid_until > coalesce(:at::timestamptz, 'infinity')
    ORDER BY s.position, s.id
    """,
)
_ALIASES = Statement(
    "registry.aliases_at",
    "The interval of each alias of each model at a moment: its names one after the other, and a probe for each.",
    """
    SELECT k.project_id, k.model_id, a.id
    FROM unnest(:projects::bigint[], :models::bigint[]) AS k (project_id, model_id)
    CROSS JOIN LATERAL (
        WITH RECURSIVE each AS (
            (SELECT f.name FROM aliases f WHERE f.project_id = k.project_id AND f.model_id = k.model_id
             ORDER BY f.name LIMIT 1)
            UNION ALL
            SELECT (SELECT n.name FROM aliases n WHERE n.project_id = k.project_id AND n.model_id = k.model_id
                    AND n.name > e.name ORDER BY n.name LIMIT 1) FROM each e WHERE e.name IS NOT NULL
        ) SELECT name FROM each WHERE name IS NOT NULL
    ) names
    CROSS JOIN LATERAL (
        SELECT o.id, o.valid_until FROM aliases o
        WHERE o.project_id = k.project_id AND o.model_id = k.model_id AND o.name = names.name
            AND o.valid_from <= :at::timestamptz
        ORDER BY o.valid_from DESC LIMIT 1
    ) a
    WHERE a.valid_until IS NULL OR a.valid_until > :at::timestamptz
    """,
)
_OF_VERSIONS = Statement(
    "registry.stages_at",
    "The interval in which each version was in a stage at a moment.",
    """
    SELECT k.project_id, k.version_id, i.id
    FROM unnest(:projects::bigint[], :versions::bigint[]) AS k (project_id, version_id)
    CROSS JOIN LATERAL (
        SELECT o.id, o.valid_until FROM stage_intervals o
        WHERE o.project_id = k.project_id AND o.version_id = k.version_id AND o.valid_from <= :at::timestamptz
        ORDER BY o.valid_from DESC LIMIT 1
    ) i
    WHERE i.valid_until IS NULL OR i.valid_until > :at::timestamptz
    """,
)


async def stages_of_projects(db: Database, actor: Actor, keys: Sequence[tuple[int]]) -> Results[list[Stage]]:
    """The stages of each project in their order, the retired ones last."""
    order = (Stage.retired_at.is_not(None), Stage.position, Stage.id)
    return await _LISTS.groups(db, actor, keys, statement=select(Stage).order_by(*order), parent=(Stage.project_id,))


async def rules_of_projects(db: Database, actor: Actor, keys: Sequence[tuple[int]]) -> Results[list[NameProtection]]:
    """The rules for names of each project, by kind and pattern."""
    statement = select(NameProtection).order_by(NameProtection.kind, NameProtection.pattern)
    return await _LISTS.groups(db, actor, keys, statement=statement, parent=(NameProtection.project_id,))


async def holders_of_models(
    db: Database, actor: Actor, keys: Sequence[tuple[int, int]], at: datetime | None
) -> Results[list[StageInterval]]:
    """What each stage of each model stands for, or stood for at a moment, in the order of the stages."""

    async def fetch(snap: Snapshot, allowed: list[tuple[int, int]]) -> list[list[StageInterval]]:
        projects, models = zip(*allowed, strict=True)
        rows = await _HOLDERS.fetch(snap, projects=list(projects), models=list(models), at=at)
        keyed = [((row["project_id"], row["model_id"]), row["interval_id"]) for row in rows]
        intervals = await _intervals(snap, actor, [(key[0], id) for key, id in keyed])
        return [[intervals[id] for of, id in keyed if of == key and id in intervals] for key in allowed]

    return await _LISTS.read(db, actor, keys, fetch)


async def aliases_of_models(
    db: Database, actor: Actor, keys: Sequence[tuple[int, int]], at: datetime
) -> Results[list[Alias]]:
    """The aliases that stood on versions of each model at a moment, by name."""

    async def fetch(snap: Snapshot, allowed: list[tuple[int, int]]) -> list[list[Alias]]:
        projects, models = zip(*allowed, strict=True)
        rows = await _ALIASES.fetch(snap, projects=list(projects), models=list(models), at=at)
        of_projects = Alias.project_id == func.any(list({row["project_id"] for row in rows}))
        ids = (of_projects, Alias.id == func.any([row["id"] for row in rows]))
        standing = list(await snap.scalars(_within(select(Alias), Alias, actor).where(*ids).order_by(Alias.name)))
        return [[row for row in standing if (row.project_id, row.model_id) == key] for key in allowed]

    return await _LISTS.read(db, actor, keys, fetch)


async def aliases_of_versions(
    db: Database, actor: Actor, keys: Sequence[tuple[int, int]], at: datetime
) -> Results[list[Alias]]:
    """The aliases that stood on each version at a moment, by name."""
    then = (Alias.valid_from <= at, or_(Alias.valid_until.is_(None), Alias.valid_until > at))
    statement = _within(select(Alias), Alias, actor).where(*then).order_by(Alias.name)
    return await _LISTS.groups(db, actor, keys, statement=statement, parent=(Alias.project_id, Alias.version_id))


async def stages_of_versions(
    db: Database, actor: Actor, keys: Sequence[tuple[int, int]], at: datetime
) -> Results[StageInterval | None]:
    """The interval in which each version was in a stage at a moment; None: in the first one, or not there yet."""

    async def fetch(snap: Snapshot, allowed: list[tuple[int, int]]) -> list[StageInterval | None]:
        projects, versions = zip(*allowed, strict=True)
        rows = await _OF_VERSIONS.fetch(snap, projects=list(projects), versions=list(versions), at=at)
        intervals = await _intervals(snap, actor, [(row["project_id"], row["id"]) for row in rows])
        of_version = {(one.project_id, one.version_id): one for one in intervals.values()}
        return [of_version.get(key) for key in allowed]

    return await _LISTS.read(db, actor, keys, fetch)


async def history_of_models(
    db: Database, actor: Actor, keys: Sequence[tuple[int, int]], window: Window, *, stage: str | None
) -> Results[Page[StageInterval]]:
    """Which versions of each model were in a stage (None: in any), latest first."""
    statement = _within(select(StageInterval), StageInterval, actor)
    if stage is not None:
        key = stage_key(stage)
        named = (Stage.project_id == StageInterval.project_id, Stage.id == StageInterval.stage_id)
        meant = or_(Stage.name == key, Stage.mlflow_name == key.capitalize())
        statement = statement.where(exists().where(*named, meant))
    parent = (StageInterval.project_id, StageInterval.model_id)
    return await _LISTS.pages(
        db, actor, keys, window, statement=statement, order=_HISTORY, row=StageInterval, parent=parent
    )


async def history_of_versions(
    db: Database, actor: Actor, keys: Sequence[tuple[int, int]], window: Window
) -> Results[Page[StageInterval]]:
    """In which stages each version was, latest first."""
    statement = _within(select(StageInterval), StageInterval, actor)
    parent = (StageInterval.project_id, StageInterval.version_id)
    return await _LISTS.pages(
        db, actor, keys, window, statement=statement, order=_HISTORY, row=StageInterval, parent=parent
    )


async def _intervals(snap: Snapshot, actor: Actor, keys: Sequence[tuple[int, int]]) -> dict[int, StageInterval]:
    if not keys:
        return {}
    projects, ids = (list(values) for values in zip(*keys, strict=True))
    here = (StageInterval.project_id == func.any(projects), StageInterval.id == func.any(ids))
    rows = await snap.scalars(_within(select(StageInterval), StageInterval, actor).where(*here))
    return {row.id: row for row in rows}


def _within(statement: Select[T], table: type[T], actor: Actor) -> Select[T]:
    """Only of models that the actor's token reaches."""
    if actor.model_patterns is None:
        return statement
    mine = (Model.project_id == table.project_id, Model.id == table.model_id)
    return statement.where(exists().where(*mine, *repository.within(actor)))
