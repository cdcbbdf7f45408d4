"""`modelyard jobs`: what workers do, have done and could not do."""
# ruff: noqa: PLC0415 - the command line loads nothing before a command runs

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app.commands import session

if TYPE_CHECKING:
    from app.queue.outbox import BackgroundJob
    from app.runtime import Runtime

jobs = typer.Typer(help="Background jobs: what waits, runs, is done or was given up.", no_args_is_help=True)

Ids = Annotated[list[UUID] | None, typer.Argument(help="The UUIDs of jobs, as `list` shows them.")]
_COLUMNS = ("id", "kind", "state", "project", "attempt", "progress", "age", "last error")


@jobs.command("list")
def show_list(
    state: Annotated[str | None, typer.Option(help="queued, running, succeeded, dead or cancelled.")] = None,
    kind: Annotated[str | None, typer.Option(help="For example webhooks.deliver.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, newest first.")] = 50,
) -> None:
    """List jobs, newest first."""
    from app.queue.search import JobFilter

    rows = session.run(lambda runtime: _some(runtime, JobFilter(state, kind), limit))
    _print_table(rows)


@jobs.command()
def show(job: Annotated[UUID, typer.Argument(help="The UUID of the job.")]) -> None:
    """Show everything about a job; exit code 1 when there is none."""
    from rich.console import Console

    row = session.run(lambda runtime: _one(runtime, job))
    fields = (
        "id", "kind", "key", "state", "project_id", "requested_by", "payload", "attempt", "max_attempts", "done",
        "total", "run_after", "lease_until", "worker", "created_at", "started_at", "finished_at", "last_error",
    )  # fmt: skip
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for field in fields:
        value = getattr(row, field)
        console.print(f"{field:>12}  {'-' if value is None else value}")


@jobs.command()
def retry(
    ids: Ids = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="Every job that is dead.")] = False,
) -> None:
    """Queue dead jobs again, as if they had never been tried; exit code 1 when one of them could not be."""
    if bool(ids) == all_dead:
        typer.echo("Name the jobs, or pass --all-dead; not both.", err=True)
        raise typer.Exit(session.UNUSABLE_SETTINGS)
    failed = session.run(lambda runtime: _retry(runtime, None if all_dead else ids))
    raise typer.Exit(session.FAILED if failed else 0)


async def _some(runtime: Runtime, condition: object, limit: int) -> list[BackgroundJob]:
    from app.pagination import MAX_PAGE, Window
    from app.queue import search

    assert isinstance(condition, search.JobFilter)
    rows: list[BackgroundJob] = []
    after: str | None = None
    async with runtime.db.read() as snap:
        while len(rows) < limit:
            page = await search.page(snap, condition, Window(first=min(MAX_PAGE, limit - len(rows)), after=after))
            rows += page.items
            if not page.has_next:
                break
            after = page.cursors[-1]
    return rows


async def _one(runtime: Runtime, job_id: UUID) -> BackgroundJob:
    from app.queue import search

    async with runtime.db.read() as snap:
        return await search.one(snap, job_id)


async def _retry(runtime: Runtime, ids: list[UUID] | None) -> int:
    """The number of jobs that could not be retried."""
    from app.errors import ModelyardError
    from app.queue import retries

    failed = 0
    chosen = await retries.dead(runtime.db) if ids is None else ids
    for job_id in chosen:
        try:
            retried = await retries.retry(runtime.db, job_id, _permit)
        except ModelyardError as error:
            failed += 1
            typer.echo(error.message, err=True)
            continue
        note = f"joined {retried.job.id}, an equal job that was queued already" if retried.joined else "queued again"
        typer.echo(f"{job_id}  {retried.job.kind}  {note}")
    typer.echo(f"{len(chosen) - failed} of {len(chosen)} dead jobs will be tried again.")
    return failed


async def _permit(_tx: object, _job: object) -> None:
    """A person who may run commands here has the database anyway."""


def _print_table(rows: list[BackgroundJob]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _COLUMNS:
        table.add_column(name, no_wrap=name != "last error", overflow="fold")
    for job in rows:
        table.add_row(*_cells(job))
    # Into a file or pipe nothing is wrapped.
    Console(markup=False, width=None if sys.stdout.isatty() else 500).print(table)
    typer.echo(f"{len(rows)} jobs")


def _cells(job: BackgroundJob) -> tuple[str, ...]:
    total = "?" if job.total is None else str(job.total)
    return (
        str(job.id),
        job.kind,
        job.state,
        "-" if job.project_id is None else str(job.project_id),
        f"{job.attempt}/{job.max_attempts}",
        f"{job.done}/{total}",
        _age(job.created_at),
        (job.last_error or "").splitlines()[0][:200] if job.last_error else "",
    )


def _age(moment: datetime) -> str:
    seconds = int((datetime.now(UTC) - moment).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{max(seconds, 0)} s"
