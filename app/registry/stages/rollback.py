"""Going back to what stood before: of an alias, as a move like any other; of a stage, what is to be promoted for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from app.access.policy import Actor
from app.db.database import Database, Snapshot
from app.errors import NotFound
from app.registry import aliases, models, repository
from app.registry.aliases import AliasDetails
from app.registry.names import alias_key
from app.registry.references.parse import ByNumber
from app.registry.repository import readable
from app.registry.stages import as_of, definitions, holders
from app.registry.stages.definitions import Stage
from app.registry.stages.moves import NOTHING
from app.registry.stages.tables import StageHolder, StageInterval
from app.registry.tables import Alias, Model, ModelVersion
from app.text import quoted


class NothingBefore(NotFound):
    """Nothing stood there before, or it is not there any more."""


@dataclass(frozen=True, slots=True)
class StandsBefore:
    """What a rollback of a stage leads to, and the number of the version that the stage stands for now (0: of none).

    Move ``version`` with ``expected_current``, so that a rollback that another one overtakes changes nothing.
    """

    model: Model
    stage: Stage
    version: ModelVersion
    expected_current: int


async def alias(
    db: Database,
    actor: Actor,
    project: int | str,
    model: int | str,
    name: str,
    *,
    at: datetime | None = None,
    expected_current: int | None = None,
    reason: str = "",
) -> AliasDetails:
    """Put an alias on the version that it stood on before this one, or at a moment; also one that was taken away.

    Raises:
        ModelNotFound: there is no such model.
        NothingBefore: it stood on no other version, or that was deleted.
        AliasMoved: it was moved meanwhile, or stands on another version than expected; nothing was changed.
        NameProtected, ApprovalNeeded, VersionNotReady: as for :func:`app.registry.aliases.set`.
    """
    key = alias_key(name)
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        owner = await models.find(snap, actor, access.id, model)
        mine = (Alias.project_id == owner.project_id, Alias.model_id == owner.id, Alias.name == key)
        current = await snap.scalar(select(Alias).where(*mine, Alias.valid_until.is_(None)))
        if at is not None:
            before = await as_of.alias(snap, owner.project_id, owner.id, key, at)
        else:
            others = [] if current is None else [Alias.version_id != current.version_id]
            before = await snap.scalar(_latest(select(Alias).where(*mine, *others), Alias))
        named = f"alias {quoted(name)}"
        version = await _still_there(snap, owner, before, named, at)
    stands_on = current.number if current is not None else aliases.NOWHERE
    return await aliases.set(
        db,
        actor,
        access.id,
        owner.id,
        key,
        ByNumber(version.number),
        expected_current=stands_on if expected_current is None else expected_current,
        reason=reason,
    )


async def stage(
    snap: Snapshot, actor: Actor, project: int | str, model: int | str, name: str, *, at: datetime | None = None
) -> StandsBefore:
    """Read step: what a rollback of a stage leads to: the version that it stood for before this one, or at a moment.

    Raises:
        ModelNotFound, UnknownStage: there is no such model or stage.
        NothingBefore: the stage stood for no other version, or that was deleted.
    """
    access = await readable(snap, actor, project)
    owner = await models.find(snap, actor, access.id, model)
    named = await definitions.find(snap, access.id, name)
    current = await holders.of_stage(snap, owner.project_id, owner.id, named)
    before: StageInterval | StageHolder | None
    if at is not None:
        before = await as_of.stage(snap, owner.project_id, owner.id, named.id, at)
    else:
        others = [] if current is None else [StageHolder.version_id != current.id]
        mine = (StageHolder.project_id == owner.project_id, StageHolder.model_id == owner.id)
        statement = select(StageHolder).where(*mine, StageHolder.stage_id == named.id, *others)
        before = await snap.scalar(_latest(statement, StageHolder))
    version = await _still_there(snap, owner, before, f"stage {quoted(named.name)}", at)
    return StandsBefore(owner, named, version, current.number if current is not None else NOTHING)


def _latest(statement: Select[Alias] | Select[StageHolder], table: type[Alias | StageHolder]) -> Select[*tuple[object]]:
    return statement.order_by(table.valid_from.desc(), table.id.desc()).limit(1)


async def _still_there(
    snap: Snapshot, model: Model, interval: Alias | StageInterval | StageHolder | None, named: str, at: datetime | None
) -> ModelVersion:
    when = "before" if at is None else f"at {at.isoformat()}"
    if interval is None:
        other = "no other version" if at is None else "no version"
        raise NothingBefore(f"The {named} of {quoted(model.name)} stood for {other} {when}.")
    living = repository.living_versions(model.project_id).where(ModelVersion.id == interval.version_id)
    version: ModelVersion | None = await snap.scalar(living)
    if version is None:
        raise NothingBefore(
            f"The version that the {named} of {quoted(model.name)} stood for {when} was deleted since; restore it "
            "first, or say with `asOf` which moment to go back to."
        )
    return version
