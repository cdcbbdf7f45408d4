"""`modelyard access-log`: who came in or was refused, as JSON lines."""
# ruff: noqa: PLC0415 - the command line loads nothing before a command runs

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands import session

if TYPE_CHECKING:
    from app.access.reads.access_log import LogFilter
    from app.runtime import Runtime

Moment = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="In UTC.")]


def access_log(
    since: Moment = None,
    until: Moment = None,
    username: Annotated[str | None, typer.Option(help="Only what is about this user or this typed name.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only what the user of this name did.")] = None,
    address: Annotated[str | None, typer.Option(help="Only what came from this address.")] = None,
    refused: Annotated[bool, typer.Option("--refused", help="Only what was refused.")] = False,
) -> None:
    """Print the sign-in and access log as JSON, a line for each entry, the oldest first."""
    from app.access.reads.access_log import LogFilter

    filter = LogFilter(
        username=username,
        actor=actor,
        address=address,
        is_refused=True if refused else None,
        since=since and since.replace(tzinfo=UTC),
        until=until and until.replace(tzinfo=UTC),
    )
    session.run(lambda runtime: _print(runtime, filter))


async def _print(runtime: Runtime, filter: LogFilter) -> None:
    import orjson

    from app.access.reads import access_log as log

    async for entry in log.everything(runtime.db, filter):
        typer.echo(orjson.dumps(log.plain(entry)).decode())
