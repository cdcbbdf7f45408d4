"""Logging to a candidate: metrics, params and tags, all of a batch or nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, Text, delete, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.selectable import TableValuedAlias

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.ci import job_links
from app.ci.job_links import Owner
from app.db.database import Database, Tx
from app.errors import Invalid, NotFound
from app.text import normalized
from app.tracking import candidates, names
from app.tracking.logging import inputs, metrics, point_batch
from app.tracking.logging.inputs import DatasetUse
from app.tracking.logging.point_batch import MetricInput, Points
from app.tracking.tables import Candidate, CandidateParam, CandidateTag

__all__ = ["LogBatch", "MetricInput"]

MAX_METRICS = 1_000
MAX_PARAMS = 100
MAX_TAGS = 100
MAX_INPUTS = 100
"""Data sets, and logged models of either direction, of one batch."""
HISTORY_TAG = "mlflow.log-model.history"


class ParamChanged(Invalid):
    """A param was logged before with another value."""

    def __init__(self, candidate_id: UUID, changes: Sequence[tuple[str, str, str]]) -> None:
        self.changes = changes
        told = [{"key": key, "old_value": old, "new_value": new} for key, old, new in changes]
        super().__init__(
            f"Changing param values is not allowed. Params were already logged={told} for run ID='{candidate_id.hex}'.",
            field="params",
        )


@dataclass(frozen=True, slots=True)
class LogBatch:
    """What to log to one candidate. Of tags, the last value wins; params keep their first.

    ``read`` and ``written`` are logged models; written ones with the step.
    """

    candidate_id: UUID
    metrics: Sequence[MetricInput] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    datasets: Sequence[DatasetUse] = ()
    read: Sequence[UUID] = ()
    written: Sequence[tuple[UUID, int]] = ()

    @property
    def is_plain(self) -> bool:
        """Whether there are only metrics in it, and none of a logged model: what training sends all the time."""
        others = (self.params, self.tags, self.datasets, self.read, self.written)
        return not any(others) and all(metric.logged_model_id is None for metric in self.metrics)


async def log_batch(db: Database, actor: Actor, project: int | str, batch: LogBatch) -> None:
    """Log a batch atomically; repeating it changes nothing (MLflow REST: runs/log-batch).

    Raises:
        CandidateNotFound, CandidateInTrash: there is no living candidate.
        ParamChanged: a param has another value already; nothing of the batch was stored.
        Invalid: a key, value or number is not acceptable; nothing of the batch was stored.
    """
    check(batch)
    if batch.is_plain and await _log_points(db, actor, project, batch):
        return
    async with db.write(grows=True) as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        renamed = candidates.NAME_TAG in batch.tags
        candidate = await candidates.lock_living(tx, access.id, batch.candidate_id, to_change=renamed)
        await _log_params(tx, candidate, batch.params)
        await metrics.add(tx, candidate, batch.metrics)
        await inputs.add(tx, candidate, batch.datasets, read=batch.read, written=batch.written)
        await set_tags(tx, candidate, actor, batch.tags)


async def _log_points(db: Database, actor: Actor, project: int | str, batch: LogBatch) -> bool:
    """Store points together with those of others; False where that took no notice of the candidate."""
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.CANDIDATE_WRITE)
    fate = await point_batch.store(db, Points(access.id, batch.candidate_id, batch.metrics))
    if fate.in_trash:
        raise candidates.in_trash(batch.candidate_id)
    return fate.exists


async def note_model(db: Database, actor: Actor, project: int | str, candidate_id: UUID, entry: object) -> None:
    """Append what an MLflow 2 client tells of a model to the history in a tag (MLflow REST: runs/log-model).

    Raises:
        CandidateNotFound, CandidateInTrash: there is no living candidate.
        Invalid: the entry alone is longer than a tag can be.
    """
    async with db.write(grows=True) as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        candidate = await candidates.lock_living(tx, access.id, candidate_id, to_change=True)
        stored = select(CandidateTag.value).where(
            CandidateTag.project_id == access.id,
            CandidateTag.candidate_id == candidate_id,
            CandidateTag.key == HISTORY_TAG,
        )
        history = _appended(await tx.scalar(stored) or "[]", entry)
        names.check_value(history, names.TAG_LIMIT, "model_json")
        await _set_tags(tx, candidate, {HISTORY_TAG: history})


def _appended(text: str, entry: object) -> str:
    """The history with one more; the oldest are forgotten when a tag cannot hold all."""
    try:
        history = orjson.loads(text)
    except orjson.JSONDecodeError:  # somebody has set the tag by hand
        history = []
    history = [*history, entry] if isinstance(history, list) else [entry]
    while len(history) > 1 and len(orjson.dumps(history)) > names.TAG_LIMIT:
        history.pop(0)
    return orjson.dumps(history).decode()


async def remove_tag(db: Database, actor: Actor, project: int | str, candidate_id: UUID, key: str) -> None:
    """Remove a tag.

    Raises:
        NotFound: the candidate has no such tag.
    """
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        await candidates.lock_living(tx, access.id, candidate_id)
        if not await drop_tags(tx, access.id, candidate_id, [key]):
            raise NotFound(f"No tag with name: {key} in run with id {candidate_id.hex}", field="key")


async def set_tags(tx: Tx, candidate: Candidate, actor: Actor, tags: Mapping[str, str]) -> None:
    """Step: set tags, and link the CI job that they name."""
    await _set_tags(tx, candidate, tags)
    if job_links.names_ci_job(tags):
        await _link(tx, candidate, actor)


async def drop_tags(tx: Tx, project_id: int, candidate_id: UUID, keys: Sequence[str]) -> list[str]:
    """Step: remove tags; answers those that there were."""
    if not keys:
        return []
    statement = (
        delete(CandidateTag)
        .where(
            CandidateTag.project_id == project_id,
            CandidateTag.candidate_id == candidate_id,
            CandidateTag.key.in_(keys),
        )
        .returning(CandidateTag.key)
    )
    return list(await tx.scalars(statement))


def check(batch: LogBatch) -> None:
    """Refuse a batch that cannot be stored, before anything is written.

    Raises:
        Invalid: with the place and the rule.
    """
    limits = (
        ("metrics", batch.metrics, MAX_METRICS),
        ("params", batch.params, MAX_PARAMS),
        ("tags", batch.tags, MAX_TAGS),
        ("datasets", batch.datasets, MAX_INPUTS),
        ("models", [*batch.read, *batch.written], MAX_INPUTS),
    )
    for name, items, limit in limits:
        if len(items) > limit:
            raise Invalid(
                f"A batch logging request can contain at most {limit} {name}. Got {len(items)} {name}. "
                f"Please split up {name} across multiple requests and try again.",
                field=name,
            )
    total = len(batch.metrics) + len(batch.params) + len(batch.tags)
    if total > MAX_METRICS:
        raise Invalid(f"A batch holds at most {MAX_METRICS} metrics, params and tags together, not {total}.")
    inputs.check(batch.datasets)
    for index, metric in enumerate(batch.metrics):
        if not metrics.fits(metric):
            metrics.check(metric, f"metrics[{index}]")
    for index, (key, value) in enumerate(batch.params.items()):
        names.check_key(key, f"params[{index}].key")
        names.check_value(value, names.PARAM_LIMIT, f"params[{index}].value")
    for index, (key, value) in enumerate(batch.tags.items()):
        names.check_key(key, f"tags[{index}].key")
        names.check_value(value, names.TAG_LIMIT, f"tags[{index}].value")


async def _log_params(tx: Tx, candidate: Candidate, params: Mapping[str, str]) -> None:
    if not params:
        return
    # In key order, as tags: two batches with the same params must not wait for each other in a circle.
    rows = _unnested(dict(sorted(params.items())))
    source = select(literal(candidate.project_id, BigInteger), literal(candidate.id), rows.c.key, rows.c.value)
    columns = ["project_id", "candidate_id", "key", "value"]
    await tx.execute(upsert(CandidateParam).from_select(columns, source).on_conflict_do_nothing())
    stored = await tx.execute(
        select(CandidateParam.key, CandidateParam.value).where(
            CandidateParam.project_id == candidate.project_id,
            CandidateParam.candidate_id == candidate.id,
            CandidateParam.key.in_(list(params)),
        )
    )
    changes = [(key, value, params[key]) for key, value in stored if params[key] != value]
    if changes:
        raise ParamChanged(candidate.id, changes)


async def _set_tags(tx: Tx, candidate: Candidate, tags: Mapping[str, str]) -> None:
    if not tags:
        return
    if candidates.NAME_TAG in tags:
        tags = {**tags, candidates.NAME_TAG: normalized(tags[candidates.NAME_TAG])}
    # In key order, so that two batches with the same keys lock the rows in the same order.
    rows = _unnested(dict(sorted(tags.items())))
    source = select(literal(candidate.project_id, BigInteger), literal(candidate.id), rows.c.key, rows.c.value)
    statement = upsert(CandidateTag).from_select(["project_id", "candidate_id", "key", "value"], source)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["project_id", "candidate_id", "key"], set_={"value": statement.excluded.value}
        )
    )
    if tags.get(candidates.NAME_TAG):
        await candidates.rename_step(tx, candidate, tags[candidates.NAME_TAG])


async def _link(tx: Tx, candidate: Candidate, actor: Actor) -> None:
    """Follow the tags that name a CI job; some of them may have been set before."""
    statement = select(CandidateTag.key, CandidateTag.value).where(
        CandidateTag.project_id == candidate.project_id,
        CandidateTag.candidate_id == candidate.id,
        CandidateTag.key.in_(sorted(job_links.TAGS)),
    )
    tags = {row.key: row.value for row in await tx.execute(statement)}
    await job_links.follow_tags(tx, Owner(candidate.project_id, candidate.id), tags, by=actor.user_id)


def _unnested(pairs: Mapping[str, str]) -> TableValuedAlias:
    """The pairs as rows, in two parameters whatever their number."""
    keys, values = literal(list(pairs), ARRAY(Text)), literal(list(pairs.values()), ARRAY(Text))
    return func.unnest(keys, values).table_valued("key", "value").render_derived()
