"""A number of clients that call one after the other for some seconds, and what they saw."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.http1 import Address, Connection

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
    sources = [plan.requests(number) for number in range(clients)]
    latencies: list[float] = []
    first: list[bytes] = []

    async def client(connection: Connection, source: Iterator[bytes], end: float) -> None:
        while (begin := time.perf_counter()) < end:
            request = next(source)
            sent = time.perf_counter()
            body = await connection.call(request)
            latencies.append(time.perf_counter() - sent)
            first.append(body) if not first else None
            del begin, body

    try:
        spent, begin = time.process_time(), time.perf_counter()
        end = begin + seconds
        work = asyncio.gather(*(client(*pair, end) for pair in zip(connections, sources, strict=True)))
        await asyncio.wait_for(work, seconds + _PATIENCE)
        took = time.perf_counter() - begin
        spent = time.process_time() - spent
    finally:
        for connection in connections:
            connection.close()
    plan.check(first[0])
    return Round(took, latencies, spent / took)
