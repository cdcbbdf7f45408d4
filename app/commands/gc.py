"""`modelyard gc`: which bytes are not needed, and why the others are kept."""
# ruff: noqa: PLC0415 - the command line loads nothing before a command runs

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands import session

if TYPE_CHECKING:
    from app.artifacts.reads.usage import Amount, OrphanObject
    from app.artifacts.upkeep.reconcile import Reconciled
    from app.artifacts.upkeep.references import DoomedObject
    from app.runtime import Runtime
    from app.upkeep.blob_references import ExplainedBlob

_SHOWN = 100


def collect(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go, and when.")] = False,
    explain: Annotated[
        str | None, typer.Option(help="Say who needs an object key, a SHA-256 or the file at an artifact path.")
    ] = None,
) -> None:
    """Remove bytes that are not needed, now: sweep, end silent uploads, compare bucket and tables."""
    if explain is not None:
        _print_reasons(explain, *session.run(lambda runtime: _reasons(runtime, explain)))
    elif dry_run:
        session.run(_report)
    else:
        session.run(_collect)


async def _collect(runtime: Runtime) -> None:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from app.artifacts.upkeep import garbage, reconcile
    from app.artifacts.uploads import multipart
    from app.registry.versions import wait_for_files

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("ending silent uploads", total=None)
        ended = await garbage.expire_pending(runtime.db)
        ended += await multipart.expire(runtime.db, runtime.blobs, missed=wait_for_files.mark_missed)

        def walked(objects: int) -> None:
            bar.update(task, description=f"comparing bucket and tables: {objects:,} objects")

        reconciled = await reconcile.reconcile(runtime.db, runtime.blobs, walked)
        bar.update(task, description="sweeping")
        keep = timedelta(seconds=runtime.settings.deleted_bytes_seconds)
        swept = await garbage.sweep(runtime.db, runtime.blobs, keep=keep)
    await _print_holds(runtime)
    typer.echo(f"silent uploads ended: {ended}")
    _print_reconciled(reconciled)
    typer.echo(f"objects removed:      {swept.objects} ({_size(swept.bytes)})")


async def _print_holds(runtime: Runtime) -> None:
    from app.artifacts.upkeep import backup_holds

    for hold in await backup_holds.standing(runtime.db):
        typer.echo(
            f"A backup holds all bytes until {hold.expires_at:%Y-%m-%d %H:%M:%S} UTC at the latest: {hold.note}"
            f" (`modelyard backup release {hold.id}` ends that)"
        )


def _print_reconciled(result: Reconciled | None) -> None:
    if result is None:
        typer.echo("Another process compares bucket and tables at the moment; that was left to it.")
        return
    typer.echo(f"objects compared:     {result.objects}")
    typer.echo(f"suspected:            {result.suspected} (no row knows them; condemned in a week if that stays so)")
    typer.echo(f"condemned:            {result.condemned}")
    typer.echo(f"newly damaged:        {result.damaged} (missing, or of another size)")


async def _report(runtime: Runtime) -> None:
    from app.artifacts.reads import usage

    await _print_holds(runtime)
    left = await usage.leftovers(runtime.db, timedelta(seconds=runtime.settings.deleted_bytes_seconds))
    typer.echo("Condemned objects:")
    for waiting in left.waiting:
        typer.echo(
            f"  {waiting.reason}: {_amount(waiting.amount)}, the oldest since {waiting.oldest:%Y-%m-%d %H:%M:%S} UTC;"
            f" a sweep now takes {_amount(waiting.due)}"
        )
    if not left.waiting:
        typer.echo("  none")
    typer.echo(f"Uploads that went silent, condemned by the next run: {left.silent_uploads}")
    typer.echo(f"Uploads in parts: {left.open_uploads} open, {left.ended_uploads} whose time is over")
    typer.echo("Multipart uploads that the store lists:")
    parts = [upload async for upload in runtime.blobs.list_uploads()]
    for upload in parts[:_SHOWN]:
        typer.echo(f"  {upload.key}  begun {upload.started:%Y-%m-%d %H:%M:%S} UTC")
    if not parts:
        typer.echo("  none")
    await _report_strangers(runtime)


async def _report_strangers(runtime: Runtime) -> None:
    from app.artifacts.reads import usage

    typer.echo("Objects that no row knows:")
    count, total = 0, 0
    async for stranger in usage.orphans(runtime.db, runtime.blobs):
        count, total = count + 1, total + stranger.size
        if count <= _SHOWN:
            typer.echo(f"  {_described(stranger)}")
    typer.echo(f"  {count} in all ({_size(total)})")


def _described(stranger: OrphanObject) -> str:
    suspected = f", suspected {stranger.suspected_at:%Y-%m-%d %H:%M:%S}" if stranger.suspected_at else ""
    return (
        f"{stranger.key}  {_size(stranger.size)}, written {stranger.modified:%Y-%m-%d %H:%M:%S}{suspected},"
        f" condemned from {stranger.condemned_from:%Y-%m-%d %H:%M:%S} UTC"
    )


async def _reasons(runtime: Runtime, wanted: str) -> tuple[list[ExplainedBlob], list[DoomedObject]]:
    from app.upkeep import blob_references

    return await blob_references.explain(runtime.db, wanted)


def _print_reasons(wanted: str, kept: list[ExplainedBlob], doomed: list[DoomedObject]) -> None:
    for explained in kept:
        blob, files = explained.blob, explained.files
        damage = f", DAMAGED ({blob.damage})" if blob.damage else ""
        typer.echo(f"{blob.object_key}  project {blob.project}, {blob.state}, {_size(blob.size)}{damage}")
        typer.echo(f"  sha256 {blob.sha256 or 'not known yet'}")
        if blob.lease_until is not None:
            typer.echo(f"  held by an upload until {blob.lease_until:%Y-%m-%d %H:%M:%S} UTC")
        for file in files:
            note = f" ({file.note})" if file.note else ""
            typer.echo(f"  needed by {file.path} of {file.owner}{note}")
            for version in file.versions:
                typer.echo(f"    of model version {version}")
        if not files and blob.lease_until is None:
            typer.echo("  needed by nothing: the next purge or upload of these bytes settles it")
    for gone in doomed:
        typer.echo(
            f"{wanted}  {gone.state} since {gone.since:%Y-%m-%d %H:%M:%S}: {gone.reason}; due {gone.due:%H:%M:%S}"
        )
    if not kept and not doomed:
        typer.echo(f"No row knows {wanted}.", err=True)
        raise typer.Exit(session.FAILED)


def _amount(amount: Amount) -> str:
    return f"{amount.objects} objects ({_size(amount.bytes)})"


def _size(number: int | None) -> str:
    if number is None:
        return "size not known"
    value, unit = float(number), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
