"""What projects, models and versions show of stages, of rules for names, and of their history."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.graphql.context import Info
from app.graphql.types.connections import After, Before, Connection, First, Last, window
from app.graphql.types.fields import resolved
from app.registry.stages.definitions import INITIAL_KEY

if TYPE_CHECKING:
    from app.access.policy import ProjectAccess

AsOf = Annotated[datetime | None, strawberry.argument(description="The moment that is meant; now when left out.")]
InStage = Annotated[
    str | None, strawberry.argument(description="Only intervals of this stage, which may be retired; of all when null.")
]


@strawberry.type
class ProjectStages:
    access: strawberry.Private[ProjectAccess]

    @resolved("Its stages in their order, without retired ones.")
    async def stages(self, info: Info) -> list[types.Stage]:
        return await types.stages_of(info, self.access.id)

    @resolved("Its rules about who may move which aliases and stages.")
    async def protections(self, info: Info) -> list[types.Protection]:
        return await types.protections_of(info, self.access.id)


@strawberry.type
class ModelStages:
    row: strawberry.Private[Any]

    @resolved(
        "What each stage stands for, or stood for at a moment: the highest version in it. The first stage and those "
        "that hold none are left out; what it stood for is told whatever state the version has had since."
    )
    async def stage_holders(self, info: Info, *, as_of: AsOf = None) -> list[types.StageAssignment]:
        return await types.holders_of(info, (self.row.project_id, self.row.id), as_of)

    @resolved("Which versions were in a stage, latest first; deleted ones, too.")
    async def stage_history(
        self,
        info: Info,
        *,
        stage: InStage = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[types.StageAssignment]:
        page = window(first, after, last, before)
        return await types.history_of_model(info, (self.row.project_id, self.row.id), stage, page)


@strawberry.type
class VersionStages:
    row: strawberry.Private[Any]

    @resolved(
        "The stage that it is in, or was in at a moment, as its project calls it: `none`, `staging`, `production` or "
        "`archived` at first."
    )
    async def stage(self, info: Info, *, as_of: AsOf = None) -> str:
        if as_of is None:
            return await types.name_of(info, self.row.project_id, key=self.row.stage)
        loader = info.context.loaders.stages.version_stages
        then = await loader.load(((self.row.project_id, self.row.id), as_of))
        return await types.name_of(info, self.row.project_id, key=INITIAL_KEY, id=then.stage_id if then else None)

    @resolved("The stages that it was in, latest first; the one where it began is not among them.")
    async def stage_history(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[types.StageAssignment]:
        page = window(first, after, last, before)
        return await types.history_of_version(info, (self.row.project_id, self.row.id), page)


# At the end, since the types of these modules refer to each other.
from app.graphql.lifecycle.stages import types  # noqa: E402
