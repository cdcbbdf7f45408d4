"""Deployments: registered, confirmed, ended and listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from modelyard_client import targets
from modelyard_client.registry import answers, documents
from modelyard_client.results import Deployment
from modelyard_client.service.graphql import Api

_PAGE = 100


@dataclass(frozen=True)
class Running:
    """Where a version runs: ``instance`` is one of several, ``follows`` the reference that is resolved at the start."""

    environment: str
    endpoint: str
    instance: str = ""
    follows: Optional[str] = None
    digest: Optional[str] = None


async def register(api: Api, model: str, reference: str, running: Running) -> Deployment:
    """Say that a version runs; the same again is a heartbeat.

    Raises:
        NotFound, Forbidden: the service refused it.
    """
    wanted: dict[str, Any] = {
        "modelVersion": targets.version_lookup(api, model, reference),
        "environment": running.environment,
        "endpoint": running.endpoint,
        "instance": running.instance,
    }
    if running.follows is not None:
        wanted["follows"] = running.follows
    if running.digest is not None:
        wanted["digest"] = running.digest
    return answers.deployment((await api.change(documents.DEPLOYMENT_REGISTER, input=wanted))["deployment"])


async def heartbeat(api: Api, id: str) -> Deployment:
    """Say that a deployment still runs; one that has ended stays so.

    Raises:
        NotFound, Forbidden: the service refused it.
    """
    return answers.deployment((await api.change(documents.DEPLOYMENT_HEARTBEAT, input={"id": id}))["deployment"])


async def end(api: Api, id: str, reason: str = "") -> Deployment:
    """Say that a deployment runs no more.

    Raises:
        NotFound, Forbidden: the service refused it.
    """
    payload = await api.change(documents.DEPLOYMENT_END, input={"id": id, "reason": reason})
    return answers.deployment(payload["deployment"])


async def listed(
    api: Api, environment: Optional[str] = None, status: Optional[str] = None, limit: Optional[int] = None
) -> list[Deployment]:
    """Deployments of the project, the newest first; of a status ``RUNNING``, ``SILENT`` or ``ENDED``.

    Raises:
        NotFound: there is no such project.
    """
    rows: list[Deployment] = []
    after = None
    while limit is None or len(rows) < limit:
        first = _PAGE if limit is None else min(_PAGE, limit - len(rows))
        project = api.connection.project
        data = await api.ask(
            documents.DEPLOYMENTS, project=project, environment=environment, status=status, first=first, after=after
        )
        if data["project"] is None:
            await targets.require_project(api)
            break
        page = data["project"]["deployments"]
        rows += [answers.deployment(node) for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"] or not page["nodes"]:
            break
    return rows
