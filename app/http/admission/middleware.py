"""In front of all work: how many requests are under work at once, and which is next.

An event loop that accepts everything works on all of it a little, and answers none of it in time. Here no more
requests are begun than keep the loop busy; the others wait in a fair queue, before their token is looked up or
their body read. Probes are let through. Long files, sent or fetched, need no slot; slow bodies hold none meanwhile.

With 300 noisy clients of one project a quiet project waited 382 ms for an answer without this, and waits 9 ms with it;
it costs 6 µs of processor a request (docs/decisions/0024-fair-admission.md).
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from prometheus_client import Counter, Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.db.pauses import PAUSE
from app.errors import ModelyardError
from app.http.admission.fair_queue import Slot
from app.http.admission.gate import Gate, gate_of
from app.http.admission.senders import Sender
from app.http.answers import edge_of, error_answer
from app.http.connection.exchange import has_left

SILENCE, READING = 0.05, 0.25
"""Seconds without a piece of a body, and seconds in all, after which its slot goes to others until it is whole."""
REFUSED = Counter("modelyard_admission_refused_total", "Requests refused since too many waited.", ["code"])
WAITED = Histogram(
    "modelyard_admission_wait_seconds",
    "For how long requests waited for their turn, of those that did.",
    buckets=(0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10),
)


class Admission:
    """ASGI middleware: lets requests in fairly, or answers 503 or 429 with `Retry-After`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in edge_of(scope).probes:
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
        exchange = _Exchange(gate, sender, turn, scope, receive, send)
        PAUSE.set(turn.give_way)
        try:
            await self.app(scope, exchange.receive if sender.has_body else receive, exchange.send)
        finally:
            exchange.end()


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
    """The slot of a request, which may be another one once its body is whole."""

    slot: Slot

    async def give_way(self) -> None:
        """See :meth:`app.http.admission.fair_queue.Slot.give_way`."""
        await self.slot.give_way()


class _Exchange:
    """One request under work and its answer: sees when its slot is no longer needed."""

    def __init__(self, gate: Gate, sender: Sender, turn: _Turn, scope: Scope, receive: Receive, send: Send) -> None:
        self._gate, self._sender, self._turn, self._scope = gate, sender, turn, scope
        self._receive, self._send = receive, send
        self._received = 0
        self._patience = READING
        self._is_watched = True
        self._has_ended = False

    async def receive(self) -> Message:
        """A part of the body. A slow body holds no slot until it is whole; a long one holds none from then on."""
        if not self._is_watched or self._has_ended:
            return await self._receive()
        message = await self._next()
        self._received += len(message.get("body", b""))
        self._is_watched = bool(message.get("more_body"))
        if self._received > self._gate.stream_bytes:
            self.end()
        elif message["type"] == "http.request" and not self._is_watched and not self._turn.slot.is_held:
            # Bodies that were sent slowly on many connections can be completed on all of them in one moment.
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
        """A part of the answer. By then it is made, or a stream whose parts cost little: others may begin."""
        if message["type"] == "http.response.body":
            self.end()
        await self._send(message)

    def end(self) -> None:
        """Give the slot up for good."""
        if not self._has_ended:
            self._has_ended = True
            self._turn.slot.leave(*self._gate.senders.learn(self._sender, self._scope))
