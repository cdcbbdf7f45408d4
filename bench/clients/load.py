"""A number of clients that call one after the other for some seconds, and what they saw."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.clients.http1 import Address, Connection

_PATIENCE = 120.0
"""Seconds beyond the measured ones until a call counts as stuck."""


@dataclass(frozen=True)
class Plan:
    """What clients send to one server, and how an answer is recognised as right."""

    requests: Callable[[int], Iterator[bytes]]
    """The endless requests of a client by its number."""
    check: Callable[[bytes], None] = lambda _: None
    """Looks at the first answer of every round; raises AssertionError."""


@dataclass(frozen=True)
class Round:
    """One measurement."""

    seconds: float
    latencies: Sequence[float]
    """Seconds of each call."""
    generator: float
    """Share of one processor that the clients themselves took."""
    others: float = 0.0
    """Processors that were busy with neither the servers nor the clients."""
    processor: float = 0.0
    """Seconds that all of the server's processes and PostgreSQL spent on processors."""


@dataclass
class Figures:
    """All rounds of one work with one server."""

    rounds: list[Round] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Calls a second, the median of the rounds."""
        return statistics.median(len(one.latencies) / one.seconds for one in self.rounds)

    @property
    def processor(self) -> float:
        """Processor seconds of the server and PostgreSQL for one call."""
        return sum(one.processor for one in self.rounds) / self.calls

    @property
    def others(self) -> float:
        return statistics.median(one.others for one in self.rounds)

    @property
    def generator(self) -> float:
        return statistics.median(one.generator for one in self.rounds)

    @property
    def calls(self) -> int:
        return sum(len(one.latencies) for one in self.rounds)

    def percentile(self, share: float) -> float:
        """Seconds, of the calls of all rounds."""
        latencies = sorted(latency for one in self.rounds for latency in one.latencies)
        return latencies[min(len(latencies) - 1, int(len(latencies) * share))]


async def drive(address: Address, plan: Plan, clients: int, seconds: float) -> Round:
    """Let the clients call until the time is over; calls under way then are awaited and count.

    Raises:
        CallFailed: a call was answered by an error.
        AssertionError: the first answer was not what it should be.
        TimeoutError: a call did not return.
    """
    connections = [await Connection.open(address) for _ in range(clients)]
    first: list[bytes] = []

    def caller(connection: Connection, source: Iterator[bytes]) -> Callable[[], Awaitable[object]]:
        async def call() -> None:
            body = await connection.call(next(source))
            if not first:
                first.append(body)

        return call

    try:
        calls = [caller(connection, plan.requests(number)) for number, connection in enumerate(connections)]
        measured = await repeat(calls, seconds)
    finally:
        for connection in connections:
            connection.close()
    plan.check(first[0])
    return measured


async def repeat(calls: Sequence[Callable[[], Awaitable[object]]], seconds: float) -> Round:
    """Do each again and again, side by side, until the time is over; at least once."""
    latencies: list[float] = []

    async def client(call: Callable[[], Awaitable[object]], end: float) -> None:
        now = 0.0
        while now < end:
            sent = time.perf_counter()
            await call()
            now = time.perf_counter()
            latencies.append(now - sent)

    spent, begin = time.process_time(), time.perf_counter()
    work = asyncio.gather(*(client(call, begin + seconds) for call in calls))
    await asyncio.wait_for(work, seconds + _PATIENCE)
    took = time.perf_counter() - begin
    return Round(took, latencies, (time.process_time() - spent) / took)
