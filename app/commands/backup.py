"""`modelyard backup`: make and restore backups, and hold deleted bytes for backups by other programs."""
# ruff: noqa: PLC0415 - the command line loads nothing before a command runs

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app.commands import session

if TYPE_CHECKING:
    from app.runtime import Runtime
    from app.settings import Settings
    from app.upkeep.backup.folder import BackupFolder, BackupSummary

backup = typer.Typer(help="Make and restore backups of database and store.", no_args_is_help=True)
DIRECTORY = typer.Argument(metavar="DIR", help="The folder of the backup.")


@backup.command()
def create(
    directory: Annotated[Path, DIRECTORY],
    like: Annotated[
        Path | None, typer.Option(help="An older backup on the same disk: objects that it has are linked, not copied.")
    ] = None,
    secret_key: Annotated[
        bool, typer.Option(help="Put MODELYARD_SECRET_KEY into the backup; without it keep the key elsewhere.")
    ] = True,
) -> None:
    """Make a backup in an empty folder while everything runs: database, and every object that it names, compared."""
    from app.upkeep.backup.folder import BackupFolder

    async def work(runtime: Runtime) -> BackupSummary:
        from app.upkeep.backup import create as backup_create

        key = runtime.settings.secret_key.get_secret_value() if secret_key else None
        with _progress() as progress:
            return await backup_create.create(
                runtime.db,
                runtime.blobs,
                BackupFolder.make(directory),
                url=runtime.settings.owner_url,
                pg_dump=_program("pg_dump"),
                secret_key=key,
                like=BackupFolder(like) if like else None,
                progress=progress,
            )

    made = session.run(work)
    _print_summary("Backup of", made, directory)
    if made.has_secret_key:
        typer.echo(f"{directory} holds the secret key of this installation: keep it where no other user reads it.")
    for key in made.lost:
        typer.echo(f"not in the store, or with other bytes: {key} (`modelyard gc --explain {key}`)", err=True)
    if made.lost:
        raise typer.Exit(session.FAILED)


@backup.command()
def restore(
    directory: Annotated[Path, DIRECTORY],
    new_secret_key: Annotated[
        bool, typer.Option("--new-secret-key", help="Go on with another key than that of the backup.")
    ] = False,
) -> None:
    """Restore a backup into an empty installation; API and workers must not run.

    Without MODELYARD_DATABASE_URL and MODELYARD_S3_URL into MODELYARD_DATA_DIR, where `up` then finds it.
    """
    from app.embedded.errors import EmbeddedError
    from app.upkeep.backup.folder import BackupFolder

    folder = BackupFolder(directory)
    try:
        with _servers(folder):
            made = session.run(lambda runtime: _restore(runtime, folder, new_secret_key), first=_make_role)
    except EmbeddedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(session.FAILED) from None
    _print_summary("Restored the backup of", made, directory)


async def _make_role(settings: Settings) -> None:
    """A database that was never migrated lacks the user of the application."""
    from app.db import migrate

    await migrate.ensure_application_role(settings.owner_url, settings.database_url)


async def _restore(runtime: Runtime, folder: BackupFolder, new_secret_key: bool) -> BackupSummary:
    from app.errors import Conflict
    from app.upkeep.backup import restore as backup_restore

    previous = folder.secret_key.read_text().strip() if folder.secret_key.exists() else None
    if not new_secret_key and previous not in {None, runtime.settings.secret_key.get_secret_value()}:
        raise Conflict(
            f"MODELYARD_SECRET_KEY is not that of the backup, which is in {folder.secret_key}. With another one,"
            " secrets of webhooks and CI systems cannot be opened, and links that were handed out are invalid. Set it,"
            " or pass --new-secret-key and set those secrets anew."
        )
    with _progress() as progress:
        return await backup_restore.restore(
            runtime.db,
            runtime.blobs,
            folder,
            url=runtime.settings.owner_url,
            application_url=runtime.settings.database_url,
            pg_restore=_program("pg_restore"),
            progress=progress,
        )


@backup.command()
def hold(
    hours: Annotated[float, typer.Option(help="When the hold ends by itself, at most 168.")] = 12,
    note: Annotated[str, typer.Option(help="Who makes the backup, for people.")] = "modelyard backup hold",
) -> None:
    """Keep the bytes of what is deleted from now on; prints the id of the hold. For backups by other programs."""
    from app.artifacts.upkeep import backup_holds

    made = session.run(lambda runtime: backup_holds.begin(runtime.db, timedelta(hours=hours), note))
    typer.echo(str(made.id))


@backup.command()
def release(hold_id: Annotated[UUID, typer.Argument(metavar="HOLD", help="What `hold` has printed.")]) -> None:
    """End a hold. Fails if it was over before: then bytes may be missing, and the backup is to be made anew."""
    from app.artifacts.upkeep import backup_holds

    session.run(lambda runtime: backup_holds.end(runtime.db, hold_id))


@backup.command()
def holds() -> None:
    """List the holds."""
    from app.artifacts.upkeep import backup_holds

    for one in session.run(lambda runtime: backup_holds.standing(runtime.db)):
        typer.echo(f"{one.id}  {one.begun_at:%Y-%m-%d %H:%M:%S} to {one.expires_at:%Y-%m-%d %H:%M:%S} UTC  {one.note}")


@contextmanager
def _servers(folder: BackupFolder) -> Iterator[None]:
    """Start the servers that no URL names, in a new data directory with the secret key of the backup.

    Raises:
        EmbeddedError: the directory has an installation, or a server does not start.
    """
    from app.embedded.errors import EmbeddedError
    from app.embedded.plan import Plan
    from app.embedded.servers import Servers

    plan = Plan.read()
    if not {"postgres", "s3"} & set(plan.embedded):
        yield
        return
    if (plan.data_dir / "pg18").exists():
        raise EmbeddedError(f"{plan.data_dir} has an installation already; name a new folder by MODELYARD_DATA_DIR.")
    servers = Servers(plan.data_dir, plan.embedded)
    try:
        if folder.secret_key.exists():
            servers.state.remember(secret_key=folder.secret_key.read_text().strip())
        servers.launch_all()
        servers.wait()
        os.environ.update(plan.child_environment(servers.environment, f"http://{plan.host}:{plan.port}"))
        yield
    finally:
        servers.stop()


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on the terminal."""
    from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("beginning", total=None)
        yield lambda what, done, all_: bar.update(task, description=what, completed=done, total=all_ or None)


def _program(name: str) -> Path:
    """A program of PostgreSQL: of MODELYARD_PG_BIN, of the embedded server, or of the search path.

    Raises:
        Invalid: there is none.
    """
    from app.embedded.errors import EmbeddedError
    from app.embedded.processes import binaries
    from app.errors import Invalid

    try:
        return binaries.postgres_directory() / name
    except EmbeddedError:
        program = shutil.which(name)
    if program is None:
        raise Invalid(f"{name} is not here; install PostgreSQL's programs, or name their folder by MODELYARD_PG_BIN.")
    return Path(program)


def _print_summary(what: str, made: BackupSummary, directory: Path) -> None:
    typer.echo(
        f"{what} {made.taken_at}: {made.objects} objects, {made.bytes} bytes, each with its SHA-256, in {directory}"
        + (f"; {made.damaged} were damaged before" if made.damaged else "")
    )
