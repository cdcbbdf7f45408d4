"""The gate of a process: its queue of requests, its pace, and the senders that it has seen."""

from __future__ import annotations

from starlette.applications import Starlette

from app.http.admission.fair_queue import Accounts, Bounds, FairQueue, Slot
from app.http.admission.pace import FIRST_SLOTS, Pace
from app.http.admission.senders import Senders

BOUNDS = Bounds(
    reserve=4, share=1, max_waiting_per_sender=300, max_waiting=1_200, max_wait_seconds=20.0, priority_seconds=0.25
)


class Gate:
    """Decides about the turns of requests in this process."""

    def __init__(self, slots: int, stream_bytes: int) -> None:
        """``slots`` requests at most are under work at once; a body of more than ``stream_bytes`` is a long file."""
        self.queue = FairQueue(min(slots, FIRST_SLOTS), BOUNDS)
        self.pace = Pace(self.queue, slots)
        self.senders = Senders()
        self.stream_bytes = stream_bytes

    async def enter(self, accounts: Accounts) -> Slot:
        """A slot when its turn has come; there are more of them soon if there is time for it.

        Raises:
            TooManyRequests, Overloaded: see :meth:`app.http.admission.fair_queue.FairQueue.enter`.
        """
        self.pace.watch()
        return await self.queue.enter(accounts)


def gate_of(app: Starlette) -> Gate:
    """The gate of this process, made when it is first used."""
    gate: Gate | None = getattr(app.state, "gate", None)
    if gate is None:
        settings = app.state.runtime.settings
        gate = app.state.gate = Gate(settings.concurrent_requests, settings.max_body_bytes)
    return gate
