"""One command's work with the API."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Coroutine
from typing import Any, Callable, TypeVar

from modelyard_client.cli import arguments as common
from modelyard_client.cli import loop
from modelyard_client.connection import Connection
from modelyard_client.service import graphql
from modelyard_client.service.graphql import Api
from modelyard_client.text import legible

T = TypeVar("T")


def ask(arguments: argparse.Namespace, work: Callable[[Api], Coroutine[Any, Any, T]]) -> T:
    """Do it with the API that the command line and its surroundings mean.

    Raises:
        Failure: it was not done.
    """
    return loop.run(_with_api(common.connected(arguments), work, silent=arguments.json))


async def _with_api(connection: Connection, work: Callable[[Api], Coroutine[Any, Any, T]], *, silent: bool) -> T:
    def notice(reason: str) -> None:
        if not silent:
            print(legible(f"{reason}; trying again"), file=sys.stderr)  # noqa: T201

    async with graphql.opened(connection, 0, notice) as api:
        return await work(api)
