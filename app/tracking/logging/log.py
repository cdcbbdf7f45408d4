"""Logging to a candidate: metrics, params and tags, all of a batch or nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Tx
from app.db.statements import Statement
from app.errors import Invalid
from app.tracking import candidates, names
from app.tracking.logging import inputs, metrics, point_batch, tags
from app.tracking.logging.inputs import DatasetUse
from app.tracking.logging.point_batch import MetricInput, Points
from app.tracking.logging.tags import Pair
from app.tracking.reads import evaluation_runs
from app.tracking.tables import Candidate

__all__ = ["LogBatch", "MetricInput"]

MAX_METRICS = 1_000
MAX_PARAMS = 100
MAX_TAGS = 100
MAX_INPUTS = 100
"""Data sets, and logged models of either direction, of one batch."""
HISTORY_TAG = "mlflow.log-model.history"
INSERT_PARAMS = Statement(
    "tracking.insert_params",
    "Writes params of a candidate; one that is there stays as it is.",
    """
    INSERT INTO candidate_params (project_id, candidate_id, key, value)
    SELECT :project::bigint, :candidate::uuid, pair.key, pair.value
    FROM unnest(:keys::text[], :values::text[]) AS pair (key, value)
    ON CONFLICT DO NOTHING
    """,
)
READ_PARAMS = Statement(
    "tracking.read_params",
    "Some params of a candidate.",
    """
    SELECT key, value FROM candidate_params
    WHERE project_id = :project AND candidate_id = :candidate AND key = ANY (:keys::text[])
    """,
    row=Pair,
)


class ParamChanged(Invalid):
    """A param was logged before with another value."""

    def __init__(self, candidate_id: UUID, changes: Sequence[tuple[str, str, str]]) -> None:
        self.changes = changes
        listed = [{"key": key, "old_value": old, "new_value": new} for key, old, new in changes]
        super().__init__(
            f"Changing param values is not allowed. Params were already logged={listed} for run "
            f"ID='{candidate_id.hex}'.",
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
        """Whether it has metrics only, and none of a logged model: what training sends all the time."""
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
        await tags.set_tags(tx, candidate, actor, batch.tags)


async def _log_points(db: Database, actor: Actor, project: int | str, batch: LogBatch) -> bool:
    """Store points together with those of other callers; False where the candidate is gone, or locked by a change."""
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.CANDIDATE_WRITE)
    state = await point_batch.store(db, Points(access.id, batch.candidate_id, batch.metrics))
    if state.in_trash:
        raise candidates.in_trash(batch.candidate_id)
    return state.exists


async def note_model(db: Database, actor: Actor, project: int | str, candidate_id: UUID, entry: object) -> None:
    """Append what an MLflow 2 client says of a model to the history in a tag (MLflow REST: runs/log-model).

    Raises:
        CandidateNotFound, CandidateInTrash: there is no living candidate.
        Invalid: the entry alone is longer than a tag can be.
    """
    async with db.write(grows=True) as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        candidate = await candidates.lock_living(tx, access.id, candidate_id, to_change=True)
        stored = await tags.read(tx, candidate, [HISTORY_TAG])
        history = _appended(stored.get(HISTORY_TAG, "[]"), entry)
        names.check_value(history, names.TAG_LIMIT, "model_json")
        await tags.store(tx, candidate, {HISTORY_TAG: history})
        await evaluation_runs.note_model(tx, candidate, entry)


def _appended(text: str, entry: object) -> str:
    """The history with one more; the oldest are forgotten when a tag cannot hold all."""
    try:
        history = orjson.loads(text)
    except orjson.JSONDecodeError:  # a user has set the tag by hand
        history = []
    history = [*history, entry] if isinstance(history, list) else [entry]
    while len(history) > 1 and len(orjson.dumps(history)) > names.TAG_LIMIT:
        history.pop(0)
    return orjson.dumps(history).decode()


def check(batch: LogBatch) -> None:
    """Refuse a batch that cannot be stored, before anything is written.

    Raises:
        Invalid: with the position and the rule.
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
    keys = sorted(params)
    values = [params[key] for key in keys]
    await INSERT_PARAMS.execute(tx, project=candidate.project_id, candidate=candidate.id, keys=keys, values=values)
    stored = await READ_PARAMS.fetch(tx, project=candidate.project_id, candidate=candidate.id, keys=keys)
    changes = [(pair.key, pair.value, params[pair.key]) for pair in stored if params[pair.key] != pair.value]
    if changes:
        raise ParamChanged(candidate.id, changes)
