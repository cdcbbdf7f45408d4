"""Inputs of the mutations of CI jobs and settings."""

from __future__ import annotations

import strawberry

from app.graphql.access.enums import Role, TokenScope
from app.graphql.access.lookups import ProjectLookup
from app.graphql.ci.types import CiProvider
from app.graphql.registry.lookups import ModelVersionLookup
from app.graphql.tracking.lookups import CandidateLookup
from app.graphql.types.fields import choice, optional


@strawberry.input(one_of=True, description="What a CI job produced: a candidate or a model version.")
class CiJobOwnerLookup:
    candidate: CandidateLookup | None = choice("A candidate.")
    model_version: ModelVersionLookup | None = choice("A model version.")


@strawberry.input(
    description="Input of `ciJobLink`; the job is one of the CI project that the project's CI settings name."
)
class CiJobLinkInput:
    owner: CiJobOwnerLookup = strawberry.field(description="What the job produced.")
    provider: CiProvider = strawberry.field(description="The CI system that it ran in.")
    external_id: strawberry.ID = strawberry.field(description="Its id there: GitLab's CI_JOB_ID, GitHub's run id.")


@strawberry.input(description="Input of `ciJobUnlink`; a tag that names the job stays.")
class CiJobUnlinkInput:
    owner: CiJobOwnerLookup = strawberry.field(description="What the job was said to have produced.")
    id: strawberry.ID = strawberry.field(description="The id of the CI job.")


@strawberry.input(description="Input of `ciJobRefresh`.")
class CiJobRefreshInput:
    id: strawberry.ID = strawberry.field(description="The id of the CI job.")


@strawberry.input(description="What a claim of an identity token must be.")
class CiClaimInput:
    name: str = strawberry.field(description="The claim, e.g. `ref_protected`, `environment` or `ref`.")
    values: list[str] = strawberry.field(
        description="Its allowed values; those of `ref` may hold `*`, which stands for any characters."
    )


@strawberry.input(description="Which identity tokens of CI jobs are exchanged; what is left out stays.")
class CiIdentityInput:
    is_enabled: bool | None = optional("Whether any are; at first none.")
    issuer: str | None = optional("Who signs them; at first GitLab's base URL, or GitHub's own issuer.")
    audience: str | None = optional("Whom they must be meant for (`aud`); needed when any are.")
    ci_project_id: strawberry.ID | None = optional(
        "The number of the CI project: GitLab's CI_PROJECT_ID, GitHub's GITHUB_REPOSITORY_ID; needed when any are."
    )
    ci_owner_id: strawberry.ID | None = optional(
        "The number of its owner: CI_PROJECT_NAMESPACE_ID, GITHUB_REPOSITORY_OWNER_ID; needed when any are."
    )
    claims: list[CiClaimInput] | None = optional(
        "What they must claim beside these numbers. `ref_protected` must be `true` unless a claim here tells of "
        "protection: `ref_protected`, GitLab's `environment_protected` or GitHub's `environment`."
    )
    role: Role | None = optional("What jobs may do with their tokens: maintainer at most, at first developer.")
    scope: TokenScope | None = optional("The scope of these tokens, api or read_api; at first api.")


@strawberry.input(
    description="Input of `ciSettingsUpdate`; what is left out stays. The first time provider and project are needed."
)
class CiSettingsUpdateInput:
    project: ProjectLookup = strawberry.field(description="The project whose settings they are.")
    provider: CiProvider | None = optional("Which kind of CI system it is.")
    base_url: str | None = optional(
        "GitLab's address, at first `https://gitlab.com`; or that of GitHub's API, at first `https://api.github.com`."
    )
    ci_project: str | None = optional("GitLab: the number or full path of the project there. GitHub: `owner/name`.")
    api_token: str | None = optional("An API token that may read jobs; an empty one takes it away. It is never shown.")
    hook_secret: str | None = optional("Proves that events are from the CI system; an empty one takes it away.")
    identity: CiIdentityInput | None = optional("How CI jobs get tokens without a stored secret.")


@strawberry.input(description="Input of `ciSettingsDelete`.")
class CiSettingsDeleteInput:
    project: ProjectLookup = strawberry.field(description="The project.")
