"""Runs the work of a command: reads the settings, and opens a runtime for as long as the work takes."""
# ruff: noqa: PLC0415 - the command line loads nothing before a command runs

from __future__ import annotations

import asyncio
import getpass
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from app.db.change_context import ChangeContext
    from app.runtime import Runtime
    from app.settings import Settings

T = TypeVar("T")

FAILED = 1
UNUSABLE_SETTINGS = 2


def run(work: Callable[[Runtime], Awaitable[T]], *, first: Callable[[Settings], Awaitable[object]] | None = None) -> T:
    """Do the work with the servers that the settings name; ``first`` is done before the database is looked at.

    Ends the command with exit code 2 when the settings are not complete or the data is of a newer release, and with 1
    after an expected failure.
    """
    from app.db.revisions import NewerData
    from app.errors import ModelyardError
    from app.settings import SettingsError

    try:
        return asyncio.run(_work(work, first))
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNUSABLE_SETTINGS) from None
    except ModelyardError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(UNUSABLE_SETTINGS if isinstance(error, NewerData) else FAILED) from None


async def _work(work: Callable[[Runtime], Awaitable[T]], first: Callable[[Settings], Awaitable[object]] | None) -> T:
    from app.db import change_context
    from app.db.revisions import require_supported
    from app.runtime import WORKER_STATEMENT_TIMEOUT_MS, open_runtime
    from app.settings import Settings

    settings, limit = Settings.read(), WORKER_STATEMENT_TIMEOUT_MS
    change_context.begin(_context())
    if first is not None:
        await first(settings)
    async with open_runtime(settings, name="modelyard command", statement_timeout_ms=limit) as runtime:
        await require_supported(runtime.db)
        return await work(runtime)


def _context() -> ChangeContext:
    """Who sits at the machine, as far as it can be said: the name there, and the words of the command."""
    from app.db.change_context import ChangeContext

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in containers
        name = str(os.getuid())
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    return ChangeContext(client=f"{name}@{socket.gethostname()}", doing=f"command: {word}")
