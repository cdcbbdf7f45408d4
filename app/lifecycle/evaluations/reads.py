"""Evaluations, online experiments, facts and metrics of many versions at once, within what an actor may see.

Statements do not grow with the versions. Values and statements that come from candidates are left out for callers who
may not read those.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

from sqlalchemy import Select, exists, func, select, true
from sqlalchemy.orm import aliased

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.reads.guarded import GuardedReads, Results
from app.access.token_rules import model_patterns
from app.db.database import Database, Snapshot
from app.errors import ModelyardError
from app.lifecycle.evaluations import facts, metrics, six_facts, stated
from app.lifecycle.evaluations.metrics import MetricValue
from app.lifecycle.evaluations.six_facts import Fact, FactKind, SourceStatement
from app.lifecycle.evaluations.tables import (
    Evaluation,
    EvaluationMetric,
    OnlineArm,
    OnlineExperiment,
    OnlinePoint,
    OnlineShare,
)
from app.pagination import Keyset, Page, Window
from app.registry.reads import loaders as registry
from app.registry.reads.loaders import VersionKey
from app.registry.versions.lookup import ModelVersion

__all__ = ["Evaluation", "EvaluationMetric", "OnlineArm", "OnlineExperiment", "OnlinePoint", "OnlineShare"]

T = TypeVar("T")
Key: TypeAlias = tuple[int, int]
"""Project and id."""
ArmKey: TypeAlias = tuple[int, int, str]
SixFacts: TypeAlias = Mapping[FactKind, Fact]

_LISTS = GuardedReads(Permission.REGISTRY_READ, of_models=True)
_BY_TIME: Keyset[Evaluation] = Keyset(
    "evaluations", (Evaluation.evaluated_at, Evaluation.id), lambda row: (row.evaluated_at, row.id), descending=True
)
_EXPERIMENTS: Keyset[OnlineExperiment] = Keyset(
    "online experiments",
    (OnlineExperiment.started_at, OnlineExperiment.id),
    lambda row: (row.started_at, row.id),
    descending=True,
)
_POINTS: Keyset[OnlinePoint] = Keyset(
    "online points", (OnlinePoint.at, OnlinePoint.key), lambda row: (row.at, row.key), descending=True
)


async def evaluations_of_versions(
    db: Database, actor: Actor, keys: Sequence[VersionKey], window: Window
) -> Results[Page[Evaluation]]:
    """Evaluations of each version, the latest first; those that another one corrects are among them."""
    parent = (Evaluation.project_id, Evaluation.version_id)
    return await _LISTS.pages(
        db, actor, keys, window, statement=select(Evaluation), order=_BY_TIME, row=Evaluation, parent=parent
    )


async def count_evaluations_of_versions(db: Database, actor: Actor, keys: Sequence[VersionKey]) -> Results[int]:
    """How many evaluations each version has."""
    parent = (Evaluation.project_id, Evaluation.version_id)
    return await _LISTS.counts(db, actor, keys, statement=select(Evaluation), parent=parent)


async def evaluations_by_keys(db: Database, actor: Actor, keys: Sequence[Key]) -> Results[Evaluation | None]:
    """Evaluations by id; None where there is none of a version that may be seen."""
    parent = (Evaluation.project_id, Evaluation.id)
    rows: Results[Evaluation | None] = await _LISTS.singles(
        db, actor, keys, statement=select(Evaluation), parent=parent
    )
    seen = {(row.project_id, row.id): row for row in rows if isinstance(row, Evaluation)}
    wanted = sorted({(row.project_id, row.version_id) for row in seen.values()})
    versions = dict(zip(wanted, await registry.versions_by_keys(db, actor, wanted), strict=True)) if wanted else {}
    hidden = {key for key, row in seen.items() if versions[row.project_id, row.version_id] is None}
    return [None if key in hidden else row for key, row in zip(keys, rows, strict=True)]


async def metrics_of_evaluations(db: Database, actor: Actor, keys: Sequence[Key]) -> Results[list[EvaluationMetric]]:
    """The values of each evaluation, of all data first, by slice and key."""
    statement = select(EvaluationMetric).order_by(EvaluationMetric.slice, EvaluationMetric.key)
    parent = (EvaluationMetric.project_id, EvaluationMetric.evaluation_id)
    return await _LISTS.groups(db, actor, keys, statement=statement, parent=parent)


async def corrections_of_evaluations(db: Database, actor: Actor, keys: Sequence[Key]) -> Results[Evaluation | None]:
    """The evaluation that corrects each one; None where none does."""
    original = aliased(Evaluation)
    of_version = (original.project_id == Evaluation.project_id) & (original.version_id == Evaluation.version_id)
    statement = select(Evaluation).join(original, of_version & (original.id == Evaluation.replaces_id))
    return await _LISTS.singles(db, actor, keys, statement=statement, parent=(original.project_id, original.id))


async def facts_of_versions(db: Database, actor: Actor, keys: Sequence[VersionKey]) -> Results[SixFacts | None]:
    """The six facts of each version, from the sources that the actor may see; None where there is no version."""

    async def read(
        snap: Snapshot, rows: Sequence[ModelVersion], accesses: Mapping[int, ProjectAccess]
    ) -> Mapping[int, SixFacts]:
        said = await facts.statements_of(snap, rows)
        return {row.id: _merged(actor, accesses[row.project_id], row, said[row.id]) for row in rows}

    return await _of_versions(db, actor, keys, read)


async def metrics_of_versions(
    db: Database, actor: Actor, keys: Sequence[VersionKey]
) -> Results[list[MetricValue] | None]:
    """Every current value of the metrics of each version that the actor may see; None where there is no version."""

    async def read(
        snap: Snapshot, rows: Sequence[ModelVersion], accesses: Mapping[int, ProjectAccess]
    ) -> Mapping[int, list[MetricValue]]:
        values = await metrics.of_all(snap, rows)
        return {row.id: _visible(actor, accesses[row.project_id], values[row.id]) for row in rows}

    return await _of_versions(db, actor, keys, read)


async def experiments_of_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], window: Window
) -> Results[Page[OnlineExperiment]]:
    """Online experiments of each project, the latest first."""
    return await _LISTS.pages(
        db,
        actor,
        keys,
        window,
        statement=_experiments(actor),
        order=_EXPERIMENTS,
        row=OnlineExperiment,
        parent=(OnlineExperiment.project_id,),
    )


async def experiments_by_keys(db: Database, actor: Actor, keys: Sequence[Key]) -> Results[OnlineExperiment | None]:
    """Online experiments by id; None where there is none that may be seen."""
    parent = (OnlineExperiment.project_id, OnlineExperiment.id)
    return await _LISTS.singles(db, actor, keys, statement=_experiments(actor), parent=parent)


async def experiments_of_versions(
    db: Database, actor: Actor, keys: Sequence[VersionKey], window: Window
) -> Results[Page[OnlineExperiment]]:
    """The online experiments in which each version is an arm, the latest first."""
    same = (OnlineArm.project_id == OnlineExperiment.project_id) & (OnlineArm.experiment_id == OnlineExperiment.id)
    statement = _experiments(actor).join(OnlineArm, same)
    # A version may be several arms of one experiment; of them the first one stands for it.
    other = aliased(OnlineArm)
    is_first = ~exists().where(
        other.project_id == OnlineArm.project_id,
        other.experiment_id == OnlineArm.experiment_id,
        other.version_id == OnlineArm.version_id,
        other.position < OnlineArm.position,
    )
    return await _LISTS.pages(
        db,
        actor,
        keys,
        window,
        statement=statement.where(is_first),
        order=_EXPERIMENTS,
        row=OnlineExperiment,
        parent=(OnlineArm.project_id, OnlineArm.version_id),
    )


async def arms_of_experiments(db: Database, actor: Actor, keys: Sequence[Key]) -> Results[list[OnlineArm]]:
    """The arms of each experiment, in their order."""
    parent = (OnlineArm.project_id, OnlineArm.experiment_id)
    return await _LISTS.groups(db, actor, keys, statement=select(OnlineArm).order_by(OnlineArm.position), parent=parent)


async def shares_of_arms(db: Database, actor: Actor, keys: Sequence[ArmKey]) -> Results[list[OnlineShare]]:
    """The shares that each arm had, the first one first."""
    parent = (OnlineShare.project_id, OnlineShare.experiment_id, OnlineShare.arm)
    return await _LISTS.groups(
        db, actor, keys, statement=select(OnlineShare).order_by(OnlineShare.since), parent=parent
    )


async def points_of_arms(
    db: Database, actor: Actor, keys: Sequence[ArmKey], window: Window, *, metric: str
) -> Results[Page[OnlinePoint]]:
    """The points of one metric of each arm, the latest first."""
    parent = (OnlinePoint.project_id, OnlinePoint.experiment_id, OnlinePoint.arm)
    statement = select(OnlinePoint).where(OnlinePoint.key == metric)
    return await _LISTS.pages(
        db, actor, keys, window, statement=statement, order=_POINTS, row=OnlinePoint, parent=parent
    )


async def latest_points_of_arms(db: Database, actor: Actor, keys: Sequence[ArmKey]) -> Results[list[OnlinePoint]]:
    """The latest point of every metric of each arm, by key."""
    named = select(func.unnest(OnlineArm.keys).label("key")).correlate(OnlineArm).lateral("named")
    latest = (
        select(OnlinePoint)
        .where(
            OnlinePoint.project_id == OnlineArm.project_id,
            OnlinePoint.experiment_id == OnlineArm.experiment_id,
            OnlinePoint.arm == OnlineArm.name,
            OnlinePoint.key == named.c.key,
        )
        .order_by(OnlinePoint.at.desc())
        .limit(1)
        .correlate(OnlineArm, named)
        .lateral("latest")
    )
    point = aliased(OnlinePoint, latest)
    statement = select(point).select_from(OnlineArm).join(named, true()).join(latest, true()).order_by(named.c.key)
    parent = (OnlineArm.project_id, OnlineArm.experiment_id, OnlineArm.name)
    return await _LISTS.groups(db, actor, keys, statement=statement, parent=parent)


def _merged(actor: Actor, access: ProjectAccess, version: ModelVersion, said: Sequence[SourceStatement]) -> SixFacts:
    sees_candidates = policy.allows(actor, access, Permission.CANDIDATE_READ)
    seen = stated.visible(said, sees_candidates=sees_candidates, is_member=access.role is not None)
    return six_facts.merged(seen, sealed_at=facts.sealed_at(version))


def _visible(actor: Actor, access: ProjectAccess, values: Sequence[MetricValue]) -> list[MetricValue]:
    hidden = frozenset() if policy.allows(actor, access, Permission.CANDIDATE_READ) else metrics.OF_CANDIDATES
    return [one for one in values if one.source not in hidden]


def _experiments(actor: Actor) -> Select[OnlineExperiment]:
    """Those of whose arms the actor's token reaches all."""
    statement = select(OnlineExperiment)
    if actor.model_patterns is None:
        return statement
    arm = aliased(OnlineArm)
    mine = (arm.project_id == OnlineExperiment.project_id, arm.experiment_id == OnlineExperiment.id)
    return statement.where(~exists().where(*mine, ~model_patterns.condition(actor.model_patterns, arm.model_name)))


async def _of_versions(
    db: Database, actor: Actor, keys: Sequence[VersionKey], read: Callable[..., Awaitable[Mapping[int, T]]]
) -> Results[T | None]:
    """What ``read`` answers for the living versions that the actor may see."""
    rows = await registry.versions_by_keys(db, actor, keys)
    seen = {(row.project_id, row.id): row for row in rows if row is not None and not isinstance(row, ModelyardError)}
    async with db.read() as snap:
        accesses = await projects.visible_by_ids(snap, actor, sorted({project_id for project_id, _ in seen}))
        answers = await read(snap, list(seen.values()), accesses)
    results = {key: answers[row.id] for key, row in seen.items()}
    return [row if isinstance(row, ModelyardError) else results.get(key) for key, row in zip(keys, rows, strict=True)]
