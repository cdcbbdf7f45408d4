"""Stages, rules for names, and which version was in a stage when, as the client sees them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.access.policy import Permission
from app.graphql.access.enums import Role
from app.graphql.access.types import Token, User, maker, token_by_id
from app.graphql.context import Info
from app.graphql.errors import or_empty, or_none
from app.graphql.lifecycle.gates.of_stages import StageGates
from app.graphql.lifecycle.stages.enums import Kind, Movers
from app.graphql.types import ids
from app.graphql.types.connections import Connection, connection
from app.graphql.types.fields import resolved
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long
from app.pagination import Window
from app.registry.reads.stages import StageInterval
from app.registry.stages import definitions
from app.registry.stages.protections import NameProtection


@strawberry.type(description="A stage of a project, between which its versions move.")
class Stage(StageGates, Node):
    row: strawberry.Private[definitions.Stage]
    name: str = strawberry.field(description="Unique among the stages of its project that are not retired.")
    description: str = strawberry.field(description="Markdown.")
    position: Long = strawberry.field(description="1, 2, 3 … in the order of the stages.")
    mlflow_name: str | None = strawberry.field(
        description="Which of MLflow's stages it stands for: `None`, `Staging`, `Production`, `Archived`; null: none."
    )
    is_initial: bool = strawberry.field(description="Whether versions begin in it.")
    is_guarded: bool = strawberry.field(description="Whether it is for versions that are READY, one at a time.")
    is_sealing: bool = strawberry.field(description="Whether a version that enters it is sealed.")
    created_at: datetime = strawberry.field(description="When it was made.")
    retired_at: datetime | None = strawberry.field(
        description="Since when no version enters it any more; null: it is in use."
    )

    @classmethod
    def of(cls, row: definitions.Stage) -> Stage:
        return cls(
            id=ids.of("Stage", row.project_id, row.id),
            row=row,
            name=row.name,
            description=row.description,
            position=Long(row.position),
            mlflow_name=row.mlflow_name,
            is_initial=row.is_initial,
            is_guarded=row.is_guarded,
            is_sealing=row.seals,
            created_at=row.created_at,
            retired_at=row.retired_at,
        )

    @resolved("The project that it is of.")
    async def project(self, info: Info) -> groups_and_projects.Project | None:
        return await groups_and_projects.project_by_id(info, self.row.project_id)

    @resolved("Who made it; null for those that every project begins with.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.row.created_by, self.row.project_id)

    @resolved("Whether you may change and retire it.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.LIFECYCLE_MANAGE)


@strawberry.type(description="A rule of a project: who may move the aliases or stages whose names match a pattern.")
class Protection(Node):
    row: strawberry.Private[NameProtection]
    kind: Kind = strawberry.field(description="What the names are of.")
    pattern: str = strawberry.field(description="The names; `*` stands for any characters, none too.")
    least_role: Role = strawberry.field(
        description="The least role of who moves them; a token with the scope PROMOTE may as a developer, too."
    )
    movers: Movers = strawberry.field(description="Whether people, machines or both move them.")
    approval_count: int = strawberry.field(description="How many others have to approve before.")
    set_at: datetime = strawberry.field(description="When it last changed.")

    @classmethod
    def of(cls, row: NameProtection) -> Protection:
        return cls(
            id=ids.of("Protection", row.project_id, row.id),
            row=row,
            kind=Kind(row.kind),
            pattern=row.pattern,
            least_role=Role(row.least_role),
            movers=Movers(row.movers),
            approval_count=row.approvals,
            set_at=row.set_at,
        )

    @resolved("The project that it is of.")
    async def project(self, info: Info) -> groups_and_projects.Project | None:
        return await groups_and_projects.project_by_id(info, self.row.project_id)

    @resolved("Whether you may change and end it.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.LIFECYCLE_MANAGE)

    @resolved("Who last changed it; null for the one that every project begins with.")
    async def set_by(self, info: Info) -> User | None:
        return await maker(info, self.row.set_by, self.row.project_id)


@strawberry.type(description="An interval of time in which a version was in a stage.")
class StageAssignment:
    row: strawberry.Private[StageInterval]
    version: str = strawberry.field(description="The semantic version, also of one that was deleted since.")
    number: Long = strawberry.field(description="Its number.")
    set_at: datetime = strawberry.field(
        description="Since when it was in the stage; of what is older than the history, since when that is known."
    )
    ended_at: datetime | None = strawberry.field(description="When it left the stage; null: it is there now.")
    set_reason: str = strawberry.field(description="Why it entered, as told.")
    end_reason: str = strawberry.field(description="Why it left, as told.")
    set_by_name: str = strawberry.field(description="The username of who moved it there, as it was then.")
    ended_by_name: str = strawberry.field(description="The username of who moved it away, as it was then.")
    set_by_ci_job: str | None = strawberry.field(description="The CI job whose token moved it there: `gitlab:42`.")
    ended_by_ci_job: str | None = strawberry.field(description="The CI job whose token moved it away.")

    @classmethod
    def of(cls, row: StageInterval) -> StageAssignment:
        return cls(
            row=row,
            version=row.version,
            number=Long(row.number),
            set_at=row.valid_from,
            ended_at=row.valid_until,
            set_reason=row.reason or "",
            end_reason=row.ended_reason or "",
            set_by_name=row.set_by_name or "",
            ended_by_name=row.ended_by_name or "",
            set_by_ci_job=row.ci_job,
            ended_by_ci_job=row.ended_ci_job,
        )

    @resolved("The stage.")
    async def stage(self, info: Info) -> Stage | None:
        return await stage_by_key(info, self.row.project_id, self.row.stage_id)

    @resolved("The version; null when it was deleted.")
    async def model_version(self, info: Info) -> registry.ModelVersion | None:
        return await registry.version_by_key(info, self.row.project_id, self.row.version_id)

    @resolved("Who moved it there.")
    async def set_by(self, info: Info) -> User | None:
        return await maker(info, self.row.set_by, self.row.project_id)

    @resolved("Who moved it away.")
    async def ended_by(self, info: Info) -> User | None:
        return await maker(info, self.row.ended_by, self.row.project_id)

    @resolved("The token by which it was moved there, for those who may revoke it.")
    async def token(self, info: Info) -> Token | None:
        return await token_by_id(info, self.row.token_id)


async def stage_by_key(info: Info, project_id: int, stage_id: int) -> Stage | None:
    """The stage of that id, retired or not, through the request's loader; None when there is none that may be seen."""
    rows = await or_none(info.context.loaders.stages.stages_of_projects.load((project_id,))) or []
    return next((Stage.of(row) for row in rows if row.id == stage_id), None)


async def protection_by_key(info: Info, project_id: int, rule_id: int) -> Protection | None:
    """The rule of that id, through the request's loader; None when there is none that may be seen."""
    rows = await or_none(info.context.loaders.stages.rules_of_projects.load((project_id,))) or []
    return next((Protection.of(row) for row in rows if row.id == rule_id), None)


async def stages_of(info: Info, project_id: int) -> list[Stage]:
    """The stages of a project that are in use, in their order."""
    rows = await or_empty(info.context.loaders.stages.stages_of_projects.load((project_id,)), [])
    return [Stage.of(row) for row in rows if row.retired_at is None]


async def protections_of(info: Info, project_id: int) -> list[Protection]:
    """The rules of a project, by kind and pattern."""
    rows = await or_empty(info.context.loaders.stages.rules_of_projects.load((project_id,)), [])
    return [Protection.of(row) for row in rows]


async def holders_of(info: Info, model: tuple[int, int], at: datetime | None) -> list[StageAssignment]:
    """What each stage of a model stands for, or stood for at a moment."""
    rows = await info.context.loaders.stages.stage_holders.load((model, at))
    return [StageAssignment.of(row) for row in rows]


async def history_of_model(
    info: Info, model: tuple[int, int], stage: str | None, page: Window
) -> Connection[StageAssignment]:
    """Which versions of a model were in a stage, or in any."""
    rows = await info.context.loaders.stages.stage_histories.load((model, (page, stage)))
    return connection(rows, StageAssignment.of)


async def history_of_version(info: Info, version: tuple[int, int], page: Window) -> Connection[StageAssignment]:
    """In which stages a version was."""
    rows = await info.context.loaders.stages.version_stage_histories.load((version, page))
    return connection(rows, StageAssignment.of)


async def name_of(info: Info, project_id: int, *, key: str | None = None, id: int | None = None) -> str:
    """What a project calls a stage, by its key or id."""
    rows = await info.context.loaders.stages.stages_of_projects.load((project_id,))
    return next(row.name for row in rows if (row.key == key if id is None else row.id == id))


# At the end, since the types of these modules refer to each other.
from app.graphql.access import groups_and_projects  # noqa: E402
from app.graphql.registry import types as registry  # noqa: E402
