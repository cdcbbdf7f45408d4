"""What resolvers get along with their arguments."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from app.access.policy import Actor
from app.db.database import Database
from app.graphql.execution.budget import Budget
from app.graphql.loaders import Loaders
from app.http.admission.fair_queue import Slot
from app.http.admission.gate import Gate
from app.http.admission.senders import user_account
from app.live.subscribers import Live
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
    """Who pays: a token, a person with a session, or the address of a stranger."""
    gate: Gate | None = None
    """Decides when an operation may begin that did not come as a request of its own."""
    slot: Slot | None = None
    operation: str = ""
    """Kind and name of the operation, once it is read: for the log."""

    @property
    def db(self) -> Database:
        return self.runtime.db

    async def take_turn(self) -> None:
        """Wait until the operation may begin, as every request does.

        Raises:
            Overloaded, TooManyRequests: too much is asked at the moment.
        """
        if self.gate is not None:
            await self.runtime.authenticator.count(self.actor)
            name = f"address {self.caller}" if self.actor.user_id is None else user_account(self.actor.user_id)
            self.slot = self.gate.queue.enter_at_once((name,)) or await self.gate.enter((name,))

    def end_turn(self) -> None:
        """Let others begin: the operation is over, or has nothing to do until something happens."""
        if self.slot is not None:
            self.slot.leave()

    def renew(self) -> None:
        """Forget what was loaded: a subscription does so before each of its answers."""
        self.loaders = Loaders(self.runtime.db, self.actor, self.runtime.settings)


Info: TypeAlias = strawberry.Info[Context, None]
