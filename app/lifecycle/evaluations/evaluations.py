"""Evaluations: results of trying a version on a named data set. Added, corrected by another one, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.artifacts import paths
from app.db.database import Database, Snapshot, Tx
from app.db.statements import Statement
from app.errors import Conflict, Invalid, NotFound, TooLarge
from app.lifecycle.evaluations import events, input_rules
from app.lifecycle.evaluations.tables import Evaluation
from app.registry.references.resolve import Target
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.text import quoted
from app.tracking import candidates

__all__ = ["Evaluation"]

MAX_METRICS = 1_000
"""Values of one evaluation, over all slices."""
MAX_EVALUATIONS = 10_000
"""Evaluations of one version."""


class AlreadyCorrected(Conflict):
    """Another evaluation has corrected that one already; correct the later one."""


class KeyReused(Conflict):
    """The idempotency key was sent before with another content."""


class MetricInput(NamedTuple):
    """A value of an evaluation; an empty slice means all of the data set."""

    key: str
    value: float
    slice: str = ""


@dataclass(frozen=True, slots=True)
class CreateEvaluation:
    """What was measured. ``candidate_id`` and ``artifact_folder`` say where the files of the evaluation are."""

    dataset_name: str
    metrics: Sequence[MetricInput]
    dataset_digest: str = ""
    name: str = ""
    description: str = ""
    evaluated_at: datetime | None = None
    candidate_id: UUID | None = None
    artifact_folder: str = ""
    replaces_id: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """The evaluation; ``already_stored``: an earlier call with the same key had made it."""

    evaluation: Evaluation
    already_stored: bool


_INSERT_METRICS = Statement(
    "evaluations.insert_metrics",
    "Stores the values of a new evaluation.",
    """
    INSERT INTO evaluation_metrics (project_id, evaluation_id, slice, key, value)
    SELECT :project::bigint, :evaluation::bigint, m.slice, m.key, m.value
    FROM unnest(:slices::text[], :keys::text[], :values::float8[]) AS m (slice, key, value)
    """,
)
_DIGEST = Statement(
    "evaluations.digest_of_version",
    "A digest of all evaluations of a version and of the conclusions about it; none without any.",
    """
    SELECT encode(sha256(convert_to(string_agg(one.said, ',' ORDER BY one.said), 'UTF8')), 'hex') FROM (
        SELECT 'e' || e.id AS said FROM evaluations e WHERE e.project_id = :project AND e.version_id = :version
        UNION ALL
        SELECT 'o' || x.id || ' ' || x.concluded_at FROM online_arms a
        JOIN online_experiments x ON x.project_id = a.project_id AND x.id = a.experiment_id
        WHERE a.project_id = :project AND a.version_id = :version AND x.concluded_at IS NOT NULL
    ) AS one
    """,
)


async def create(db: Database, actor: Actor, project: int | str, target: Target, command: CreateEvaluation) -> Created:
    """Attach results to a version, sealed or not. With an idempotency key, a repetition answers what the first made.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        CandidateNotFound: the candidate with the files is not of this project, or may not be seen.
        AlreadyCorrected, KeyReused: see there; nothing was stored.
        Invalid: a value is not acceptable.
    """
    command = checked(command)
    async with db.write(grows=True) as tx:
        access = await writable(tx, actor, project)
        model, version = await lookup.find(tx, actor, access.id, target)
        await lookup.lock_against_deletion(tx, version)
        if command.candidate_id is not None:
            policy.require(actor, access, Permission.CANDIDATE_READ)
            await candidates.lock_living(tx, access.id, command.candidate_id)
        await _require_room(tx, version)
        await _require_replaceable(tx, version, command.replaces_id)
        made = await add(tx, actor, version, command)
        if not made.already_stored:
            await events.evaluation_created(tx, model, version, made.evaluation, len(command.metrics))
        return made


async def add(
    tx: Tx, actor: Actor, version: ModelVersion, command: CreateEvaluation, *, source: str = "api"
) -> Created:
    """Step: store results that are checked.

    Raises:
        AlreadyCorrected, KeyReused: as for :func:`create`.
    """
    content = input_rules.digest({**asdict(command), "metrics": sorted(map(tuple, command.metrics))})
    values = {
        "project_id": version.project_id,
        "version_id": version.id,
        "name": command.name,
        "description": command.description,
        "dataset_name": command.dataset_name,
        "dataset_digest": command.dataset_digest,
        "source": source,
        "candidate_id": command.candidate_id,
        "artifact_folder": command.artifact_folder,
        "replaces_id": command.replaces_id,
        "evaluated_at": func.now() if command.evaluated_at is None else func.least(command.evaluated_at, func.now()),
        "created_by": actor.user_id,
        "username": actor.username,
        "token_id": actor.token_id,
        "ci_job": actor.ci_job,
        "idempotency_key": command.idempotency_key,
        "content": content,
    }
    statement = upsert(Evaluation).values(**values).on_conflict_do_nothing().returning(Evaluation)
    made: Evaluation | None = await tx.scalar(statement)
    if made is None:
        return Created(await _earlier(tx, version, command, content), already_stored=True)
    await _INSERT_METRICS.execute(
        tx,
        project=version.project_id,
        evaluation=made.id,
        slices=[one.slice for one in command.metrics],
        keys=[one.key for one in command.metrics],
        values=[one.value for one in command.metrics],
    )
    return Created(made, already_stored=False)


async def digest_of(snap: Snapshot, project_id: int, version_id: int) -> str:
    """Read step: a text that changes with every evaluation of the version, and with every conclusion of an online
    experiment about it; empty while there are none. Points of experiments that go on change nothing.
    """
    return await _DIGEST.fetch_value(snap, project=project_id, version=version_id) or ""


async def writable(snap: Snapshot, actor: Actor, project: int | str) -> ProjectAccess:
    """Step: the project, if the actor may add evaluations there."""
    access = await projects.visible(snap, actor, project)
    policy.require(actor, access, Permission.EVALUATION_WRITE, of_models=True)
    return access


def checked(command: CreateEvaluation) -> CreateEvaluation:
    """The same, as it is stored.

    Raises:
        Invalid: with the field and the rule.
    """
    return CreateEvaluation(
        dataset_name=input_rules.text(
            command.dataset_name, "name of the data set", input_rules.MAX_DATASET, "datasetName", needed=True
        ),
        dataset_digest=input_rules.text(
            command.dataset_digest, "digest of the data set", input_rules.MAX_DIGEST, "datasetDigest"
        ),
        metrics=_checked_metrics(command.metrics),
        name=input_rules.text(command.name, "name", input_rules.MAX_NAME, "name"),
        description=input_rules.text(command.description, "description", input_rules.MAX_DESCRIPTION, "description"),
        evaluated_at=input_rules.moment(command.evaluated_at, "evaluatedAt"),
        candidate_id=command.candidate_id,
        artifact_folder=paths.check_folder(command.artifact_folder, "artifactFolder"),
        replaces_id=command.replaces_id,
        idempotency_key=input_rules.idempotency_key(command.idempotency_key),
    )


def _checked_metrics(metrics: Sequence[MetricInput]) -> list[MetricInput]:
    if not 1 <= len(metrics) <= MAX_METRICS:
        raise TooLarge(
            f"There are {len(metrics)} metrics over all slices; an evaluation has 1 to {MAX_METRICS}. Add several "
            "evaluations, or keep the slices in a file.",
            field="metrics",
        )
    seen: set[tuple[str, str]] = set()
    stored = []
    for index, one in enumerate(metrics):
        field = f"metrics[{index}]"
        key = input_rules.metric_key(one.key, f"{field}.key")
        part = input_rules.text(one.slice, "slice", input_rules.MAX_NAME, f"{field}.slice")
        if (part, key) in seen:
            where = f" of the slice {quoted(part)}" if part else ""
            raise Invalid(f"The metric {quoted(key)}{where} is there twice.", field=field)
        seen.add((part, key))
        stored.append(MetricInput(key, input_rules.number(one.value, key, f"{field}.value"), part))
    return stored


async def _earlier(tx: Tx, version: ModelVersion, command: CreateEvaluation, content: bytes) -> Evaluation:
    """What stands where the new one was to be: of the same key, the same run, or a correction of the same one."""
    mine = (Evaluation.project_id == version.project_id, Evaluation.version_id == version.id)
    if command.idempotency_key is not None:
        stored: Evaluation | None = await tx.scalar(
            select(Evaluation).where(*mine, Evaluation.idempotency_key == command.idempotency_key)
        )
        if stored is not None and stored.content == content:
            return stored
        if stored is not None:
            raise KeyReused(
                f"The key {quoted(command.idempotency_key)} was sent before with another content, for the evaluation "
                f"on {quoted(stored.dataset_name)}; nothing was stored. Send another key.",
                field="idempotencyKey",
            )
    run = await tx.scalar(
        select(Evaluation).where(
            *mine,
            Evaluation.source == "mlflow",
            Evaluation.candidate_id == command.candidate_id,
            Evaluation.dataset_name == command.dataset_name,
            Evaluation.dataset_digest == command.dataset_digest,
        )
    )
    if run is not None:
        return run
    raise AlreadyCorrected(field="replacesId")


async def _require_room(tx: Tx, version: ModelVersion) -> None:
    mine = (Evaluation.project_id == version.project_id, Evaluation.version_id == version.id)
    first = select(Evaluation.id).where(*mine).limit(MAX_EVALUATIONS).subquery()
    if (await tx.scalar(select(func.count()).select_from(first)) or 0) >= MAX_EVALUATIONS:
        raise TooLarge(f"The version {quoted(version.version)} has {MAX_EVALUATIONS:,} evaluations, as many as fit.")


async def _require_replaceable(tx: Tx, version: ModelVersion, replaces_id: int | None) -> None:
    if replaces_id is None:
        return
    mine = (Evaluation.project_id == version.project_id, Evaluation.version_id == version.id)
    if await tx.scalar(select(Evaluation.id).where(*mine, Evaluation.id == replaces_id)) is None:
        raise NotFound(f"The version {quoted(version.version)} has no such evaluation.", field="replacesId")
