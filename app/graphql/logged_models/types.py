"""Logged models as the client sees them: what training code calls a model before it is registered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from app.access.policy import Permission
from app.graphql.access.types import User, maker
from app.graphql.artifacts.types import Artifact, Folder, artifacts_of
from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.types import ids
from app.graphql.types.connections import After, Before, Connection, First, Last, window
from app.graphql.types.fields import enumerated, resolved
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long, Number
from app.graphql.types.tags_and_params import Param, Tag, tags_of
from app.tracking import logged_models
from app.tracking.reads import log_loaders

LoggedModelStatus = logged_models.Status
enumerated(
    LoggedModelStatus,
    "The status of a logged model, as its maker set it.",
    name="LoggedModelStatus",
    PENDING="Its files are on their way.",
    READY="Its files are there.",
    UPLOAD_FAILED="Its files did not arrive.",
)


@strawberry.type(description="The latest value of a metric of a logged model, on one data set.")
class LoggedModelMetric:
    candidate_key: strawberry.Private[tuple[int, UUID] | None]
    key: str = strawberry.field(description="The key of the metric.")
    value: Number = strawberry.field(description="The latest value.")
    step: Long = strawberry.field(description="The step of the latest value.")
    timestamp: Long = strawberry.field(description="The time of the latest value, in milliseconds since 1970.")
    dataset_name: str | None = strawberry.field(description="The data set that it was measured on, when that was said.")
    dataset_digest: str | None = strawberry.field(description="The digest of that data set.")

    @classmethod
    def of(cls, row: log_loaders.LoggedModelMetric) -> LoggedModelMetric:
        return cls(
            candidate_key=(row.project_id, row.candidate_id) if row.candidate_id else None,
            key=row.key,
            value=Number(row.value),
            step=Long(row.step),
            timestamp=Long(row.timestamp),
            dataset_name=row.dataset_name or None,
            dataset_digest=row.dataset_digest or None,
        )

    @resolved("The candidate that measured it.")
    async def candidate(self, info: Info) -> tracking.Candidate | None:
        return await tracking.candidate_by_key(info, *self.candidate_key) if self.candidate_key else None


@strawberry.type(description="A model that training code logged, with files of its own; registered or not.")
class LoggedModel(Node):
    row: strawberry.Private[logged_models.LoggedModel]
    uuid: str = strawberry.field(description="What MLflow clients call it, `m-` and 32 hexadecimal digits.")
    name: str = strawberry.field(description="For people to read; not unique.")
    model_type: str = strawberry.field(description="What its maker calls its kind.")
    status: LoggedModelStatus = strawberry.field(description="Its status.")
    params: list[Param] = strawberry.field(description="Hyper-parameters, by key.")
    tags: list[Tag] = strawberry.field(description="Tags, by key.")
    foreign_run: str = strawberry.field(description="The run of another tracking server that it comes from.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    deleted_at: datetime | None = strawberry.field(description="When it was deleted; null: it was not.")

    @classmethod
    def of(cls, row: logged_models.LoggedModel) -> LoggedModel:
        return cls(
            id=ids.of("LoggedModel", row.project_id, row.id),
            row=row,
            uuid=f"m-{row.id.hex}",
            name=row.name,
            model_type=row.model_type,
            status=LoggedModelStatus(row.status),
            params=[Param(key=key, value=row.params[key]) for key in sorted(row.params)],
            tags=tags_of(row.tags),
            foreign_run=row.foreign_run,
            created_at=row.created_at,
            updated_at=row.updated_at,
            deleted_at=row.deleted_at,
        )

    @resolved("The project that it is in.")
    async def project(self, info: Info) -> groups_and_projects.Project | None:
        return await groups_and_projects.project_by_id(info, self.row.project_id)

    @resolved("The experiment that it is in.")
    async def experiment(self, info: Info) -> tracking.Experiment | None:
        return await tracking.experiment_by_key(info, self.row.project_id, self.row.experiment_number)

    @resolved("The candidate that made it.")
    async def candidate(self, info: Info) -> tracking.Candidate | None:
        maker = self.row.source_candidate_id
        return await tracking.candidate_by_key(info, self.row.project_id, maker) if maker else None

    @resolved("The latest values of its metrics, by key and data set.")
    async def metrics(self, info: Info) -> list[LoggedModelMetric]:
        rows = await info.context.loaders.tracking.metrics_of_models.load((self.row.project_id, self.row.id))
        return [LoggedModelMetric.of(one) for one in rows]

    @resolved("Its files, by path.")
    async def artifacts(
        self,
        info: Info,
        *,
        folder: Folder = "",
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Artifact]:
        page = window(first, after, last, before)
        return await artifacts_of(info, (self.row.project_id, self.row.id), page, folder, Permission.CANDIDATE_READ)

    @resolved("Model versions that were made from it, newest first.")
    async def model_versions(self, info: Info) -> list[registry.ModelVersion]:
        return await registry.versions_of_logged_model(info, self.row.project_id, self.row.id)

    @resolved("Who made it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.row.created_by, self.row.project_id)

    @resolved("Whether you may change it.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.CANDIDATE_WRITE)

    @resolved("Whether you may delete it.")
    async def viewer_can_delete(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.CANDIDATE_WRITE)


@strawberry.type(description="A logged model that a candidate read or wrote.")
class LoggedModelUse:
    model_key: strawberry.Private[tuple[int, UUID]]
    step: Long = strawberry.field(description="At which step; 0 for those that were read.")

    @resolved("The logged model; null when it is gone for good.")
    async def logged_model(self, info: Info) -> LoggedModel | None:
        return await logged_model_by_key(info, *self.model_key)


async def logged_model_by_key(info: Info, project_id: int, model_id: UUID) -> LoggedModel | None:
    """The logged model with that id, through the request's loader; None when there is none that may be seen."""
    row = await or_none(info.context.loaders.tracking.logged_models.load((project_id, model_id)))
    return LoggedModel.of(row) if row else None


async def uses_of(info: Info, key: tuple[int, UUID], direction: str) -> list[LoggedModelUse]:
    """What a candidate read (``input``) or wrote (``output``), by the request's loader."""
    rows = await info.context.loaders.tracking.uses.load(key)
    return [
        LoggedModelUse(model_key=(one.project_id, one.logged_model_id), step=Long(one.step))
        for one in rows
        if one.direction == direction
    ]


# At the end, since the types of these modules refer to each other.
from app.graphql.access import groups_and_projects  # noqa: E402
from app.graphql.registry import types as registry  # noqa: E402
from app.graphql.tracking import types as tracking  # noqa: E402
