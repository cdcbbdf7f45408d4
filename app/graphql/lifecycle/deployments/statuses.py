"""How a deployment stands, as the client sees it, and what callers see who may see none."""

from __future__ import annotations

from collections.abc import Awaitable
from enum import Enum
from typing import TypeVar

import strawberry

from app.errors import Forbidden, NotFound, Unauthenticated
from app.graphql.types.fields import value
from app.lifecycle.deployments.reads import Status

T = TypeVar("T")


@strawberry.enum(description="How a deployment stands.")
class DeploymentStatus(Enum):
    RUNNING = value(Status.RUNNING, "It runs: its last heartbeat is recent.")
    SILENT = value(Status.SILENT, "No heartbeat has come for a while; it may run or not.")
    ENDED = value(Status.ENDED, "It runs no more.")


async def for_members(lookup: Awaitable[T], empty: T) -> T:
    """What is looked up; ``empty`` for visitors of a project, who learn nothing of where its models run.

    Also where the registry is switched off, or the scopes of the token do not reach it.
    """
    try:
        return await lookup
    except (Forbidden, NotFound, Unauthenticated):
        return empty
