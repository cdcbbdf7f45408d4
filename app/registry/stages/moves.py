"""The one step by which a version changes its stage, whichever call it came by.

Under the model's lock: the rules for protected names, what is expected to be there, intervals that end and begin, and
the events. What decides whether a version may be promoted comes before it (:mod:`app.lifecycle`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, insert, select, update

from app.access.policy import Actor, ProjectAccess
from app.db.database import Tx
from app.db.statements import Statement
from app.errors import Conflict
from app.registry import webhook_events
from app.registry.stages import definitions, holders, protections
from app.registry.stages.definitions import ARCHIVED, Stage
from app.registry.stages.intervals import Cause, check_reason
from app.registry.stages.tables import StageInterval
from app.registry.tables import Model, ModelVersion
from app.registry.versions import change, states
from app.text import quoted

NOTHING = 0
"""As ``expected_current``: no version is in the stage."""

_MOMENT = Statement(
    "stages.moment",
    "Now, later than whatever is kept of the model, even if the clock was set back.",
    """
    SELECT greatest(clock_timestamp(), (
        SELECT greatest(i.valid_from, i.valid_until) + interval '1 microsecond' FROM stage_intervals i
        WHERE i.project_id = :project AND i.model_id = :model ORDER BY i.valid_from DESC, i.id DESC LIMIT 1
    ))
    """,
)


class StageMoved(Conflict):
    """The stage does not stand for the version that was expected."""

    code = "STAGE_MOVED"


@dataclass(frozen=True, slots=True)
class Moved:
    """A version in its stage, the one that it left, the versions that made room for it, and its interval."""

    version: ModelVersion
    stage: Stage
    left_stage: Stage
    others: Sequence[ModelVersion] = field(default_factory=tuple)
    interval_id: int | None = None


async def move(
    tx: Tx,
    actor: Actor,
    access: ProjectAccess,
    model: Model,
    version: ModelVersion,
    stage: Stage,
    *,
    reason: str = "",
    keep_others: bool = False,
    expected_current: int | None = None,
    promotion_id: int | None = None,
    has_approval: bool = False,
) -> Moved:
    """Step: move a version to a stage, under the model's lock (:func:`app.registry.models.lock`), read since.

    Others in the stage go to the one that is MLflow's ``Archived``, unless ``keep_others``; none does from a stage
    that is not guarded, which is for any number of versions. ``expected_current`` is the number of the version that the
    stage stands for now, or :data:`NOTHING`. ``has_approval``: others have approved, as many as the rules want. If the
    version is there already and no other makes room, nothing changes.

    Raises:
        UnknownStage: the stage has just been retired.
        StageMoved: it stands for another version than expected.
        NameProtected, ApprovalNeeded: a rule protects the stage, or the one that is left.
        VersionNotReady: the stage is for versions whose files are complete and sound.
    """
    check_reason(reason)
    stages = await _lock_stages(tx, access.id)
    stage = _living(stages, stage)
    left = next(one for one in stages if one.key == version.stage)
    await _compare(tx, version, stage, expected_current)
    others = [] if keep_others else await _others(tx, version, stage)
    if left.id == stage.id and not others:
        return Moved(version, stage, left, interval_id=await _current_interval(tx, version))
    changed = [stage] if left.id == stage.id else [stage, left]
    await protections.require_stages(tx, actor, access, changed, has_approval=has_approval)
    if stage.is_guarded:
        states.require_ready(version, f"enter the stage {quoted(stage.name)}", field="stage")
    archive = next(one for one in stages if one.mlflow_name == ARCHIVED and one.retired_at is None)
    moment: datetime = await _MOMENT.fetch_value(tx, project=version.project_id, model=version.model_id)
    interval_id, moved = await _current_interval(tx, version), version
    if others:
        await states.lock_files_of(tx, version.project_id, [version.id, *(other.id for other in others)])
        await _lock_versions(tx, [version, *others])
        cause = Cause.of(actor, f"It made room for {version.version}.")
        others = [(await _enter(tx, other, archive, cause, moment))[0] for other in others]
    if left.id != stage.id:
        moved, interval_id = await _enter(tx, version, stage, Cause.of(actor, reason), moment, promotion_id)
    touched = {stage.id, left.id, *([archive.id] if others else [])}
    await holders.keep(tx, version.project_id, version.model_id, touched, moment)
    for one, was_in in [*((other, stage) for other in others), *([(moved, left)] if left.id != stage.id else [])]:
        await webhook_events.version_changed(
            tx, model, one, "stage_changed", actor.username, from_stage=was_in.name, reason=reason or None
        )
    return Moved(moved, stage, left, others, interval_id)


async def leave(tx: Tx, actor: Actor, version: ModelVersion, *, reason: str) -> None:
    """Step: end the interval of a version that is deleted, under the model's lock; it is in the first stage again."""
    if version.stage == definitions.INITIAL_KEY:
        return
    moment: datetime = await _MOMENT.fetch_value(tx, project=version.project_id, model=version.model_id)
    stage_id = await _end(tx, version, Cause.of(actor, reason), moment)
    if stage_id is not None:
        await holders.keep(tx, version.project_id, version.model_id, [stage_id], moment)


async def keep_holder(tx: Tx, version: ModelVersion) -> None:
    """Step: a version in a stage may have become what the stage means, or ceased to; under the model's lock."""
    if version.stage == definitions.INITIAL_KEY:
        return
    stage = await definitions.of_version(tx, version)
    moment: datetime = await _MOMENT.fetch_value(tx, project=version.project_id, model=version.model_id)
    await holders.keep(tx, version.project_id, version.model_id, [stage.id], moment)


async def _lock_stages(tx: Tx, project_id: int) -> list[Stage]:
    """The stages as they are, and stay until the commit: none is retired while a version enters it."""
    locked = select(Stage).where(Stage.project_id == project_id).order_by(Stage.id).with_for_update(read=True)
    return list(await tx.scalars(locked, execution_options={"populate_existing": True}))


def _living(stages: Sequence[Stage], stage: Stage) -> Stage:
    living = [one for one in stages if one.retired_at is None]
    current = next((one for one in living if one.id == stage.id), None)
    if current is None:
        raise definitions.UnknownStage(stage.name, [one.name for one in living])
    return current


async def _compare(tx: Tx, version: ModelVersion, stage: Stage, expected: int | None) -> None:
    if expected is None:
        return
    current = await holders.of_stage(tx, version.project_id, version.model_id, stage)
    if expected == (current.number if current else NOTHING):
        return
    holds = f"stands for number {current.number} ({current.version})" if current else "holds no version"
    wanted = f"number {expected}" if expected else "that it holds none"
    raise StageMoved(
        f"The stage {quoted(stage.name)} {holds}, but {wanted} was expected; nothing was changed.",
        field="expectedCurrent",
    )


async def _others(tx: Tx, version: ModelVersion, stage: Stage) -> list[ModelVersion]:
    """Those that make room: none in the stages that are for any number of versions."""
    if not stage.is_guarded:
        return []
    same = (ModelVersion.project_id == version.project_id, ModelVersion.model_id == version.model_id)
    there = (*same, ModelVersion.stage == stage.key, ModelVersion.id != version.id, ModelVersion.deleted_at.is_(None))
    statement = select(ModelVersion).where(*there).order_by(ModelVersion.id)
    return list(await tx.scalars(statement, execution_options={"populate_existing": True}))


async def _lock_versions(tx: Tx, versions: Sequence[ModelVersion]) -> None:
    """The versions may share files, so those are locked first, and rows of each kind in one order."""
    ids = [version.id for version in versions]
    every = (ModelVersion.project_id == versions[0].project_id, ModelVersion.id == func.any(ids))
    await tx.execute(select(ModelVersion.id).where(*every).order_by(ModelVersion.id).with_for_update())


async def _current_interval(tx: Tx, version: ModelVersion) -> int | None:
    return await tx.scalar(
        select(StageInterval.id).where(
            StageInterval.project_id == version.project_id,
            StageInterval.version_id == version.id,
            StageInterval.valid_until.is_(None),
        )
    )


async def _enter(
    tx: Tx, version: ModelVersion, stage: Stage, cause: Cause, moment: datetime, promotion_id: int | None = None
) -> tuple[ModelVersion, int]:
    await _end(tx, version, cause, moment)
    statement = (
        insert(StageInterval)
        .values(
            project_id=version.project_id,
            model_id=version.model_id,
            version_id=version.id,
            stage_id=stage.id,
            number=version.number,
            version=version.version,
            precedence=version.precedence,
            is_prerelease=version.is_prerelease,
            valid_from=moment,
            promotion_id=promotion_id,
            **cause.beginning,
        )
        .returning(StageInterval.id)
    )
    interval_id = (await tx.scalars(statement)).one()
    return await change.apply(tx, version, stage=stage.key, updated_at=func.now()), interval_id


async def _end(tx: Tx, version: ModelVersion, cause: Cause, moment: datetime) -> int | None:
    """Close the interval of a version; the id of the stage that it was in."""
    statement = (
        update(StageInterval)
        .where(
            StageInterval.project_id == version.project_id,
            StageInterval.version_id == version.id,
            StageInterval.valid_until.is_(None),
        )
        .values(valid_until=func.greatest(StageInterval.valid_from, moment), **cause.ending)
        .returning(StageInterval.stage_id)
        .execution_options(synchronize_session=False)
    )
    ended: int | None = await tx.scalar(statement)
    return ended
