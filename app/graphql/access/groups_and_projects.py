"""Projects as the client sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from app.access import policy
from app.access.members import GroupOrProject
from app.access.policy import Permission, ProjectAccess
from app.graphql.access.enums import FeatureAccess, Role, VersionBumpPolicy, Visibility
from app.graphql.access.groups import Group, group_by_id
from app.graphql.access.project_storage import ProjectStorage
from app.graphql.access.types import Member, Token, User, maker, members_of
from app.graphql.context import Info
from app.graphql.jobs.types import BackgroundJob, InStatus, OfKind, jobs_of
from app.graphql.lifecycle.deployments.lists import ProjectDeployments
from app.graphql.lifecycle.evaluations.lists import ProjectExperiments
from app.graphql.lifecycle.promotions.filters import ForStage, InRequestStatus
from app.graphql.lifecycle.stages.lists import ProjectStages
from app.graphql.registry.orders import ModelOrderBy, OrderModelSearch, OrderModelVersionSearch
from app.graphql.tracking.list_arguments import (
    ExperimentIds,
    Filter,
    InView,
    MeasuredOn,
    MlflowFilter,
    OrderCandidates,
    OrderExperiments,
    OrderLoggedModels,
    ViewType,
)
from app.graphql.types import ids, markdown
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long
from app.registry.reads.loaders import ModelOrder

Search = Annotated[str, strawberry.argument(description="Only what has this text in its name, whatever the case.")]
OrderModels = Annotated[ModelOrderBy | None, strawberry.argument(description="The order; by name when left out.")]


@strawberry.type(description="The owner of models, experiments and their bytes.")
class Project(ProjectDeployments, ProjectExperiments, ProjectStages, Node):
    access: strawberry.Private[ProjectAccess]
    number: Long = strawberry.field(description="What stands for it in paths of the REST and MLflow interfaces.")
    name: str = strawberry.field(description="For people to read.")
    path: str = strawberry.field(description="Its part of the address.")
    full_path: str = strawberry.field(description="The group's full path and its own, joined by a slash.")
    description: str = strawberry.field(description="Markdown.")
    visibility: Visibility = strawberry.field(description="Who may know of it.")
    registry_access: FeatureAccess = strawberry.field(description="For whom models and versions are switched on.")
    experiments_access: FeatureAccess = strawberry.field(description="The same for experiments and candidates.")
    allows_version_reuse: bool = strawberry.field(
        description="Whether the SemVer of a deleted version may come back with other files."
    )
    version_bump_policy: VersionBumpPolicy = strawberry.field(
        description="What becomes of a version whose step in SemVer is smaller than its differences take."
    )
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, access: ProjectAccess) -> Project:
        row = access.project
        return cls(
            id=ids.of("Project", row.id),
            access=access,
            number=Long(row.id),
            name=row.name,
            path=row.path,
            full_path=row.full_path,
            description=row.description,
            visibility=Visibility(row.visibility),
            registry_access=FeatureAccess(row.registry_access),
            experiments_access=FeatureAccess(row.experiments_access),
            allows_version_reuse=row.version_reuse,
            version_bump_policy=VersionBumpPolicy(row.bump_policy),
            created_at=row.created_at,
        )

    @resolved("The description as sanitised HTML.")
    def description_html(self) -> str:
        return markdown.to_html(self.description)

    @resolved("The group that it is in, when that may be seen.")
    async def group(self, info: Info) -> Group | None:
        return await group_by_id(info, self.access.project.group_id)

    @resolved("Who made it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.access.project.created_by, self.access.id)

    @resolved("Every user with a role in it, inherited ones too, by name. For members: null with an error for others.")
    async def members(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Member] | None:
        request = ((self.access.id,), window(first, after, last, before))
        page = await info.context.loaders.access.members_of_projects.load(request)
        return members_of(GroupOrProject(project_id=self.access.id), page)

    @resolved("Its tokens, newest first. For callers that manage them: null with an error for others.")
    async def tokens(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Token] | None:
        request = ((self.access.id,), window(first, after, last, before))
        return connection(await info.context.loaders.access.tokens_of_projects.load(request), Token.of)

    @resolved("Its service accounts, newest first. For callers that manage tokens: null with an error for others.")
    async def service_accounts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[accounts.ServiceAccount] | None:
        request = ((self.access.id,), window(first, after, last, before))
        page = await info.context.loaders.access.service_accounts_of_projects.load(request)
        return connection(page, accounts.ServiceAccount.of)

    @resolved("Invitations to it, newest first. For owners: null with an error for others.")
    async def invitations(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[invitation_types.Invitation] | None:
        request = ((self.access.id,), window(first, after, last, before))
        return invitation_types.of_page(await info.context.loaders.invitations.of_projects.load(request))

    @resolved("Its models.")
    async def models(
        self,
        info: Info,
        *,
        search: Search = "",
        view: InView = ViewType.ACTIVE,
        order_by: OrderModels = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[registry.Model]:
        page, order = window(first, after, last, before), order_by.key() if order_by else ModelOrder()
        return await registry.models_of(info, self.access.id, page, search, order, view)

    @resolved("Its experiments, newest first.")
    async def experiments(
        self,
        info: Info,
        *,
        search: Search = "",
        view: InView = ViewType.ACTIVE,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[tracking.Experiment]:
        page = window(first, after, last, before)
        return await tracking.experiments_of(info, self.access.id, page, search, view)

    @resolved("Candidates of some of its experiments that match a filter.")
    async def candidate_search(
        self,
        info: Info,
        *,
        experiment_ids: ExperimentIds,
        filter: Filter = "",
        order_by: OrderCandidates = None,
        view: InView = ViewType.ACTIVE,
        first: First = None,
        after: After = None,
    ) -> searches.CandidateSearch:
        request = searches.SearchRequest(experiment_ids, filter, first, after)
        return await searches.find_candidates(info, self.access.id, request, order_by or [], view)

    @resolved("Experiments that match a filter.")
    async def experiment_search(
        self,
        info: Info,
        *,
        filter: MlflowFilter = "",
        order_by: OrderExperiments = None,
        view: InView = ViewType.ACTIVE,
        first: First = None,
        after: After = None,
    ) -> searches.ExperimentSearch:
        request = searches.SearchRequest([], filter, first, after)
        return await searches.find_experiments(info, self.access.id, request, order_by or [], view)

    @resolved("Logged models of some of its experiments that match a filter, newest first unless told otherwise.")
    async def logged_model_search(
        self,
        info: Info,
        *,
        experiment_ids: ExperimentIds,
        filter: MlflowFilter = "",
        datasets: MeasuredOn = None,
        order_by: OrderLoggedModels = None,
        first: First = None,
        after: After = None,
    ) -> searches.LoggedModelSearch:
        request = searches.SearchRequest(experiment_ids, filter, first, after)
        return await searches.find_logged_models(info, self.access.id, request, datasets or [], order_by or [])

    @resolved("Models that match a filter, by name unless told otherwise.")
    async def model_search(
        self,
        info: Info,
        *,
        filter: MlflowFilter = "",
        order_by: OrderModelSearch = None,
        first: First = None,
        after: After = None,
    ) -> registry_searches.ModelSearch:
        request = searches.SearchRequest([], filter, first, after)
        return await registry_searches.find_models(info, self.access.id, request, order_by or [])

    @resolved("Versions of all its models that match a filter, the last changed first unless told otherwise.")
    async def model_version_search(
        self,
        info: Info,
        *,
        filter: MlflowFilter = "",
        order_by: OrderModelVersionSearch = None,
        first: First = None,
        after: After = None,
    ) -> registry_searches.ModelVersionSearch:
        request = searches.SearchRequest([], filter, first, after)
        return await registry_searches.find_versions(info, self.access.id, request, order_by or [])

    @resolved("Requests that versions of its models enter stages, latest first.")
    async def promotion_requests(
        self,
        info: Info,
        *,
        status: InRequestStatus = None,
        stage: ForStage = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[promotion_types.PromotionRequest]:
        page = window(first, after, last, before)
        return await promotion_types.requests_of_project(info, self.access.id, page, status, stage)

    @resolved("Its background jobs, newest first; for visitors only their own.")
    async def background_jobs(
        self,
        info: Info,
        *,
        status: InStatus = None,
        kind: OfKind = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[BackgroundJob]:
        return await jobs_of(info, self.access.id, window(first, after, last, before), status, kind)

    @resolved("Its webhooks, newest first. For maintainers: null with an error for others.")
    async def webhooks(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[webhooks.Webhook] | None:
        return await webhooks.webhooks_of(info, self.access.id, first, after, last, before)

    @resolved("Its CI system; null while there is none. For maintainers: null with an error for others.")
    async def ci_settings(self, info: Info) -> ci.CiSettings | None:
        return await ci.settings_of(info, self.access.id)

    @resolved("What it has in the object store. Counted when asked for.")
    async def storage(self, info: Info) -> ProjectStorage:
        return ProjectStorage.of(info, self.access, await info.context.loaders.access.storage.load((self.access.id,)))

    @resolved("How much may be used in it, as administrators have set it; null for visitors.")
    def limits(self) -> limit_types.UsageLimits | None:
        row = self.access.project
        return limit_types.UsageLimits.of(row.request_limit, row.storage_limit) if self.access.role else None

    @resolved("What is logged of its members and tokens, newest first. For who manages them: null with an error else.")
    async def access_log(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[access_log.AccessLogEntry] | None:
        request = ((self.access.id,), window(first, after, last, before))
        return access_log.entries(await info.context.loaders.access.log_of_projects.load(request))

    @resolved("Your role in it; null: you are a visitor.")
    def viewer_role(self) -> Role | None:
        return self.access.role

    @resolved("Whether you may change its settings and manage its members.")
    def viewer_can_manage(self, info: Info) -> bool:
        wanted = (Permission.PROJECT_UPDATE, Permission.MEMBER_MANAGE)
        return all(policy.allows(info.context.actor, self.access, permission) for permission in wanted)

    @resolved("Whether you may delete it.")
    def viewer_can_delete(self, info: Info) -> bool:
        return policy.allows(info.context.actor, self.access, Permission.PROJECT_DELETE)

    @resolved("Whether you may move it to another group, of those that you maintain.")
    def viewer_can_transfer(self, info: Info) -> bool:
        return policy.allows(info.context.actor, self.access, Permission.PROJECT_TRANSFER)

    @resolved("Whether you may create and change models, versions, aliases and artifacts.")
    def viewer_can_write_registry(self, info: Info) -> bool:
        return policy.allows(info.context.actor, self.access, Permission.REGISTRY_WRITE, of_models=True)

    @resolved("Whether you may create and change experiments and candidates.")
    def viewer_can_write_candidates(self, info: Info) -> bool:
        return policy.allows(info.context.actor, self.access, Permission.CANDIDATE_WRITE)


async def project_by_id(info: Info, project_id: int | None) -> Project | None:
    """The project of that id, if it may be seen, through the request's loader."""
    access = await info.context.loaders.access.projects.load(project_id) if project_id is not None else None
    return Project.of(access) if access else None


async def may(info: Info, project_id: int, permission: Permission) -> bool:
    """Whether the viewer may do that in a project, to what it sees there; by the request's loader."""
    access = await info.context.loaders.access.projects.load(project_id)
    return access is not None and policy.allows(info.context.actor, access, permission, of_models=True)


# At the end, since the types of these modules refer to each other.
from app.graphql.access import service_accounts as accounts  # noqa: E402
from app.graphql.ci import types as ci  # noqa: E402
from app.graphql.lifecycle.promotions import types as promotion_types  # noqa: E402
from app.graphql.people import access_log, invitation_types  # noqa: E402
from app.graphql.people import limits as limit_types  # noqa: E402
from app.graphql.registry import search as registry_searches  # noqa: E402
from app.graphql.registry import types as registry  # noqa: E402
from app.graphql.tracking import search as searches  # noqa: E402
from app.graphql.tracking import types as tracking  # noqa: E402
from app.graphql.webhooks import types as webhooks  # noqa: E402
