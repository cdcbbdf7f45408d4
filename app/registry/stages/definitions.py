"""The stages of a project. MLflow's four names mean the stages that they are mapped to, whatever those are called."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.access.policy import Actor
from app.db.database import Database, Snapshot
from app.errors import Invalid
from app.registry import repository
from app.registry.names import stage_key
from app.registry.stages.tables import ProjectStage as Stage
from app.registry.tables import ModelVersion
from app.text import quoted

__all__ = ["Stage"]

INITIAL_KEY = "none"
"""The key of the stage where versions begin, in every project; what it is called is the project's own."""
ARCHIVED = "Archived"
"""MLflow's name of the stage to which versions go that make room for another one."""
MLFLOW_NAMES = ("None", "Staging", "Production", "Archived")
"""The names that MLflow clients know, as they write them."""


class UnknownStage(Invalid):
    """The project has no such stage."""

    def __init__(self, stage: str, names: Sequence[str]) -> None:
        self.stage, self.names = stage, list(names)
        super().__init__(f"There is no stage {quoted(stage)}; there are {', '.join(names)}.", field="stage")


async def of_project(snap: Snapshot, project_id: int, *, with_retired: bool = False) -> list[Stage]:
    """Read step: the stages of a project in their order, retired ones (if wanted) at the end. One statement."""
    statement = select(Stage).where(Stage.project_id == project_id)
    if not with_retired:
        statement = statement.where(Stage.retired_at.is_(None))
    order = (Stage.retired_at.is_not(None), Stage.position, Stage.id)
    return list(await snap.scalars(statement.order_by(*order)))


async def check(db: Database, actor: Actor, project: int | str, name: str) -> None:
    """Whether a project has a stage of that name.

    Raises:
        UnknownStage: it has none.
    """
    async with db.read() as snap:
        access = await repository.readable(snap, actor, project)
        await find(snap, access.id, name)


async def find(snap: Snapshot, project_id: int, name: str) -> Stage:
    """Read step: the stage of that name, in any case; else the one that MLflow's name of that text is mapped to.

    Raises:
        UnknownStage: there is none; the error has the names that there are.
    """
    stages = await of_project(snap, project_id)
    stage = named(stages, name)
    if stage is None:
        raise UnknownStage(name, [one.name for one in stages])
    return stage


async def by_id(snap: Snapshot, project_id: int, stage_id: int) -> Stage | None:
    """Read step: the stage with that id, be it retired."""
    return await snap.scalar(select(Stage).where(Stage.project_id == project_id, Stage.id == stage_id))


async def of_version(snap: Snapshot, version: ModelVersion) -> Stage:
    """Read step: the stage that a version is in."""
    statement = select(Stage).where(Stage.project_id == version.project_id, Stage.key == version.stage)
    return (await snap.scalars(statement)).one()


def named(stages: Sequence[Stage], name: str) -> Stage | None:
    """The stage of that name among those of a project; its own names come before MLflow's."""
    key = stage_key(name)
    own = next((stage for stage in stages if stage.name == key), None)
    return own or next((stage for stage in stages if stage.mlflow_name == key.capitalize()), None)


def shown_to_mlflow(stage: Stage) -> str:
    """What MLflow clients call the stage: one of their four names if it stands for one, else its own."""
    return stage.mlflow_name or stage.name
