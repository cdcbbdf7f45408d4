"""Adding, renaming, ordering and retiring the stages of a project. None is ever removed: histories name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, insert, select, update

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Tx
from app.errors import Conflict, Invalid, Taken, TooLarge
from app.registry.names import InvalidName, check_description, is_stage, stage_key
from app.registry.stages import definitions, events
from app.registry.stages.definitions import ARCHIVED, MLFLOW_NAMES, Stage
from app.registry.stages.protections import Kind
from app.registry.stages.tables import NameProtection
from app.registry.tables import ModelVersion
from app.text import quoted

MAX_STAGES = 50
"""Of a project, without retired ones."""


class StageInUse(Conflict):
    """Versions are in the stage."""

    code = "STAGE_IN_USE"


@dataclass(frozen=True, slots=True)
class NewStage:
    """A stage to add, at a position among the others (None: before the one for what is archived).

    ``mlflow_name``: the one of MLflow's four names that it is to stand for; the stage that did so no longer does.
    """

    name: str
    position: int | None = None
    mlflow_name: str | None = None
    is_guarded: bool = True
    seals: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class EditStage:
    """Only what is not None changes; an empty ``mlflow_name`` lets the stage stand for none."""

    name: str | None = None
    position: int | None = None
    mlflow_name: str | None = None
    is_guarded: bool | None = None
    seals: bool | None = None
    description: str | None = None


async def create(db: Database, actor: Actor, project: int | str, command: NewStage) -> Stage:
    """Add a stage.

    Raises:
        Taken: the project has a stage of that name.
        Invalid: a value is not acceptable.
        Forbidden: the actor may not manage stages.
    """
    name = _check_name(command.name)
    mlflow_name = _check_mlflow_name(command.mlflow_name or "")
    description = check_description(command.description)
    async with db.write() as tx:
        stages, project_id = await _lock(tx, actor, project)
        if len(stages) >= MAX_STAGES:
            raise TooLarge(f"The project has {len(stages)} stages; at most {MAX_STAGES} fit.", field="name")
        _refuse_taken(stages, name)
        await _hand_over(tx, stages, mlflow_name, to=None)
        added = (
            await tx.scalars(
                insert(Stage)
                .values(
                    project_id=project_id,
                    key=await _new_key(tx, project_id, name),
                    name=name,
                    position=len(stages) + 1,
                    mlflow_name=mlflow_name or None,
                    is_guarded=command.is_guarded,
                    seals=command.seals,
                    description=description,
                    created_by=actor.user_id,
                )
                .returning(Stage)
            )
        ).one()
        before_archive = next((i for i, one in enumerate(stages, 1) if one.mlflow_name == ARCHIVED), len(stages) + 1)
        await _order(tx, stages, added, before_archive if command.position is None else command.position)
        await _check_names(tx, project_id)
        await events.stage_changed(tx, added, "created", actor)
    return added


async def edit(db: Database, actor: Actor, project: int | str, stage: str, command: EditStage) -> Stage:
    """Change a stage. Rules that name it in full go along with its name.

    Raises:
        UnknownStage: the project has no such stage.
        Taken: another stage has the name.
        Invalid: a value is not acceptable, or the first stage cannot be so.
    """
    values: dict[str, Any] = {}
    if command.name is not None:
        values["name"] = _check_name(command.name)
    if command.description is not None:
        values["description"] = check_description(command.description)
    mlflow_name = None if command.mlflow_name is None else _check_mlflow_name(command.mlflow_name)
    values |= {
        name: value
        for name, value in (("is_guarded", command.is_guarded), ("seals", command.seals))
        if value is not None
    }
    async with db.write() as tx:
        stages, project_id = await _lock(tx, actor, project)
        one = _named(stages, stage)
        if one.is_initial and (values.get("is_guarded") or values.get("seals")):
            raise Invalid(
                f"Versions begin in {quoted(one.name)}, so it takes versions that are not READY and seals none.",
                field="isGuarded" if values.get("is_guarded") else "seals",
            )
        if "name" in values and values["name"] != one.name:
            _refuse_taken(stages, values["name"])
            await _rename_rules(tx, one, values["name"])
        if mlflow_name is not None and mlflow_name != (one.mlflow_name or ""):
            await _hand_over(tx, stages, mlflow_name, to=one)
            values["mlflow_name"] = mlflow_name or None
        if values:
            await tx.execute(_of(one).values(**values))
        if command.position is not None:
            await _order(tx, [other for other in stages if other.id != one.id], one, command.position)
        await _check_names(tx, project_id)
        await tx.refresh(one)
        await events.stage_changed(tx, one, "updated", actor)
    return one


async def retire(db: Database, actor: Actor, project: int | str, stage: str) -> Stage:
    """End a stage: no version enters it any more, and its name is free. What was in it and when stays known.

    Raises:
        UnknownStage: the project has no such stage.
        StageInUse: versions are in it.
        Invalid: it is the first one, or that for what is archived.
    """
    async with db.write() as tx:
        stages, project_id = await _lock(tx, actor, project)
        one = _named(stages, stage)
        if one.is_initial or one.mlflow_name == ARCHIVED:
            what = "Versions begin in" if one.is_initial else "Versions that make room for others go to"
            raise Invalid(f"{what} {quoted(one.name)}, so it cannot be retired.", field="name")
        here = (ModelVersion.project_id == project_id, ModelVersion.stage == one.key)
        model = await tx.scalar(select(ModelVersion).where(*here, ModelVersion.deleted_at.is_(None)).limit(1))
        if model is not None:
            raise StageInUse(
                f"Versions are in {quoted(one.name)}, such as {quoted(model.version)}; move them elsewhere first.",
                field="name",
            )
        await tx.execute(_of(one).values(retired_at=func.now()))
        await tx.refresh(one)
        await events.stage_changed(tx, one, "retired", actor)
    return one


async def _lock(tx: Tx, actor: Actor, project: int | str) -> tuple[list[Stage], int]:
    """The living stages in their order, kept from others who change them and from versions that enter them."""
    access = await projects.visible(tx, actor, project)
    policy.require(actor, access, Permission.LIFECYCLE_MANAGE)
    here = select(Stage).where(Stage.project_id == access.id).order_by(Stage.id)
    await tx.execute(here.with_for_update())
    # Read again: who has waited for the lock does not see yet what was added meanwhile.
    rows = await tx.scalars(here, execution_options={"populate_existing": True})
    stages = [stage for stage in rows if stage.retired_at is None]
    return sorted(stages, key=lambda stage: (stage.position, stage.id)), access.id


def _named(stages: Sequence[Stage], name: str) -> Stage:
    stage = definitions.named(stages, name)
    if stage is None:
        raise definitions.UnknownStage(name, [one.name for one in stages])
    return stage


def _check_name(name: str) -> str:
    key = stage_key(name)
    if not is_stage(name) or key.isdecimal() or key in {"latest", "latest-prerelease"}:
        raise InvalidName(
            f"{quoted(name)} is no name for a stage: 1 to 63 letters, digits, _ and -, not only digits, not latest.",
            field="name",
        )
    return key


def _check_mlflow_name(name: str) -> str:
    if name and name.capitalize() not in MLFLOW_NAMES:
        raise Invalid(
            f"{quoted(name)} is none of MLflow's stages, which are {', '.join(MLFLOW_NAMES)}.", field="mlflowName"
        )
    return name.capitalize()


def _refuse_taken(stages: Sequence[Stage], name: str) -> None:
    if any(stage.name == name for stage in stages):
        raise Taken(f"The project has a stage {quoted(name)} already.", field="name")


async def _hand_over(tx: Tx, stages: Sequence[Stage], mlflow_name: str, *, to: Stage | None) -> None:
    """Take one of MLflow's names from the stage that stands for it. That for what is archived always is one."""
    if to is not None and to.mlflow_name in {MLFLOW_NAMES[0], ARCHIVED}:
        raise Invalid(
            f"{quoted(to.name)} stands for MLflow's {to.mlflow_name}, which it keeps until another stage does.",
            field="mlflowName",
        )
    if mlflow_name == MLFLOW_NAMES[0]:
        raise Invalid("MLflow's None is always the stage where versions begin.", field="mlflowName")
    former = next((stage for stage in stages if mlflow_name and stage.mlflow_name == mlflow_name), None)
    if former is not None:
        await tx.execute(_of(former).values(mlflow_name=None))


async def _check_names(tx: Tx, project_id: int) -> None:
    """A stage that is called as MLflow calls another one would be mistaken for that."""
    for stage in await definitions.of_project(tx, project_id):
        await tx.refresh(stage)
        if stage.name.capitalize() in MLFLOW_NAMES and stage.mlflow_name != stage.name.capitalize():
            raise Invalid(
                f"The stage {quoted(stage.name)} is called as MLflow's {stage.name.capitalize()}, so it has to stand "
                "for that; rename it first.",
                field="mlflowName",
            )


async def _new_key(tx: Tx, project_id: int, name: str) -> str:
    """The name, or one beside it where a stage that was renamed or retired once had it."""
    keys = set(await tx.scalars(select(Stage.key).where(Stage.project_id == project_id)))
    return next(key for key in (name, *(f"{name}~{n}" for n in range(2, len(keys) + 3))) if key not in keys)


async def _order(tx: Tx, others: Sequence[Stage], stage: Stage, position: int) -> None:
    """Positions 1, 2, 3 … with the stage at one of them."""
    if not 1 <= position <= len(others) + 1:
        raise Invalid(f"{position} is no position among {len(others) + 1} stages, which begin at 1.", field="position")
    ordered = [*others[: position - 1], stage, *others[position - 1 :]]
    for number, one in enumerate(ordered, 1):
        if one.position != number:
            await tx.execute(_of(one).values(position=number))
    await tx.refresh(stage)


async def _rename_rules(tx: Tx, stage: Stage, name: str) -> None:
    rules = (NameProtection.project_id == stage.project_id, NameProtection.kind == Kind.STAGE)
    if await tx.scalar(select(exists().where(*rules, NameProtection.pattern == name))):
        raise Conflict(f"There is a rule for {quoted(name)} already; delete it first.", field="name")
    renamed = update(NameProtection).where(*rules, NameProtection.pattern == stage.name).values(pattern=name)
    await tx.execute(renamed.execution_options(synchronize_session=False))


def _of(stage: Stage) -> Any:
    here = (Stage.project_id == stage.project_id, Stage.id == stage.id)
    return update(Stage).where(*here).execution_options(synchronize_session=False)
