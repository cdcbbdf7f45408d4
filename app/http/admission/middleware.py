"""In front of all work: how many requests are under work at once, and whose is next.

An event loop that has accepted all that was sent works on all of it a little, and answers none of it in time. Here no
more is begun than keeps the loop busy; the rest waits in a :class:`FairQueue`, before its token is looked up or body
read. Probes are let through. Long files, sent or fetched, need no slot; bodies that come slowly have none meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from prometheus_client import Counter, Histogram
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.db.pauses import PAUSE
from app.errors import ModelyardError
from app.http.admission.fair_queue import Accounts, Bounds, FairQueue, Slot
from app.http.admission.senders import Sender, Senders
from app.http.answers import error_answer
from app.http.connection.exchange import has_left

BOUNDS = Bounds(reserve=4, share=1, most_of_one=300, most=1_200, patience=20.0, lead=0.25)
FIRST_SLOTS, LEAST_SLOTS = 4, 1
ROUNDS_FOR_MORE = 10
"""Short rounds after which there is one slot more: what was let in too much is under work for long."""
REST = 5.0
"""Seconds without anybody waiting after which there are the first slots again."""
TICK, SHORT_ROUND, LONG_ROUND = 0.005, 0.006, 0.012
"""Seconds: how often the event loop is looked at, and for how long a round may take beyond that."""
SILENCE, READING = 0.05, 0.25
"""Seconds without a piece of a body, and seconds in all, after which its slot goes to others until it is whole."""
REFUSED = Counter("modelyard_admission_refused_total", "Requests refused since too much was asked.", ["code"])
WAITED = Histogram(
    "modelyard_admission_wait_seconds",
    "For how long requests waited for their turn, of those that did.",
    buckets=(0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10),
)
_PROBES = frozenset({"/health", "/health/live", "/health/ready"})


class Admission:
    """ASGI middleware: lets requests in fairly, or answers 503 or 429 with `Retry-After`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self.app(scope, receive, send)
            return
        gate = gate_of(scope["app"])
        sender = gate.senders.of(scope)
        try:
            slot = gate.queue.enter_at_once(sender.accounts) or await _in_turn(gate, sender, scope)
        except ModelyardError as error:
            REFUSED.labels(error.code).inc()
            await error_answer(scope, error)(scope, receive, send)
            return
        turn = _Turn(slot)
        stay = _Stay(gate, sender, turn, scope, receive, send)
        PAUSE.set(turn.give_way)
        try:
            await self.app(scope, stay.receive if sender.has_body else receive, stay.send)
        finally:
            stay.end()


class Pace:
    """How many slots a queue has, by how long the rounds of the event loop are while requests wait.

    In a long round each request waits for all others: fewer of them come to an end as soon. In short ones there is room
    for more, which share the database's commits. Rounds are measured in processor time of this thread, so that it does
    not matter what else the machine does.
    """

    def __init__(self, queue: FairQueue, most: int) -> None:
        self._queue = queue
        self._most, self._least = most, min(most, LEAST_SLOTS)
        self._began: float | None = None
        self._short_rounds = 0
        self._rested_at = 0.0

    def watch(self) -> None:
        """Look at the loop for as long as requests wait; after a rest begin with few slots: what comes may be long."""
        if self._began is None:
            if time.monotonic() > self._rested_at:
                self._queue.resize(min(self._queue.slots, FIRST_SLOTS))
            self._wait()

    def adjust(self, spent: float) -> None:
        """``spent`` is the processor time, in seconds, from one look at the loop to the next."""
        if spent > TICK + LONG_ROUND:
            self._short_rounds = 0
            self._queue.resize(max(self._least, self._queue.slots // 2))
        elif spent < TICK + SHORT_ROUND:
            self._short_rounds += 1
            if self._short_rounds % ROUNDS_FOR_MORE == 0:
                # Also when there are no more: an account that has had its share may have more by now.
                self._queue.resize(min(self._queue.slots + 1, self._most))

    def _wait(self) -> None:
        self._began = time.thread_time()
        asyncio.get_running_loop().call_later(TICK, self._look)

    def _look(self) -> None:
        assert self._began is not None, "it was said when to look"
        self.adjust(time.thread_time() - self._began)
        self._began, self._rested_at = None, time.monotonic() + REST
        if self._queue.waiting:
            self._wait()


class Gate:
    """What decides about the turns of requests in this process."""

    def __init__(self, slots: int, stream_bytes: int) -> None:
        """A body of more than ``stream_bytes`` is a long file."""
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
    """The gate of this process, made when it is first asked for."""
    found: Gate | None = getattr(app.state, "gate", None)
    if found is None:
        settings = app.state.runtime.settings
        found = app.state.gate = Gate(settings.concurrent_requests, settings.max_body_bytes)
    return found


def is_waiting(scope: Scope) -> bool:
    """Whether a request waits for its turn at this moment, or did so when its time was over."""
    return bool(scope.get("state", {}).get("waits"))


async def _in_turn(gate: Gate, sender: Sender, scope: Scope) -> Slot:
    began = time.monotonic()
    state = scope.setdefault("state", {})
    state["waits"] = True
    slot = await gate.enter(sender.accounts)
    state["waits"] = False
    waited = time.monotonic() - began
    WAITED.observe(waited)
    state["waited"] = state.get("waited", 0.0) + waited
    if has_left(scope):
        slot.leave()
        raise ClientDisconnect
    return slot


@dataclass(slots=True)
class _Turn:
    """The slot of a request, which may be another one once its body has come."""

    slot: Slot

    async def give_way(self) -> None:
        """See :meth:`app.http.admission.fair_queue.Slot.give_way`."""
        await self.slot.give_way()


class _Stay:
    """One request under work: sees when its slot is no longer needed."""

    def __init__(self, gate: Gate, sender: Sender, turn: _Turn, scope: Scope, receive: Receive, send: Send) -> None:
        self._gate, self._sender, self._turn, self._scope = gate, sender, turn, scope
        self._receive, self._send = receive, send
        self._received = 0
        self._patience = READING
        self._is_watched = True
        self._is_over = False

    async def receive(self) -> Message:
        """A part of the body. One that comes slowly has no slot until it is whole; a long one has none from then on."""
        if not self._is_watched or self._is_over:
            return await self._receive()
        message = await self._next()
        self._received += len(message.get("body", b""))
        self._is_watched = bool(message.get("more_body"))
        if self._received > self._gate.stream_bytes:
            self.end()
        elif message["type"] == "http.request" and not self._is_watched and not self._turn.slot.is_held:
            # What has been sent slowly on many connections can be completed on all of them in one moment.
            self._turn.slot = self._gate.queue.enter_at_once(self._sender.accounts) or await self._in_turn()
        return message

    async def _next(self) -> Message:
        if not self._turn.slot.is_held:
            return await self._receive()
        loop = asyncio.get_running_loop()
        began = loop.time()
        timer = loop.call_later(min(SILENCE, self._patience), self._turn.slot.leave)
        try:
            return await self._receive()
        finally:
            timer.cancel()
            self._patience -= loop.time() - began

    async def _in_turn(self) -> Slot:
        try:
            return await _in_turn(self._gate, self._sender, self._scope)
        except ModelyardError as error:
            REFUSED.labels(error.code).inc()
            raise

    async def send(self, message: Message) -> None:
        """A part of the answer. It is made by then, or a stream whose parts cost little: others may begin."""
        if message["type"] == "http.response.body":
            self.end()
        await self._send(message)

    def end(self) -> None:
        """Give the slot up for good."""
        if not self._is_over:
            self._is_over = True
            self._turn.slot.leave(*self._gate.senders.learn(self._sender, self._scope))
