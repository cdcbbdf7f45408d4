"""Candidates of model versions: steps of the registry's own transactions, and parts of its statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, exists, func, or_, select, text, update

from app.db.database import Tx
from app.db.statements import Fragment
from app.queue import outbox
from app.tracking.background_jobs import PurgeCandidate, PurgeExperiment
from app.tracking.candidates import Status
from app.tracking.tables import Candidate, Experiment, LoggedModel
from app.tracking.version_references import (
    CANDIDATE_IS_OF_MODEL,
    CANDIDATE_IS_OF_RESTORED_MODEL,
    CANDIDATE_IS_UNNEEDED,
    CANDIDATE_IS_UNREFERENCED,
)


async def release(tx: Tx, project_id: int, candidate_ids: Sequence[UUID], logged_model_ids: Sequence[UUID]) -> None:
    """Step: versions that referred to these have just been removed in this transaction.

    Candidates that were made only for versions are condemned with their last one. What is condemned already, and had to
    wait for its versions, gets its job again.
    """
    candidates = await _free(tx, project_id, candidate_ids)
    early = or_(Candidate.purge_at.is_(None), Candidate.purge_at > func.now())
    await _mark_own_for_purge(tx, project_id, candidates, early, keep=timedelta())
    waiting = [*candidates, *await _sources(tx, project_id, logged_model_ids)]
    for candidate_id in await _condemned(tx, project_id, waiting):
        await outbox.enqueue(tx, PurgeCandidate(project_id, candidate_id), project_id=project_id)
    for number in await _condemned_experiments(tx, project_id, waiting, logged_model_ids):
        await outbox.enqueue(tx, PurgeExperiment(project_id, number), project_id=project_id)


def states_sql(project: str, ids: str) -> Fragment:
    """SQL: candidates of the array ``ids`` as a JSON object, false for living ones and true for those in the trash."""
    return Fragment(f"""
        SELECT jsonb_object_agg(c.id, c.deleted_at IS NOT NULL)::text
        FROM unnest({ids}) AS wanted JOIN candidates c ON c.project_id = {project} AND c.id = wanted
        WHERE c.purge_at IS NULL
    """)  # noqa: S608 - of constants


def is_own_sql(project: str, candidate: str) -> Fragment:
    """SQL: whether a candidate was made for a version alone."""
    return Fragment(
        f"EXISTS (SELECT FROM candidates c WHERE c.project_id = {project} AND c.id = {candidate} AND c.of_version)"
    )


def lock_sql(project: str, ids: str) -> Fragment:
    """SQL: the living candidates of the array ``ids``, locked against deletion until the commit, in one order."""
    return Fragment(f"""
        SELECT c.id FROM unnest({ids}) AS wanted JOIN candidates c ON c.project_id = {project} AND c.id = wanted
        WHERE c.deleted_at IS NULL AND c.purge_at IS NULL
        ORDER BY c.id FOR SHARE OF c
    """)  # noqa: S608 - of constants


def insert_sql(model: str, own: str) -> Fragment:
    """SQL: inserts a candidate for each row of ``own`` (id, user_name, created_by) in the experiment of ``model``."""
    return Fragment(f"""
        INSERT INTO candidates
            (project_id, experiment_number, name, id, user_name, created_by, of_version, status)
        SELECT {model}.project_id, {model}.experiment_number, {model}.name, own.*, true, {int(Status.FINISHED)}
        FROM {model}, {own}
        RETURNING id
    """)  # noqa: S608 - of constants


async def lock_shared(tx: Tx, project_id: int, candidate_ids: Iterable[UUID]) -> None:
    """Step: lock those of the candidates that exist against deletion until the commit; many may lock them at once."""
    mine = (Candidate.project_id == project_id, Candidate.id == func.any(list(candidate_ids)))
    await tx.execute(select(Candidate.id).where(*mine).order_by(Candidate.id).with_for_update(read=True))


async def lock_of_version(tx: Tx, project_id: int, candidate_id: UUID) -> None:
    """Step: lock the candidate of a version, before the model, as the creation of versions does."""
    mine = (Candidate.project_id == project_id, Candidate.id == candidate_id)
    await tx.execute(select(Candidate.id).where(*mine).with_for_update())


async def lock_of_model(tx: Tx, project_id: int, model_id: int) -> list[UUID]:
    """Step: lock the candidates that were made only for versions and that this model's versions have; their ids."""
    of_model = text(CANDIDATE_IS_OF_MODEL)
    own = (Candidate.project_id == project_id, Candidate.of_version, Candidate.purge_at.is_(None))
    statement = select(Candidate.id).where(*own, of_model).order_by(Candidate.id).with_for_update()
    return list(await tx.scalars(statement, {"model": model_id}))


async def purge_unneeded(
    tx: Tx, project_id: int, candidate_ids: Sequence[UUID], *, keep: timedelta = timedelta()
) -> None:
    """Step: hide candidates that were made only for versions, once the last of these is deleted.

    The candidates are locked. A worker removes them when it has removed the versions' rows, after ``keep``.
    """
    if candidate_ids:
        hidden = (Candidate.purge_at.is_(None), text(CANDIDATE_IS_UNNEEDED))
        await _mark_own_for_purge(tx, project_id, candidate_ids, *hidden, keep=keep)


async def bring_back(tx: Tx, project_id: int, candidate_ids: Sequence[UUID]) -> None:
    """Step: versions with these candidates, which are locked, live again, and so do the candidates.

    They leave the trash, too. Those of a model that is deleted itself stay hidden, as they do for its living versions.
    """
    mine = (Candidate.project_id == project_id, Candidate.id == func.any(list(candidate_ids)))
    await _bring_back(tx, *mine)


async def bring_back_of_model(tx: Tx, project_id: int, model_id: int) -> None:
    """Step: the same for the candidates of all versions of a model that were not deleted by themselves."""
    of_model = text(CANDIDATE_IS_OF_RESTORED_MODEL).bindparams(model=model_id)
    mine = (Candidate.project_id == project_id, of_model)
    await tx.execute(select(Candidate.id).where(*mine).order_by(Candidate.id).with_for_update())
    await _bring_back(tx, *mine)


async def _bring_back(tx: Tx, *conditions: ColumnElement[bool] | TextClause) -> None:
    shown = exists().where(
        Experiment.project_id == Candidate.project_id,
        Experiment.number == Candidate.experiment_number,
        Experiment.purge_at.is_(None),
    )
    away = or_(Candidate.purge_at.is_not(None), Candidate.deleted_at.is_not(None))
    statement = update(Candidate).where(*conditions, away, shown).values(purge_at=None, deleted_at=None)
    await tx.execute(statement.execution_options(synchronize_session=False))


async def _free(tx: Tx, project_id: int, ids: Sequence[UUID]) -> list[UUID]:
    """Those that no version refers to; locked first, so that no version can be made from them in between."""
    mine = (Candidate.project_id == project_id, Candidate.id == func.any(list(ids)))
    await tx.execute(select(Candidate.id).where(*mine).order_by(Candidate.id).with_for_update())
    unreferenced = select(Candidate.id).where(*mine, text(CANDIDATE_IS_UNREFERENCED))
    return list(await tx.scalars(unreferenced.order_by(Candidate.id)))


async def _mark_own_for_purge(
    tx: Tx, project_id: int, ids: Sequence[UUID], *conditions: ColumnElement[bool] | TextClause, keep: timedelta
) -> None:
    mine = (Candidate.project_id == project_id, Candidate.id == func.any(list(ids)), Candidate.of_version)
    statement = update(Candidate).where(*mine, *conditions).values(purge_at=func.now() + keep)
    await tx.execute(statement.execution_options(synchronize_session=False))


async def _condemned(tx: Tx, project_id: int, ids: Sequence[UUID]) -> list[UUID]:
    """Condemned candidates of living experiments; those of a condemned one go with it."""
    statement = (
        select(Candidate.id)
        .join(
            Experiment,
            (Experiment.project_id == Candidate.project_id) & (Experiment.number == Candidate.experiment_number),
        )
        .where(
            Candidate.project_id == project_id,
            Candidate.id == func.any(list(ids)),
            Candidate.purge_at <= func.now(),
            Experiment.purge_at.is_(None),
        )
    )
    return list(await tx.scalars(statement.order_by(Candidate.id)))


async def _sources(tx: Tx, project_id: int, logged_model_ids: Sequence[UUID]) -> list[UUID]:
    """The candidates that logged these models: they had to wait as well."""
    statement = select(LoggedModel.source_candidate_id).where(
        LoggedModel.project_id == project_id,
        LoggedModel.id == func.any(list(logged_model_ids)),
        LoggedModel.source_candidate_id.is_not(None),
    )
    return [source for source in await tx.scalars(statement) if source is not None]


async def _condemned_experiments(
    tx: Tx, project_id: int, candidate_ids: Sequence[UUID], logged_model_ids: Sequence[UUID]
) -> list[int]:
    """Condemned experiments that still have these candidates or logged models."""
    of_candidates = select(Candidate.experiment_number).where(
        Candidate.project_id == project_id, Candidate.id == func.any(list(candidate_ids))
    )
    of_models = select(LoggedModel.experiment_number).where(
        LoggedModel.project_id == project_id, LoggedModel.id == func.any(list(logged_model_ids))
    )
    statement = select(Experiment.number).where(
        Experiment.project_id == project_id,
        Experiment.purge_at <= func.now(),
        Experiment.number.in_(of_candidates) | Experiment.number.in_(of_models),
    )
    return list(await tx.scalars(statement))
