"""What resolvers get along with their arguments."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from app.access.policy import Actor
from app.db.database import Database
from app.graphql.budget import Budget
from app.graphql.loaders import Loaders
from app.live.watch import Live
from app.runtime import Runtime


@dataclass(slots=True)
class Context:
    """One operation: the process it runs in, who asks, and loaders that live as long as it does."""

    runtime: Runtime
    live: Live
    actor: Actor
    loaders: Loaders
    request_id: str
    deadline: asyncio.Timeout | None
    """Ends the operation; changes may move it. Subscriptions have none."""
    base_url: str
    """The address under which the client reaches this service, for links."""
    budget: Budget
    caller: int | str
    """Who pays: a token, or the address of a stranger."""

    @property
    def db(self) -> Database:
        return self.runtime.db

    def renew(self) -> None:
        """Forget what was loaded: a subscription does so before each of its answers."""
        self.loaders = Loaders(self.runtime.db, self.actor)


Info: TypeAlias = strawberry.Info[Context, None]
