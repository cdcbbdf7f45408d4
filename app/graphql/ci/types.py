"""CI jobs and CI settings as the client sees them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from app.access import policy
from app.access.policy import Permission
from app.ci.configuration import CiSettings as SettingsRow
from app.ci.jobs import VisibleJob
from app.graphql.access.enums import Role, TokenScope
from app.graphql.context import Info
from app.graphql.errors import or_empty
from app.graphql.types import ids
from app.graphql.types.fields import resolved, value
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long


@strawberry.enum(description="A kind of CI system.")
class CiProvider(Enum):
    GITLAB = value("gitlab", "Jobs of GitLab CI.")
    GITHUB = value("github", "Workflow runs of GitHub Actions.")


@strawberry.enum(description="The status of the link to a CI job.")
class CiJobStatus(Enum):
    PENDING = value("pending", "The CI system has not told of the job yet; `statusReason` says why, if it was asked.")
    LINKED = value("linked", "The job is known and followed until it has finished.")
    FINISHED = value("finished", "The job has finished; nothing will change any more.")
    FAILED = value("failed", "The job cannot be followed; `statusReason` says why. `ciJobRefresh` tries again.")


@strawberry.type(
    description="The job of a CI system that produced candidates or model versions. Visitors of a public project see "
    "its provider, id, status and name; members see everything."
)
class CiJob(Node):
    project_id: strawberry.Private[int]
    provider: CiProvider = strawberry.field(description="The CI system that it ran in.")
    external_id: strawberry.ID = strawberry.field(
        description="Its id there: of GitLab's job, of GitHub's workflow run."
    )
    status: CiJobStatus = strawberry.field(description="The status of the link.")
    ci_status: str | None = strawberry.field(description="The status of the job, in the words of its CI system.")
    name: str | None = strawberry.field(description="Its name.")
    status_reason: str | None = strawberry.field(description="Why the last look failed, or what is waited for.")
    ci_project: str | None = strawberry.field(description="The project or repository that it ran for.")
    ref: str | None = strawberry.field(description="The branch or tag that it ran for.")
    commit_sha: str | None = strawberry.field(description="The commit that it ran on.")
    pipeline_id: strawberry.ID | None = strawberry.field(description="The pipeline or workflow run that it belongs to.")
    pipeline_url: str | None = strawberry.field(description="The page of that.")
    merge_request_iid: Long | None = strawberry.field(description="The number of its merge or pull request.")
    merge_request_url: str | None = strawberry.field(description="The page of that.")
    username: str | None = strawberry.field(description="Who started it.")
    user_url: str | None = strawberry.field(description="The page of that user.")
    log_url: str | None = strawberry.field(description="Where its log is; the CI system decides who may read it.")
    web_url: str | None = strawberry.field(description="Its page.")
    started_at: datetime | None = strawberry.field(description="When it began.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    created_at: datetime | None = strawberry.field(description="When it was first linked.")
    last_checked_at: datetime | None = strawberry.field(description="When the CI system was last asked.")
    next_check_at: datetime | None = strawberry.field(description="When it is asked next; null: not by itself.")

    @classmethod
    def of(cls, job: VisibleJob) -> CiJob:
        return cls(
            id=ids.of("CiJob", job.project_id, job.id),
            project_id=job.project_id,
            provider=CiProvider(job.provider),
            external_id=strawberry.ID(job.external_id),
            status=CiJobStatus(job.link_state),
            merge_request_iid=Long(job.merge_request_iid) if job.merge_request_iid is not None else None,
            ci_status=job.status,
            status_reason=job.reason,
            username=job.user_name,
            **{name: getattr(job, name) for name in _SAME},
        )

    @resolved("Whether you may have it looked at again.")
    async def viewer_can_refresh(self, info: Info) -> bool:
        wanted = (Permission.CANDIDATE_WRITE, Permission.REGISTRY_WRITE)
        return any([await groups_and_projects.may(info, self.project_id, permission) for permission in wanted])


_SAME = (
    "name", "ci_project", "ref", "commit_sha", "pipeline_id", "pipeline_url", "merge_request_url",
    "user_url", "log_url", "web_url", "started_at", "finished_at", "created_at", "last_checked_at",
    "next_check_at",
)  # fmt: skip


@strawberry.type(description="What a claim of an identity token must be.")
class CiClaim:
    name: str = strawberry.field(description="The claim, e.g. `ref_protected`.")
    values: list[str] = strawberry.field(description="Its allowed values.")


@strawberry.type(description="Which identity tokens of CI jobs are exchanged for project tokens of 15 minutes.")
class CiIdentity:
    is_enabled: bool = strawberry.field(description="Whether any are.")
    issuer: str = strawberry.field(description="Who must have signed them.")
    audience: str = strawberry.field(description="Whom they must be meant for (`aud`).")
    ci_project_id: strawberry.ID | None = strawberry.field(
        description="The number of the CI project that they must be of; null: settings of an earlier release trust a "
        "path, and nothing is exchanged until they are given numbers."
    )
    ci_owner_id: strawberry.ID | None = strawberry.field(
        description="The number of the owner that this project must have; null: any."
    )
    claims: list[CiClaim] = strawberry.field(description="What they must claim beside these numbers.")
    role: Role = strawberry.field(description="What jobs may do with the tokens that they get.")
    scope: TokenScope = strawberry.field(description="The scope of these tokens.")


@strawberry.type(description="The CI system of a project. For maintainers.")
class CiSettings(Node):
    project_id: strawberry.Private[int]
    provider: CiProvider = strawberry.field(description="Which kind it is.")
    base_url: str = strawberry.field(description="GitLab's address, or that of GitHub's API.")
    ci_project: str = strawberry.field(description="The project or repository there.")
    has_api_token: bool = strawberry.field(description="Whether there is an API token. It is never shown.")
    has_hook_secret: bool = strawberry.field(description="Whether there is a secret for events. It is never shown.")
    hook_url: str = strawberry.field(description="Where the CI system may send events to.")
    identity: CiIdentity = strawberry.field(description="How CI jobs get tokens without a stored secret.")
    created_at: datetime = strawberry.field(description="When they were first saved.")
    updated_at: datetime = strawberry.field(description="When they were last saved.")

    @classmethod
    def of(cls, info: Info, row: SettingsRow) -> CiSettings:
        address = info.context.runtime.settings.url
        return cls(
            id=ids.of("CiSettings", row.project_id),
            project_id=row.project_id,
            provider=CiProvider(row.provider),
            base_url=row.base_url,
            ci_project=row.ci_project,
            has_api_token=row.sealed_token is not None,
            has_hook_secret=row.sealed_hook_secret is not None,
            hook_url=f"{address}/ci/hooks/{row.project_id}/{row.provider}",
            identity=_identity(row),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @resolved("Whether you may change and remove them.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.project_id, Permission.CI_MANAGE)


def _identity(row: SettingsRow) -> CiIdentity:
    return CiIdentity(
        is_enabled=row.identity_enabled,
        issuer=row.identity_issuer,
        audience=row.identity_audience,
        ci_project_id=_id(row.identity_ci_project_id),
        ci_owner_id=_id(row.identity_ci_owner_id),
        claims=[CiClaim(name=name, values=row.identity_claims[name]) for name in sorted(row.identity_claims)],
        role=policy.Role(row.identity_role),
        scope=policy.Scope(row.identity_scope),
    )


def _id(number: str | None) -> strawberry.ID | None:
    return strawberry.ID(number) if number is not None else None


async def settings_of(info: Info, project_id: int) -> CiSettings | None:
    """The CI settings of a project, by the request's loader."""
    row = await info.context.loaders.ci.settings.load((project_id,))
    return CiSettings.of(info, row) if row else None


async def settings_by_id(info: Info, project_id: int) -> CiSettings | None:
    """The same; None when the viewer does not manage them."""
    may_manage = await groups_and_projects.may(info, project_id, Permission.CI_MANAGE)
    return await settings_of(info, project_id) if may_manage else None


async def jobs_of_candidate(info: Info, project_id: int, candidate_id: UUID) -> list[CiJob]:
    """The CI jobs of a candidate, the one linked last first."""
    return [CiJob.of(job) for job in await info.context.loaders.ci.of_candidates.load((project_id, candidate_id))]


async def jobs_of_version(info: Info, project_id: int, version_id: int, candidate_id: UUID) -> list[CiJob]:
    """The CI jobs of a version, then those of its candidate, if these may be seen; each once."""
    loaders = info.context.loaders.ci
    own = await loaders.of_versions.load((project_id, version_id))
    inherited = await or_empty(loaders.of_candidates.load((project_id, candidate_id)), [])
    jobs = {job.id: job for job in [*own, *inherited]}
    return [CiJob.of(job) for job in jobs.values()]


async def ci_job_by_key(info: Info, project_id: int, ci_job_id: UUID) -> CiJob | None:
    """The CI job of that id, if something that it is linked to may be seen."""
    job = await info.context.loaders.ci.jobs.load((project_id, ci_job_id))
    return CiJob.of(job) if job else None


from app.graphql.access import groups_and_projects  # noqa: E402 - types of these modules refer to each other
