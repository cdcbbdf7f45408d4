"""Promotions and requests for them as the client sees them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from app.access.policy import Permission
from app.graphql.access.types import User, maker
from app.graphql.context import Info
from app.graphql.errors import or_empty, or_none
from app.graphql.lifecycle.promotions.filters import PromotionRequestStatus
from app.graphql.lifecycle.verdicts import GateVerdict
from app.graphql.types import ids
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import enumerated, resolved, value
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long
from app.lifecycle.promotions import reads
from app.lifecycle.promotions.reads import RequestList
from app.lifecycle.promotions.timeline import EventKind
from app.lifecycle.promotions.verdicts import RuleVerdict
from app.pagination import Page, Window

enumerated(
    EventKind,
    "What happened to a promotion request.",
    name="PromotionRequestEventKind",
    OPENED="It was opened.",
    COMMENTED="A person or program said something.",
    APPROVED="A person approved.",
    APPROVAL_FELL="An approval fell, since what it was given for has changed.",
    REFUSED="A promotion was tried, and rules failed.",
    REJECTED="A person who may approve ended it.",
    WITHDRAWN="It was taken back, or what it is about is gone.",
    EXPIRED="Its time was over.",
    PROMOTED="The version entered the stage.",
)


@strawberry.enum(description="Whether the version entered the stage.")
class PromotionStatus(Enum):
    COMPLETED = value("completed", "It did.")
    REFUSED = value("refused", "Rules kept it out.")


@strawberry.type(description="A version entered a stage, or was refused. Kept for ever, with every verdict.")
class Promotion(Node):
    row: strawberry.Private[reads.Promotion]
    status: PromotionStatus = strawberry.field(description="Whether the version entered the stage.")
    version: str = strawberry.field(description="The semantic version, kept also when the version is gone.")
    number: Long = strawberry.field(description="Its number, which MLflow clients call the version.")
    stage: str = strawberry.field(description="The stage, as it was called then.")
    left_stage: str = strawberry.field(description="The stage that the version was in before.")
    replaced_version: str | None = strawberry.field(description="What the stage stood for before; null: no version.")
    given_reason: str = strawberry.field(description="Why, in the words of who promoted.")
    is_bypass: bool = strawberry.field(description="Whether rules that had failed were bypassed.")
    bypass_reason: str | None = strawberry.field(description="Why they were.")
    promoted_by_username: str = strawberry.field(description="By whom, kept also when the account is gone.")
    created_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: reads.Promotion) -> Promotion:
        return cls(
            id=ids.of("Promotion", row.project_id, row.id),
            row=row,
            status=PromotionStatus(row.state),
            version=row.version,
            number=Long(row.number),
            stage=row.stage,
            left_stage=row.left_stage,
            replaced_version=row.holder_version,
            given_reason=row.reason,
            is_bypass=bool(row.bypass_reason),
            bypass_reason=row.bypass_reason or None,
            promoted_by_username=row.promoted_by_name,
            created_at=row.created_at,
        )

    @resolved(
        "Every rule with its verdict: those that hold for all promotions, then the gates of the stage, whose figures "
        "are for those who may see candidates."
    )
    async def verdicts(self, info: Info) -> list[GateVerdict]:
        sees_candidates = await groups_and_projects.may(info, self.row.project_id, Permission.CANDIDATE_READ)
        may_manage = await groups_and_projects.may(info, self.row.project_id, Permission.LIFECYCLE_MANAGE)
        verdicts = map(RuleVerdict.of_json, self.row.verdicts)
        return [GateVerdict.of(one.shown(sees_candidates=sees_candidates, may_manage=may_manage)) for one in verdicts]

    @resolved("The version; null when it is gone.")
    async def model_version(self, info: Info) -> registry.ModelVersion | None:
        return await registry.version_by_key(info, self.row.project_id, self.row.version_id)

    @resolved("The request by which it came about; null: none.")
    async def promotion_request(self, info: Info) -> PromotionRequest | None:
        return await request_by_key(info, self.row.project_id, self.row.request_id) if self.row.request_id else None

    @resolved("Who promoted.")
    async def promoted_by(self, info: Info) -> User | None:
        return await maker(info, self.row.promoted_by, self.row.project_id)


@strawberry.type(description="A person approved a promotion request.")
class PromotionApproval:
    row: strawberry.Private[reads.PromotionApproval]
    username: str = strawberry.field(description="Who, kept also when the account is gone.")
    given_at: datetime = strawberry.field(description="When.")
    fell_at: datetime | None = strawberry.field(description="When it fell; null: it holds as far as is noted.")
    fall_reason: str | None = strawberry.field(description="What has changed since it was given.")

    @classmethod
    def of(cls, row: reads.PromotionApproval) -> PromotionApproval:
        return cls(
            row=row,
            username=row.username,
            given_at=row.given_at,
            fell_at=row.fell_at,
            fall_reason=row.fall_reason or None,
        )

    @resolved("Who approved.")
    async def user(self, info: Info) -> User | None:
        return await maker(info, self.row.user_id, self.row.project_id)


@strawberry.type(description="Something that happened to a promotion request.")
class PromotionRequestEvent:
    row: strawberry.Private[reads.PromotionRequestEvent]
    kind: EventKind = strawberry.field(description="What.")
    username: str | None = strawberry.field(description="Who did it; null: it happened by itself.")
    body: str = strawberry.field(description="What was said.")
    happened_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: reads.PromotionRequestEvent) -> PromotionRequestEvent:
        return cls(
            row=row,
            kind=EventKind(row.kind),
            username=row.username or None,
            body=row.body,
            happened_at=row.happened_at,
        )

    @resolved("Who did it.")
    async def user(self, info: Info) -> User | None:
        return await maker(info, self.row.user_id, self.row.project_id)

    @resolved("The promotion that it led to, or that was refused.")
    async def promotion(self, info: Info) -> Promotion | None:
        return await promotion_by_key(info, self.row.project_id, self.row.promotion_id)


@strawberry.type(description="A version is to enter a stage, with the approval of others.")
class PromotionRequest(Node):
    row: strawberry.Private[reads.PromotionRequest]
    status: PromotionRequestStatus = strawberry.field(description="Whether it is open, or how it ended.")
    status_reason: str | None = strawberry.field(description="Why it ended.")
    version: str = strawberry.field(description="The semantic version, kept also when the version is gone.")
    number: Long = strawberry.field(description="Its number, which MLflow clients call the version.")
    stage: str = strawberry.field(description="The stage that it is to enter, as it was called then.")
    given_reason: str = strawberry.field(description="Why, in the words of who opened it; Markdown.")
    is_automatic: bool = strawberry.field(description="Whether the last approval that is needed promotes.")
    requested_by_username: str = strawberry.field(description="Who opened it, kept also when the account is gone.")
    created_at: datetime = strawberry.field(description="When it was opened.")
    expires_at: datetime = strawberry.field(description="When its time is over.")
    ended_at: datetime | None = strawberry.field(description="When it ended; null: it is open.")

    @classmethod
    def of(cls, row: reads.PromotionRequest) -> PromotionRequest:
        return cls(
            id=ids.of("PromotionRequest", row.project_id, row.id),
            row=row,
            status=PromotionRequestStatus(row.state),
            status_reason=row.end_reason or None,
            version=row.version,
            number=Long(row.number),
            stage=row.stage,
            given_reason=row.reason,
            is_automatic=row.promotes_when_approved,
            requested_by_username=row.requested_by_name,
            created_at=row.created_at,
            expires_at=row.expires_at,
            ended_at=row.ended_at,
        )

    @resolved("The version; null when it is gone.")
    async def model_version(self, info: Info) -> registry.ModelVersion | None:
        return await registry.version_by_key(info, self.row.project_id, self.row.version_id)

    @resolved("The project.")
    async def project(self, info: Info) -> groups_and_projects.Project | None:
        return await groups_and_projects.project_by_id(info, self.row.project_id)

    @resolved("Who opened it.")
    async def requested_by(self, info: Info) -> User | None:
        return await maker(info, self.row.requested_by, self.row.project_id)

    @resolved("Who ended it; null: it is open, or ended by itself.")
    async def ended_by(self, info: Info) -> User | None:
        return await maker(info, self.row.ended_by, self.row.project_id)

    @resolved("Every approval, those that fell, too, oldest first.")
    async def approvals(self, info: Info) -> list[PromotionApproval]:
        rows = await info.context.loaders.promotions.approvals.load((self.row.project_id, self.row.id))
        return [PromotionApproval.of(row) for row in rows]

    @resolved("What happened to it, oldest first.")
    async def events(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[PromotionRequestEvent]:
        key = (self.row.project_id, self.row.id)
        page = await info.context.loaders.promotions.events.load((key, window(first, after, last, before)))
        return connection(page, PromotionRequestEvent.of)

    @resolved("The promotion that it has led to.")
    async def promotion(self, info: Info) -> Promotion | None:
        row = await info.context.loaders.promotions.of_requests.load((self.row.project_id, self.row.id))
        return Promotion.of(row) if row else None

    @resolved("Whether you may approve and reject it: it is open, not yours, and your role is enough.")
    async def viewer_can_approve(self, info: Info) -> bool:
        user_id = info.context.actor.user_id
        if self.row.state != "open" or user_id is None or user_id == self.row.requested_by:
            return False
        return await groups_and_projects.may(info, self.row.project_id, Permission.PROMOTION_APPROVE)


async def promotion_by_key(info: Info, project_id: int, promotion_id: int | None) -> Promotion | None:
    """The promotion of that id, through the request's loader; None when there is none that may be seen."""
    if promotion_id is None:
        return None
    row = await or_none(info.context.loaders.promotions.promotions.load((project_id, promotion_id)))
    return Promotion.of(row) if row else None


async def request_by_key(info: Info, project_id: int, request_id: int) -> PromotionRequest | None:
    """The promotion request of that id, through the request's loader; None when there is none that may be seen."""
    row = await or_none(info.context.loaders.promotions.requests.load((project_id, request_id)))
    return PromotionRequest.of(row) if row else None


async def promotions_of_version(info: Info, project_id: int, version_id: int, page: Window) -> Connection[Promotion]:
    """The promotions of a version, completed and refused, latest first."""
    loader = info.context.loaders.promotions.of_versions
    return connection(await loader.load(((project_id, version_id), page)), Promotion.of)


async def requests_of_version(
    info: Info, project_id: int, version_id: int, page: Window
) -> Connection[PromotionRequest]:
    """The promotion requests for a version, latest first."""
    loader = info.context.loaders.promotions.requests_of_versions
    return connection(await loader.load(((project_id, version_id), page)), PromotionRequest.of)


async def requests_of_project(
    info: Info, project_id: int, page: Window, status: PromotionRequestStatus | None, stage: str | None
) -> Connection[PromotionRequest]:
    """The promotion requests of a project, latest first; none where its registry is switched off for the viewer."""
    loaders, query = info.context.loaders.promotions, RequestList(status.value if status else None, stage)
    key = (project_id,)
    rows = await or_empty(loaders.requests_of_projects.load((key, (page, query))), Page())
    return connection(rows, PromotionRequest.of, lambda: or_empty(loaders.request_counts.load((key, query)), 0))


# At the end, since the types of these modules refer to each other.
from app.graphql.access import groups_and_projects  # noqa: E402
from app.graphql.registry import types as registry  # noqa: E402
