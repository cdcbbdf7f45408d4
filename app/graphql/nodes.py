"""Asking for anything by its id (Relay Global Object Identification)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from app.errors import Invalid
from app.graphql.access.groups import group_by_id
from app.graphql.access.groups_and_projects import project_by_id
from app.graphql.access.service_accounts import service_account_by_id
from app.graphql.access.types import member_by_id, token_by_id, user_by_id
from app.graphql.artifacts.types import Artifact
from app.graphql.ci.types import ci_job_by_key, settings_by_id
from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.jobs.queries import job_by_id
from app.graphql.lifecycle.deployments.types import deployment_by_key
from app.graphql.lifecycle.evaluations.online_types import experiment_by_key as online_experiment_by_key
from app.graphql.lifecycle.evaluations.types import evaluation_by_key
from app.graphql.lifecycle.gates.types import gate_by_key, gate_set_by_id
from app.graphql.lifecycle.lineage.types import derivation_by_key
from app.graphql.lifecycle.promotions.types import promotion_by_key, request_by_key
from app.graphql.lifecycle.stages.types import protection_by_key, stage_by_key
from app.graphql.logged_models.types import logged_model_by_key
from app.graphql.people.identities import identity_by_id
from app.graphql.people.invitation_types import invitation_by_id
from app.graphql.people.sessions import session_by_id
from app.graphql.registry.aliases import alias_by_id
from app.graphql.registry.types import model_by_key, version_by_key
from app.graphql.tracking.types import candidate_by_key, experiment_by_key
from app.graphql.types import ids
from app.graphql.types.fields import resolved
from app.graphql.types.node import Node
from app.graphql.uploads.types import upload_by_key
from app.graphql.webhooks.types import delivery_by_key, webhook_by_key
from app.ids import GlobalId
from app.pagination import MAX_PAGE

Lookup = Callable[[Info, str], Awaitable[Node | None]]


async def _user(info: Info, id: str) -> Node | None:
    return await user_by_id(info, ids.integer(id, "User"))


async def _group(info: Info, id: str) -> Node | None:
    return await group_by_id(info, ids.integer(id, "Group"))


async def _project(info: Info, id: str) -> Node | None:
    return await project_by_id(info, ids.integer(id, "Project"))


async def _background_job(info: Info, id: str) -> Node | None:
    key = ids.uuid(id, "BackgroundJob")
    return await job_by_id(info, key) if key else None


async def _model(info: Info, id: str) -> Node | None:
    key = ids.pair(id, "Model")
    return await model_by_key(info, *key) if key else None


async def _stage(info: Info, id: str) -> Node | None:
    key = ids.pair(id, "Stage")
    return await stage_by_key(info, *key) if key else None


async def _protection(info: Info, id: str) -> Node | None:
    key = ids.pair(id, "Protection")
    return await protection_by_key(info, *key) if key else None


async def _model_version(info: Info, id: str) -> Node | None:
    key = ids.pair(id, "ModelVersion")
    return await version_by_key(info, *key) if key else None


async def _experiment(info: Info, id: str) -> Node | None:
    key = ids.pair(id, "Experiment")
    return await experiment_by_key(info, *key) if key else None


async def _candidate(info: Info, id: str) -> Node | None:
    key = ids.in_project(id, "Candidate")
    return await candidate_by_key(info, *key) if key else None


async def _evaluation(info: Info, id: str) -> Node | None:
    key = ids.pair(id, "Evaluation")
    return await evaluation_by_key(info, *key) if key else None


async def _online_experiment(info: Info, id: str) -> Node | None:
    key = ids.pair(id, "OnlineExperiment")
    return await online_experiment_by_key(info, *key) if key else None


async def _logged_model(info: Info, id: str) -> Node | None:
    key = ids.in_project(id, "LoggedModel")
    return await logged_model_by_key(info, *key) if key else None


async def _artifact(info: Info, id: str) -> Node | None:
    key = ids.in_project(id, "Artifact")
    file = await or_none(info.context.loaders.artifacts.artifacts.load(key)) if key else None
    return Artifact.of(file) if file else None


async def _artifact_upload(info: Info, id: str) -> Node | None:
    key = ids.in_project(id, "ArtifactUpload")
    return await or_none(upload_by_key(info, *key)) if key else None


async def _webhook(info: Info, id: str) -> Node | None:
    key = ids.in_project(id, "Webhook")
    return await webhook_by_key(info, *key) if key else None


async def _webhook_delivery(info: Info, id: str) -> Node | None:
    key = ids.in_project(id, "WebhookDelivery")
    return await delivery_by_key(info, *key) if key else None


async def _token(info: Info, id: str) -> Node | None:
    return await token_by_id(info, ids.integer(id, "Token"))


async def _identity(info: Info, id: str) -> Node | None:
    return await identity_by_id(info, ids.integer(id, "Identity"))


async def _invitation(info: Info, id: str) -> Node | None:
    return await invitation_by_id(info, ids.integer(id, "Invitation"))


async def _service_account(info: Info, id: str) -> Node | None:
    return await service_account_by_id(info, ids.integer(id, "ServiceAccount"))


async def _session(info: Info, id: str) -> Node | None:
    return await session_by_id(info, ids.integer(id, "Session"))


async def _ci_settings(info: Info, id: str) -> Node | None:
    project_id = ids.integer(id, "CiSettings")
    return await settings_by_id(info, project_id) if project_id is not None else None


async def _deployment(info: Info, id: str) -> Node | None:
    key = ids.pair(id, "Deployment")
    return await deployment_by_key(info, *key) if key else None


async def _derivation(info: Info, id: str) -> Node | None:
    key = ids.pair(id, "Derivation")
    return await derivation_by_key(info, *key) if key else None


async def _ci_job(info: Info, id: str) -> Node | None:
    key = ids.in_project(id, "CiJob")
    return await ci_job_by_key(info, *key) if key else None


async def _gate(info: Info, id: str) -> Node | None:
    key = ids.in_project(id, "Gate")
    return await gate_by_key(info, *key) if key else None


async def _promotion(info: Info, id: str) -> Node | None:
    key = ids.pair(id, "Promotion")
    return await promotion_by_key(info, *key) if key else None


async def _promotion_request(info: Info, id: str) -> Node | None:
    key = ids.pair(id, "PromotionRequest")
    return await request_by_key(info, *key) if key else None


LOOKUPS: dict[str, Lookup] = {
    "Alias": alias_by_id,
    "Artifact": _artifact,
    "ArtifactUpload": _artifact_upload,
    "BackgroundJob": _background_job,
    "Candidate": _candidate,
    "CiJob": _ci_job,
    "CiSettings": _ci_settings,
    "Deployment": _deployment,
    "Derivation": _derivation,
    "Evaluation": _evaluation,
    "Experiment": _experiment,
    "Gate": _gate,
    "GateSet": gate_set_by_id,
    "Group": _group,
    "Identity": _identity,
    "Invitation": _invitation,
    "LoggedModel": _logged_model,
    "Member": member_by_id,
    "Model": _model,
    "ModelVersion": _model_version,
    "OnlineExperiment": _online_experiment,
    "Project": _project,
    "Promotion": _promotion,
    "PromotionRequest": _promotion_request,
    "ServiceAccount": _service_account,
    "Session": _session,
    "Token": _token,
    "Stage": _stage,
    "Protection": _protection,
    "User": _user,
    "Webhook": _webhook,
    "WebhookDelivery": _webhook_delivery,
}
"""By the name of the type."""


@strawberry.type
class NodesQuery:
    @resolved("Anything by its id; null when it does not exist or may not be seen.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id.")]
    ) -> Node | None:
        return await by_id(info, id)

    @resolved("Many things by their ids, in the same order; at most 100.")
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="The ids.")]
    ) -> list[Node | None]:
        if len(ids) > MAX_PAGE:
            raise Invalid(f"There are {len(ids)} ids; at most {MAX_PAGE} can be asked for at once.", field="ids")
        return list(await asyncio.gather(*(by_id(info, id) for id in ids)))


async def by_id(info: Info, id: str) -> Node | None:
    """The thing behind an id; None for garbage, for what is gone and for what may not be seen."""
    parsed = GlobalId.parse(id)
    lookup = LOOKUPS.get(parsed.type_name) if parsed else None
    return await lookup(info, id) if lookup else None
