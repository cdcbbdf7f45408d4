"""What a candidate read and wrote: data sets, and logged models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Tx
from app.errors import Invalid
from app.ids import uuid7
from app.text import normalized
from app.tracking import candidates, logged_models
from app.tracking.tables import Candidate, CandidateDataset, CandidateModel, Dataset, LoggedModel

_LIMITS = {"name": 500, "digest": 36, "source_type": 500, "source": 65_535, "schema": 1_048_575, "profile": 16_777_215}
_TAG_KEY_LIMIT, _TAG_VALUE_LIMIT = 255, 500


@dataclass(frozen=True, slots=True)
class DatasetUse:
    """A data set, and tags of this use (its context stands in `mlflow.data.context`)."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


async def log_inputs(
    db: Database,
    actor: Actor,
    project: int | str,
    candidate_id: UUID,
    *,
    datasets: Sequence[DatasetUse] = (),
    models: Sequence[UUID] = (),
) -> None:
    """Note what a candidate read; noting it again changes nothing (MLflow REST: runs/log-inputs).

    Raises:
        CandidateNotFound, CandidateInTrash: there is no living candidate.
        Invalid: a data set cannot be stored, or there is no such logged model.
    """
    check(datasets)
    async with db.write(grows=True) as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        candidate = await candidates.lock_living(tx, access.id, candidate_id)
        await add(tx, candidate, datasets, read=models)


async def log_outputs(
    db: Database, actor: Actor, project: int | str, candidate_id: UUID, models: Sequence[tuple[UUID, int]]
) -> None:
    """Note which logged models a candidate wrote, each at which step (MLflow REST: runs/outputs).

    Raises:
        CandidateNotFound, CandidateInTrash: there is no living candidate.
        Invalid: there is no such logged model.
    """
    async with db.write(grows=True) as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        candidate = await candidates.lock_living(tx, access.id, candidate_id)
        await add(tx, candidate, written=models)


async def add(
    tx: Tx,
    candidate: Candidate,
    datasets: Sequence[DatasetUse] = (),
    *,
    read: Sequence[UUID] = (),
    written: Sequence[tuple[UUID, int]] = (),
) -> None:
    """Step: note what a candidate that is locked read and wrote.

    Raises:
        Invalid: there is no such logged model.
    """
    await _add_datasets(tx, candidate, datasets)
    await _add_models(tx, candidate, [(id, 0) for id in read], "input")
    await _add_models(tx, candidate, written, "output")


async def _add_datasets(tx: Tx, candidate: Candidate, uses: Sequence[DatasetUse]) -> None:
    if not uses:
        return
    uses = [replace(use, name=normalized(use.name)) for use in uses]
    unique: dict[tuple[str, str], DatasetUse] = {}
    for use in uses:
        unique.setdefault((use.name, use.digest), use)  # the first one's tags stay, as in calls one after the other
    growing = sorted(uuid7() for _ in unique)  # in the order of the request, which answers keep
    ids_to_be = dict(zip(unique, growing, strict=True))
    rows = [
        {
            "project_id": candidate.project_id,
            "id": ids_to_be[key],
            "experiment_number": candidate.experiment_number,
            "name": use.name,
            "digest": use.digest,
            "source_type": use.source_type,
            "source": use.source,
            "schema": use.schema,
            "profile": use.profile,
        }
        for key, use in sorted(unique.items())
    ]
    await tx.execute(upsert(Dataset).on_conflict_do_nothing(), rows)
    stored = await tx.scalars(
        select(Dataset).where(
            Dataset.project_id == candidate.project_id,
            Dataset.experiment_number == candidate.experiment_number,
            Dataset.name.in_([name for name, _ in unique]),
        )
    )
    ids = {(row.name, row.digest): row.id for row in stored}
    links = [
        {
            "project_id": candidate.project_id,
            "candidate_id": candidate.id,
            "dataset_id": ids[key],
            "tags": dict(use.tags),
        }
        for key, use in unique.items()
    ]
    await tx.execute(upsert(CandidateDataset).on_conflict_do_nothing(), links)


async def _add_models(tx: Tx, candidate: Candidate, models: Sequence[tuple[UUID, int]], direction: str) -> None:
    if not models:
        return
    wanted = {id for id, _ in models}
    living = logged_models.living(candidate.project_id).where(LoggedModel.id.in_(wanted))
    missing = wanted - {model.id for model in await tx.scalars(living.with_for_update(read=True))}
    if missing:
        raise Invalid(f"There is no logged model m-{min(missing).hex}.", field="models")
    rows = [
        {
            "project_id": candidate.project_id,
            "candidate_id": candidate.id,
            "logged_model_id": id,
            "direction": direction,
            "step": step,
        }
        for id, step in models
    ]
    await tx.execute(upsert(CandidateModel).on_conflict_do_nothing(), rows)


def check(uses: Sequence[DatasetUse]) -> None:
    """Refuse data sets that cannot be stored.

    Raises:
        Invalid: with the rule.
    """
    for use in uses:
        _check(use)


def _check(use: DatasetUse) -> None:
    for name, limit in _LIMITS.items():
        value = getattr(use, name)
        if value is not None and len(value) > limit:
            raise Invalid(
                f"'{name}' exceeds the maximum length of {limit} characters: that of a data set has {len(value)}.",
                field=name,
            )
    if not use.name or not use.digest:
        raise Invalid("A dataset needs a name and a digest.", field="name")
    for key, value in use.tags.items():
        for what, text, limit in (("key", key, _TAG_KEY_LIMIT), ("value", value, _TAG_VALUE_LIMIT)):
            if len(text) > limit:
                raise Invalid(
                    f"'{what}' exceeds the maximum length of {limit} characters: that of an input tag has {len(text)}.",
                    field="tags",
                )
