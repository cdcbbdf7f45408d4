"""Mutations of CI jobs and CI settings."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from app.ci import configuration, jobs
from app.ci.configuration import EditSettings
from app.ci.identities.trust import UNCHANGED, EditIdentity
from app.errors import Invalid
from app.graphql.ci.inputs import (
    CiClaimInput,
    CiIdentityInput,
    CiJobLinkInput,
    CiJobRefreshInput,
    CiJobUnlinkInput,
    CiSettingsDeleteInput,
    CiSettingsUpdateInput,
)
from app.graphql.ci.types import CiJob, CiSettings
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.registry import ci_links as of_versions
from app.tracking import ci_jobs as of_candidates


@strawberry.type(description="Payload of `ciJobLink`.")
class CiJobLinkPayload:
    ci_job: CiJob | None = optional("The job that is linked.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `ciJobUnlink`.")
class CiJobUnlinkPayload:
    deleted_id: strawberry.ID | None = optional("The id of the job that is linked no longer.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `ciJobRefresh`.")
class CiJobRefreshPayload:
    ci_job: CiJob | None = optional("The job that is looked at.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `ciSettingsUpdate`.")
class CiSettingsUpdatePayload:
    ci_settings: CiSettings | None = optional("The settings as they are now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `ciSettingsDelete`.")
class CiSettingsDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the settings that are gone.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class CiMutation:
    @mutation("Links a candidate or model version to the CI job that produced it; again is fine.")
    async def ci_job_link(self, info: Info, input: Annotated[CiJobLinkInput, INPUT]) -> CiJobLinkPayload:
        context, owner = info.context, input.owner
        named = (input.provider.value, input.external_id)
        if owner.candidate:
            linked = await of_candidates.link(context.db, context.actor, *owner.candidate.key(), *named)
        elif owner.model_version:
            linked = await of_versions.link(context.db, context.actor, *owner.model_version.key(), *named)
        else:
            raise Invalid("Name a candidate or a model version.", field="owner")
        return CiJobLinkPayload(ci_job=CiJob.of(linked))

    @mutation("Ends the link of a candidate or model version to a CI job.")
    async def ci_job_unlink(self, info: Info, input: Annotated[CiJobUnlinkInput, INPUT]) -> CiJobUnlinkPayload:
        context, owner, (_, key) = info.context, input.owner, _key(input.id)
        if owner.candidate:
            await of_candidates.unlink(context.db, context.actor, *owner.candidate.key(), key)
        elif owner.model_version:
            await of_versions.unlink(context.db, context.actor, *owner.model_version.key(), key)
        else:
            raise Invalid("Name a candidate or a model version.", field="owner")
        return CiJobUnlinkPayload(deleted_id=input.id)

    @mutation("Has a CI job looked at at once, also after its link has failed.")
    async def ci_job_refresh(self, info: Info, input: Annotated[CiJobRefreshInput, INPUT]) -> CiJobRefreshPayload:
        context = info.context
        refreshed = await jobs.refresh(context.db, context.actor, *_key(input.id))
        return CiJobRefreshPayload(ci_job=CiJob.of(refreshed))

    @mutation("Makes or changes the CI settings of a project; links that wait for them are followed. For maintainers.")
    async def ci_settings_update(
        self, info: Info, input: Annotated[CiSettingsUpdateInput, INPUT]
    ) -> CiSettingsUpdatePayload:
        context = info.context
        provider = input.provider.value if input.provider else None
        request = EditSettings(
            provider, input.base_url, input.ci_project, input.api_token, input.hook_secret, _identity(input.identity)
        )
        project = input.project.key()
        saved = await configuration.save(context.db, context.actor, context.runtime.ci_client, project, request)
        return CiSettingsUpdatePayload(ci_settings=CiSettings.of(info, saved))

    @mutation("Removes the CI settings of a project with their secrets; links stay. For maintainers.")
    async def ci_settings_delete(
        self, info: Info, input: Annotated[CiSettingsDeleteInput, INPUT]
    ) -> CiSettingsDeletePayload:
        project_id = await configuration.delete(info.context.db, info.context.actor, input.project.key())
        return CiSettingsDeletePayload(deleted_id=ids.of("CiSettings", project_id))


def _key(id: str) -> tuple[int, UUID]:
    key = ids.in_project(id, "CiJob")
    if key is None:
        raise ids.missing("CI job", id, "id")
    return key


def _identity(identity: CiIdentityInput | None) -> EditIdentity:
    if identity is None:
        return UNCHANGED
    return EditIdentity(
        identity.is_enabled,
        identity.issuer,
        identity.audience,
        _claims(identity.claims),
        identity.role,
        identity.scope,
        identity.ci_project_id,
        identity.ci_owner_id,
    )


def _claims(claims: list[CiClaimInput] | None) -> dict[str, list[str]] | None:
    if claims is None:
        return None
    values = {claim.name: claim.values for claim in claims}
    if len(values) < len(claims):
        raise Invalid("A claim stands more than once; send each once, with all its values.", field="claims")
    return values
