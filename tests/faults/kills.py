"""What a storm does to an installation: every part killed, asked to end, paused or emptied, alone or with others."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.faults.installation import APIS, Installation
from tests.faults.rows import empty_redis

Death = Callable[[Installation, random.Random], Awaitable[None]]
DEATHS: dict[str, tuple[int, Death]] = {}
"""Weight and deed by name."""
SERVERS = ("valkey-server", "weed", "postgres")
LONGEST_PAUSE = 6.0
CALM, LONGEST_CALM = 0.5, 30.0
"""How often the next one waits until everything works again, and for how long at most."""


def death(name: str, weight: int = 2) -> Callable[[Death], Death]:
    def add(made: Death) -> Death:
        DEATHS[name] = (weight, made)
        return made

    return add


def _signalled(number: signal.Signals, name: str) -> Death:
    async def do(installation: Installation, _dice: random.Random) -> None:
        installation.send(number, name)

    return do


def _paused(name: str) -> Death:
    async def do(installation: Installation, dice: random.Random) -> None:
        pid = installation.send(signal.SIGSTOP, name)
        await asyncio.sleep(dice.uniform(0.5, LONGEST_PAUSE))
        installation.continue_(pid)

    return do


def _backend(number: signal.Signals, pause: float = 0) -> Death:
    """One connection's process of PostgreSQL; killed by -9 it takes all others with it."""

    async def do(installation: Installation, dice: random.Random) -> None:
        pid = dice.choice(installation.pids("postgres")[1:])
        os.kill(pid, number)
        if pause:
            await asyncio.sleep(dice.uniform(0.5, pause))
            installation.continue_(pid)

    return do


_PARTS = {
    "an API process": APIS[0],
    "the worker": "worker",
    "the family": "python",
    "Redis": "valkey-server",
    "PostgreSQL": "postgres",
    "the store": "weed",
}
for _title, _process in _PARTS.items():
    death(f"kill -9 of {_title}")(_signalled(signal.SIGKILL, _process))
    death(f"SIGTERM to {_title}", 1)(_signalled(signal.SIGTERM, _process))
    if _process != "python":
        death(f"pause of {_title}", 1)(_paused(_process))
death("kill -9 of a backend of PostgreSQL", 1)(_backend(signal.SIGKILL))
death("SIGTERM to a backend of PostgreSQL")(_backend(signal.SIGTERM))
death("pause of a backend of PostgreSQL", 1)(_backend(signal.SIGSTOP, LONGEST_PAUSE))


@death("kill -9 of both API processes")
async def kill_apis(installation: Installation, _dice: random.Random) -> None:
    installation.kill(*APIS)


@death("Redis emptied")
async def flush(installation: Installation, _dice: random.Random) -> None:
    await empty_redis(installation)


@death("kill -9 of everything but the supervisor")
async def kill_all(installation: Installation, _dice: random.Random) -> None:
    installation.kill("worker", *APIS, "python", *SERVERS)


@death("kill -9 of the supervisor, started again", 1)
async def kill_supervisor(installation: Installation, _dice: random.Random) -> None:
    await installation.start_again(signal.SIGKILL)


@death("SIGTERM to the supervisor, started again", 1)
async def stop_supervisor(installation: Installation, _dice: random.Random) -> None:
    await installation.start_again(signal.SIGTERM)


@death("kill -9 of everything with the supervisor, started again", 1)
async def kill_all_at_once(installation: Installation, _dice: random.Random) -> None:
    installation.kill("worker", *APIS, "python", *SERVERS)
    await installation.start_again(signal.SIGKILL)


async def rage(installation: Installation, dice: random.Random, end: float, deaths: Counter[str]) -> None:
    """Bring one about every few seconds, half of them before the last victim is back; all kinds before any again."""
    left: list[str] = []
    while time.monotonic() < end:
        await asyncio.sleep(dice.uniform(1, 4))
        if dice.random() < CALM:
            with suppress(AssertionError):
                await installation.ready(LONGEST_CALM)
        if installation.has_ended:  # it gives up when a server dies while it starts for the first time
            await installation.start_again(signal.SIGKILL)
            deaths["(the supervisor had given up, started again)"] += 1
        if not left:
            left = dice.sample(list(DEATHS), counts=[weight for weight, _ in DEATHS.values()], k=_total())
        name = left.pop()
        with suppress(IndexError, ProcessLookupError):  # it is dead already
            await DEATHS[name][1](installation, dice)
            deaths[name] += 1
    if installation.has_ended:  # no wait for what will not come back
        await installation.start_again(signal.SIGKILL)


def _total() -> int:
    return sum(weight for weight, _ in DEATHS.values())
