"""One line of the comparison."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.clients.load import Plan
from bench.servers.peers import Peer

Preparation = Callable[[Peer], Awaitable[Plan]]
"""Makes what a work needs in one server, and tells what to send."""


@dataclass(frozen=True)
class Work:
    """So many clients do one thing; the rate is compared."""

    name: str
    title: str
    clients: int
    prepare: Preparation
    floor: float | None = None
    """The ratio that has to be reached."""
    aim: float | None = None
    unit: str = "calls"
    amount: int = 1
    """Units in one call."""
    is_long: bool = False
    """Only in a full comparison, or when it is named."""
    ours_only: bool = False
