"""What resolvers get along with their arguments."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from app.access.policy import Actor
from app.db.database import Database
from app.graphql.loaders import Loaders
from app.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Context:
    """One request: the process it runs in, who asks, and loaders that live as long as it does."""

    runtime: Runtime
    actor: Actor
    loaders: Loaders
    request_id: str
    deadline: asyncio.Timeout
    """Ends the operation; changes may move it."""
    base_url: str
    """The address under which the client reaches this service, for links."""

    @property
    def db(self) -> Database:
        return self.runtime.db


Info: TypeAlias = strawberry.Info[Context, None]
