"""Versions of the model ``m`` of a project on their way into stages."""

from __future__ import annotations

from typing import Any

from app.access.policy import Actor
from app.lifecycle.promotions import approve, checks, promote, requests
from app.lifecycle.promotions.approve import Approve, Approved
from app.lifecycle.promotions.checks import PromotionCheck
from app.lifecycle.promotions.promote import Entry, Promote
from app.lifecycle.promotions.requests import OpenRequest, PromotionRequest
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.runtime import Runtime
from tests.support.registry.versions import create_version, store_file


async def version_with_file(runtime: Runtime, project: Any, version: str | None = None) -> ModelVersion:
    """A READY version with one file of its own."""
    made = await create_version(runtime, project, version)
    root, _ = lookup.root_of(made)
    await store_file(runtime, project, root, "weights.txt", f"weights of {made.version}".encode())
    return made


async def promoted(
    runtime: Runtime, project: Any, version: ModelVersion, stage: str, actor: Actor | None = None, **values: Any
) -> Entry:
    """Promote, as the owner unless told otherwise."""
    command = Promote(stage, **values)
    return await promote.promote(
        runtime.db, runtime.gate_clients, actor or project.owner, project.id, version.id, command
    )


async def opened(
    runtime: Runtime, project: Any, version: ModelVersion, stage: str, actor: Actor, **values: Any
) -> PromotionRequest:
    return await requests.open_request(runtime.db, actor, project.id, version.id, OpenRequest(stage, **values))


async def approved(runtime: Runtime, project: Any, request: PromotionRequest, actor: Actor, **values: Any) -> Approved:
    return await approve.approve(runtime.db, runtime.gate_clients, actor, project.id, request.id, Approve(**values))


async def check(
    runtime: Runtime, project: Any, version: ModelVersion, stage: str, actor: Actor | None = None
) -> PromotionCheck:
    return await checks.check_promotion(
        runtime.db, runtime.gate_clients, actor or project.owner, project.id, version.id, stage
    )
