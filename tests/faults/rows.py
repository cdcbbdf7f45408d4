"""What breaks, and how: each brings about one fault; the supervisor does the rest."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.faults.installation import APIS, Installation

Fault = Callable[[Installation], Awaitable[None]]
ROWS: dict[str, tuple[str, Fault]] = {}
PAUSE_SECONDS = 40.0
"""Longer than a lease, so that another worker takes over."""


def row(name: str, title: str) -> Callable[[Fault], Fault]:
    def add(made: Fault) -> Fault:
        ROWS[name] = (title, made)
        return made

    return add


@row("api", "kill -9 of both API processes")
async def kill_api(installation: Installation) -> None:
    installation.kill(*APIS)


@row("worker", "kill -9 of the worker")
async def kill_worker(installation: Installation) -> None:
    installation.kill("worker")


@row("redis", "kill -9 of Redis")
async def kill_redis(installation: Installation) -> None:
    installation.kill("valkey-server")


@row("flush", "Redis loses everything: FLUSHALL, kill -9, files removed")
async def empty_redis(installation: Installation) -> None:
    with suppress(RedisError, OSError):
        async with Redis.from_url(installation.settings().redis_url) as redis:
            await redis.flushall()
    installation.kill("valkey-server")
    for remains in (installation.data_dir / "redis").glob("appendonlydir"):
        shutil.rmtree(remains, ignore_errors=True)


@row("postgres", "kill -9 of PostgreSQL")
async def kill_postgres(installation: Installation) -> None:
    installation.kill("postgres")


@row("store", "kill -9 of the store")
async def kill_store(installation: Installation) -> None:
    installation.kill("weed")


@row("all", "kill -9 of everything but the supervisor")
async def kill_all(installation: Installation) -> None:
    installation.kill("worker", *APIS, "python", "valkey-server", "weed", "postgres")


@row("term", "SIGTERM to the worker")
async def stop_worker(installation: Installation) -> None:
    installation.signal(signal.SIGTERM, "worker")


@row("pause", f"SIGSTOP of the worker for {PAUSE_SECONDS:g} s beside a second one, then SIGCONT")
async def pause_worker(installation: Installation) -> None:
    installation.signal(signal.SIGSTOP, "worker")
    installation.start_second_worker()
    await asyncio.sleep(PAUSE_SECONDS)
    installation.signal(signal.SIGCONT, "worker")
