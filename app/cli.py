"""The command ``modelyard``.

Commands import what they need when they run: ``up`` must not load the
application (0.1 s instead of a second, and 15 MB instead of 100 for as long as
it runs), and ``api`` need not load the worker.
"""
# ruff: noqa: PLC0415 - as above

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from app.commands.access_log import access_log
from app.commands.backup import backup
from app.commands.doctor import doctor
from app.commands.documents import documents
from app.commands.gc import collect
from app.commands.jobs import jobs
from app.commands.openid import openid
from app.commands.schema import schema
from app.commands.user import token, user

if TYPE_CHECKING:
    import socket

    import uvicorn

    from app.embedded.prefork.balanced_server import Tally
    from app.settings import Settings

main = typer.Typer(
    name="modelyard",
    help="A self-hosted registry for machine-learning models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
main.add_typer(jobs, name="jobs")
main.add_typer(documents, name="documents")
main.add_typer(backup, name="backup")
main.add_typer(user, name="user")
main.add_typer(openid, name="openid")
main.command("gc")(collect)
main.command()(schema)
main.command()(doctor)
main.command("access-log")(access_log)
main.command()(token)


@main.command()
def up() -> None:
    """Start everything on this machine: servers, API and worker; Ctrl-C stops it."""
    from app.embedded import supervisor

    raise typer.Exit(supervisor.up())


@main.command()
def api(
    fd: Annotated[int | None, typer.Option(help="Accept from this open listening socket instead of binding.")] = None,
) -> None:
    """Serve the API with one process."""
    settings = _settings()
    _of_installation("require_supported_data", settings)
    _serve_api(settings, fd)


@main.command()
def worker() -> None:
    """Work off background jobs with one process."""
    settings = _settings()
    _of_installation("require_supported_data", settings)
    _serve_worker(settings)


@main.command(hidden=True)
def serve(
    fd: Annotated[int, typer.Option()],
    processes: Annotated[int, typer.Option()],
    reports: Annotated[int | None, typer.Option()] = None,
) -> None:
    """Serve the API with several processes and work off jobs with one, all forked from this one; for `up`."""
    import gc
    import socket
    from functools import partial

    gc.disable()  # nothing of what is loaded now is garbage; the children turn it on again
    from app import shared_counters

    shared_counters.share(processes + 1)
    import app.main  # noqa: F401 - loaded here, shared by the children
    import workers.main  # noqa: F401 - likewise
    from app.embedded.prefork import parent
    from app.embedded.prefork.balanced_server import Tally
    from app.embedded.prefork.child import Role

    settings = _settings()
    logs = settings.data_dir / "log"
    listener, tally = socket.socket(fileno=fd), Tally(processes)
    roles = [
        Role(f"api {index + 1}", logs / "api.log", partial(_serve_share, settings, listener, tally, index))
        for index in range(processes)
    ]
    roles.append(Role("worker", logs / "worker.log", partial(_work_share, settings, processes)))
    parent.run(roles, reports)


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema and make the bucket; may run at any time, also several times at once."""
    _of_installation("migrate", _settings())


def _print_version(*, is_given: bool) -> None:
    from modelyard_client.cli.main import run

    if is_given:
        raise typer.Exit(run(["--version"]))


@main.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=lambda is_given: _print_version(is_given=is_given))
    ] = False,
) -> None:
    pass


class _OfClient(TyperCommand):
    """Leaves all words after its name to the client, `--` and unknown options too."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override] # typer's click
        ctx.args = list(args)
        return ctx.args


def _add_client_commands() -> None:
    """Offer the commands of the client; it parses their arguments itself."""
    from modelyard_client.cli import commands

    for word, summary in commands.first_words().items():
        main.command(word, cls=_OfClient, help=summary, add_help_option=False)(_client_command)
    main.command("__complete", cls=_OfClient, hidden=True, add_help_option=False)(_client_command)


def _client_command(context: typer.Context) -> None:
    from modelyard_client.cli.main import run

    raise typer.Exit(run([str(context.info_name), *context.args]))


_add_client_commands()


@main.command(hidden=True)
def prepare() -> None:
    """Migrate, make the first admin, project and token; for `up`, which sends and gets JSON."""
    settings, token = _settings(), json.load(sys.stdin)["token"]
    _of_installation("migrate", settings)
    beginning = _of_installation("first_start", settings, token)
    typer.echo(json.dumps(asdict(beginning.first_start) | {"sign_in_secret": beginning.sign_in_secret}))


def _serve_api(settings: Settings, fd: int | None) -> None:
    import socket

    from app.http.connection.server import Server
    from app.main import stop

    config = _uvicorn(settings)
    # Not uvicorn's own `fd`: it takes every descriptor for a unix socket and loses TCP_NODELAY and the peer's address.
    sockets = None if fd is None else [socket.socket(fileno=fd)]
    Server(config, lambda: stop(config.app)).run(sockets=sockets)


def _work_share(settings: Settings, slot: int) -> None:
    from app import shared_counters

    shared_counters.take(slot)
    _serve_worker(settings)


def _serve_share(settings: Settings, listener: socket.socket, tally: Tally, slot: int) -> None:
    from app import shared_counters
    from app.embedded.prefork.balanced_server import BalancedServer
    from app.main import stop

    shared_counters.take(slot)
    config = _uvicorn(settings)
    BalancedServer(config, listener, tally, slot, lambda: stop(config.app)).run()


def _uvicorn(settings: Settings) -> uvicorn.Config:
    from app.http.connection.server import configuration
    from app.main import create_app

    return configuration(create_app(settings), settings)


def _serve_worker(settings: Settings) -> None:
    import uvloop

    from workers.main import run

    uvloop.run(run(settings))


def _of_installation(step: str, settings: Settings, *more: str | None) -> Any:
    """Take a step of ``app.installation``; why it cannot be taken is one sentence, with exit code 2 where starting
    again would not help, and 1 where it may.
    """
    import asyncio

    from app import installation
    from app.db.revisions import NewerData
    from app.errors import ModelyardError
    from app.settings import SettingsError

    try:
        return asyncio.run(getattr(installation, step)(settings, *more))
    except SettingsError as error:  # of a file that the settings name
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except ModelyardError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(2 if isinstance(error, NewerData) else 1) from None


def _settings() -> Settings:
    """The settings, or an explanation and exit code 2."""
    from app.settings import Settings, SettingsError

    try:
        return Settings.read()
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    main()
