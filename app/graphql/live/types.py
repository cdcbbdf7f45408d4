"""What subscriptions tell."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from app.graphql.context import Info
from app.graphql.nodes import by_id
from app.graphql.tracking.logs import Metric
from app.graphql.tracking.types import Candidate, candidate_by_key
from app.graphql.types import ids
from app.graphql.types.fields import resolved, value
from app.graphql.types.node import Node
from app.journal.events import Event
from app.live.streams import CandidateState, Reset
from app.live.subscribers import EventMessage

_WITHOUT_PROJECT = {"BackgroundJob"}


@strawberry.enum(description="What happened.")
class ProjectEventType(Enum):
    MODEL_CREATED = value("MODEL_CREATED", "A model was made.")
    MODEL_UPDATED = value("MODEL_UPDATED", "Name, description or tags of a model changed.")
    MODEL_DELETED = value("MODEL_DELETED", "A model was deleted.")
    MODEL_RESTORED = value("MODEL_RESTORED", "A deleted model came back.")
    MODEL_VERSION_OPENED = value("MODEL_VERSION_OPENED", "Files are being pushed to a model version.")
    MODEL_VERSION_CREATED = value("MODEL_VERSION_CREATED", "A model version is whole for the first time.")
    MODEL_VERSION_READY = value("MODEL_VERSION_READY", "All files of a model version are there and sound, as of now.")
    MODEL_VERSION_FAILED = value("MODEL_VERSION_FAILED", "A model version failed; `detail` tells why.")
    MODEL_VERSION_QUARANTINED = value(
        "MODEL_VERSION_QUARANTINED", "A file of a model version is in quarantine; `detail` tells why."
    )
    MODEL_VERSION_SEALED = value("MODEL_VERSION_SEALED", "A model version was sealed.")
    MODEL_VERSION_YANKED = value("MODEL_VERSION_YANKED", "A model version was yanked.")
    MODEL_VERSION_UNYANKED = value("MODEL_VERSION_UNYANKED", "A model version is not yanked any more.")
    MODEL_VERSION_DEPRECATED = value("MODEL_VERSION_DEPRECATED", "A model version was deprecated.")
    MODEL_VERSION_UNDEPRECATED = value("MODEL_VERSION_UNDEPRECATED", "A model version is not deprecated any more.")
    MODEL_VERSION_UPDATED = value("MODEL_VERSION_UPDATED", "Description or tags of a model version changed.")
    MODEL_VERSION_DELETED = value("MODEL_VERSION_DELETED", "A model version was deleted.")
    MODEL_VERSION_RESTORED = value("MODEL_VERSION_RESTORED", "A deleted model version came back; `detail` names it.")
    MODEL_VERSION_STAGE_CHANGED = value("STAGE_CHANGED", "A model version is in another stage; `detail` names it.")
    ALIAS_SET = value("ALIAS_SET", "A model version got an alias; `detail` names it.")
    ALIAS_DELETED = value("ALIAS_REMOVED", "A model version lost an alias, maybe to another; `detail` names it.")
    GATE_SET_CREATED = value("GATE_SET_CHANGED", "The gates of a stage were set; `detail` names the stage.")
    CANDIDATE_CREATED = value("CANDIDATE_CREATED", "A candidate began.")
    CANDIDATE_UPDATED = value("CANDIDATE_UPDATED", "Name, status or times of a candidate changed; not its logs.")
    CANDIDATE_FINISHED = value("CANDIDATE_FINISHED", "A candidate has ended: finished, failed or killed.")
    CANDIDATE_TRASHED = value("CANDIDATE_TRASHED", "A candidate went to the trash.")
    CANDIDATE_RESTORED = value("CANDIDATE_RESTORED", "A candidate came back.")
    CANDIDATE_DELETED = value("CANDIDATE_DELETED", "A candidate is gone: for good, or with its model or version.")
    BACKGROUND_JOB_CREATED = value("JOB_CREATED", "A background job was queued.")
    BACKGROUND_JOB_UPDATED = value("JOB_UPDATED", "The status of a background job changed; `detail` names it.")
    CI_JOB_CREATED = value("CI_JOB_CREATED", "A CI job was recorded.")
    CI_JOB_UPDATED = value("CI_JOB_UPDATED", "A CI job changed.")
    CI_JOB_LINKED = value("CI_JOB_LINKED", "A candidate or model version was linked to a CI job.")
    PROMOTION_COMPLETED = value("PROMOTION_COMPLETED", "A model version was promoted; `detail` names the stage.")
    PROMOTION_REFUSED = value("PROMOTION_REFUSED", "A promotion was refused; `detail` names the stage.")
    PROMOTION_REQUEST_OPENED = value("PROMOTION_REQUEST_OPENED", "A promotion was requested; `detail` names by whom.")
    PROMOTION_REQUEST_COMMENTED = value("PROMOTION_REQUEST_COMMENTED", "Something was said about a promotion request.")
    PROMOTION_REQUEST_APPROVED = value("PROMOTION_REQUEST_APPROVED", "A person approved; `detail` names who.")
    PROMOTION_REQUEST_APPROVAL_FELL = value(
        "PROMOTION_REQUEST_APPROVAL_FELL", "An approval fell, since something has changed."
    )
    PROMOTION_REQUEST_REFUSED = value("PROMOTION_REQUEST_REFUSED", "A requested promotion was tried, and refused.")
    PROMOTION_REQUEST_REJECTED = value("PROMOTION_REQUEST_REJECTED", "A promotion request was rejected.")
    PROMOTION_REQUEST_WITHDRAWN = value("PROMOTION_REQUEST_WITHDRAWN", "A promotion request was taken back.")
    PROMOTION_REQUEST_EXPIRED = value("PROMOTION_REQUEST_EXPIRED", "The time of a promotion request was over.")
    PROMOTION_REQUEST_PROMOTED = value("PROMOTION_REQUEST_PROMOTED", "A requested promotion was made.")
    EVALUATION_CREATED = value("EVALUATION_CREATED", "A model version was evaluated; `detail` names the data set.")
    MODEL_VERSION_FACTS_SET = value("FACT_STATED", "A fact of a model version was stated; `detail` names it.")
    ONLINE_EXPERIMENT_CREATED = value("ONLINE_EXPERIMENT_CREATED", "An online experiment began; `detail` is its kind.")
    ONLINE_EXPERIMENT_CONCLUDED = value(
        "ONLINE_EXPERIMENT_CONCLUDED",
        "An online experiment was concluded; `detail` names the arm that won, if one did.",
    )
    DEPLOYMENT_STARTED = value("DEPLOYMENT_STARTED", "A version runs; `detail` names the environment.")
    DEPLOYMENT_SILENT = value("DEPLOYMENT_SILENT", "No heartbeat came for a while; `detail` names the environment.")
    DEPLOYMENT_ENDED = value("DEPLOYMENT_ENDED", "A deployment has ended; `detail` names the environment.")
    RESET = value("RESET", "More was missed than can be sent again: query anew what you show. `object` is the project.")


@strawberry.type(description="A change of an object of a project.")
class ProjectEvent:
    type: ProjectEventType = strawberry.field(description="What happened.")
    object_type: str = strawberry.field(description="The type of the object, e.g. `ModelVersion`.")
    object_id: strawberry.ID = strawberry.field(description="The id of the object, as `node` takes it.")
    detail: str | None = strawberry.field(description="A name that belongs to it, such as alias, stage or state.")
    occurred_at: datetime | None = strawberry.field(description="When it happened; null for RESET.")
    cursor: str = strawberry.field(description="The position after it, for `after` of the next subscription.")

    @classmethod
    def of(cls, message: EventMessage | Reset) -> ProjectEvent:
        if isinstance(message, Reset):
            project = ids.of("Project", message.project_id)
            return cls(
                type=ProjectEventType.RESET,
                object_type="Project",
                object_id=project,
                detail=None,
                occurred_at=None,
                cursor=str(message.cursor),
            )
        event = message.event
        return cls(
            type=ProjectEventType(event.type),
            object_type=event.object_type,
            object_id=_id(event),
            detail=event.detail,
            occurred_at=event.at,
            cursor=str(message.cursor),
        )

    @resolved("The object as it is now; null when it is gone.")
    async def object(self, info: Info) -> Node | None:
        return await by_id(info, self.object_id)


@strawberry.type(description="A candidate changed.")
class CandidateUpdate:
    state: strawberry.Private[CandidateState]
    metrics: list[Metric] = strawberry.field(description="The latest values that changed, by key.")
    is_complete: bool = strawberry.field(
        description="Whether `metrics` are all there are, as in the first answer, and not only those that changed."
    )
    cursor: str = strawberry.field(description="The position after it, for `after` of the next subscription.")

    @classmethod
    def of(cls, state: CandidateState) -> CandidateUpdate:
        metrics = [Metric.of(state.project_id, row) for row in state.change.metrics]
        return cls(state=state, metrics=metrics, is_complete=state.complete, cursor=str(state.cursor))

    @resolved("The candidate as it is now.")
    async def candidate(self, info: Info) -> Candidate | None:
        return await candidate_by_key(info, self.state.project_id, self.state.candidate_id)


def _id(event: Event) -> strawberry.ID:
    key = event.object_id.replace("-", "")
    if event.object_type in _WITHOUT_PROJECT:
        return ids.of(event.object_type, key)
    return ids.of(event.object_type, event.project_id, key)
