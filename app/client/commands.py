"""The command lines of ``push`` and ``pull``. What they need is imported when they run, so that help comes at once."""
# ruff: noqa: PLC0415 - as above

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from app.client.connection import Connection
    from app.client.failures import Failure
    from app.client.progress import Reporter

_CONNECTION = typer.Option(
    "--connection", metavar="FILE", help="A connection.env, instead of MODELYARD_URL and MODELYARD_TOKEN."
)
_PROJECT = typer.Option("--project", help="Full path of the project, instead of MODELYARD_PROJECT.")
_JOBS = typer.Option("--jobs", min=1, max=64, help="Transfers side by side.")
_JSON = typer.Option("--json", help="Print one JSON object and nothing else.")


class Increment(StrEnum):
    """Which part of the highest version is raised."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    PRERELEASE = "prerelease"


def push(
    model: Annotated[str, typer.Argument(help="Name of the model.")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, and folders for their contents.")],
    version: Annotated[str | None, typer.Option(help="The version, by SemVer 2.0; the next one when left out.")] = None,
    increment: Annotated[Increment | None, typer.Option(help="What the next version raises; patch otherwise.")] = None,
    candidate: Annotated[
        str | None, typer.Option(metavar="ID", help="Put the files into this candidate; the version is made from it.")
    ] = None,
    description: Annotated[str, typer.Option(help="Markdown.")] = "",
    tag: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="A tag of the version.")] = None,
    alias: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Set once all files are verified.")] = None,
    create: Annotated[bool, typer.Option(help="Make the model if there is none.")] = True,
    to: Annotated[str, typer.Option(metavar="FOLDER", help="Put the files into this folder.")] = "",
    exclude: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Leave out files and folders.")] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Forget the push that was interrupted.")] = False,
    jobs: Annotated[int, _JOBS] = 8,
    as_json: Annotated[bool, _JSON] = False,
    connection: Annotated[Path | None, _CONNECTION] = None,
    project: Annotated[str | None, _PROJECT] = None,
) -> None:
    """Make a model version of files. After an interruption the same command goes on.

    Exit codes: 0 done; 1 refused, or a file is not fit for use; 2 wrong usage; 3 the service cannot be reached:
    run the same command again to resume; 130 interrupted: likewise.
    """

    def begin(service: Connection, reporter: Reporter) -> Coroutine[Any, Any, tuple[dict[str, Any], str]]:
        from app.client.push import PushOptions
        from app.client.targets import NewVersion

        new = NewVersion(model, version, increment.value.upper() if increment else None, description, _tags(tag or ()))
        options = PushOptions(
            tuple(paths), new, candidate, to, tuple(exclude or ()), tuple(alias or ()), create, jobs, restart
        )
        return _pushed(service, options, reporter)

    if version and increment:
        _end(_misused("Give --version or --increment, not both."), as_json=as_json)
    _run(begin, connection, project, as_json=as_json)


def pull(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL[@alias|:range|:version|#number]] FOLDER",
            help="What to fetch (the latest release when only a name is given), and where to.",
        ),
    ],
    reference: Annotated[
        str | None, typer.Option(help="Which version; MODEL is then a name alone, whatever is in it.")
    ] = None,
    candidate: Annotated[str | None, typer.Option(metavar="ID", help="Files of a candidate instead.")] = None,
    include: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Only these files and folders.")] = None,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="No files are no error.")] = False,
    jobs: Annotated[int, _JOBS] = 8,
    as_json: Annotated[bool, _JSON] = False,
    connection: Annotated[Path | None, _CONNECTION] = None,
    project: Annotated[str | None, _PROJECT] = None,
) -> None:
    """Fetch the files of a model version and check them. What is there already is not fetched again.

    Exit codes: 0 done; 1 refused, or a file is corrupted; 2 wrong usage; 3 the service cannot be reached:
    run the same command again to resume; 4 there are no files; 130 interrupted: run it again to resume.
    """
    if len(what) != (1 if candidate else 2):
        wanted = "FOLDER alone with --candidate" if candidate else "MODEL and FOLDER"
        _end(_misused(f"Give {wanted}, not {len(what)} arguments."), as_json=as_json)

    def begin(service: Connection, reporter: Reporter) -> Coroutine[Any, Any, tuple[dict[str, Any], str]]:
        from app.client import pull as pulling

        name, version = ("", "") if candidate else (what[0], reference) if reference else pulling.parse(what[0])
        wanted = pulling.PullOptions(Path(what[-1]), name, version, candidate, tuple(include or ()), jobs, allow_empty)
        return _pulled(service, wanted, reporter)

    _run(begin, connection, project, as_json=as_json)


async def _pushed(service: Connection, options: Any, reporter: Reporter) -> tuple[dict[str, Any], str]:
    from app.client import connection, output, push
    from app.client.transfer import resume_state

    done = await push.push(service, options, resume_state.folder(connection.default_environment()), reporter)
    return output.pushed_as_json(done, options, service), output.pushed_as_text(done, options, service)


async def _pulled(service: Connection, options: Any, reporter: Reporter) -> tuple[dict[str, Any], str]:
    from app.client import output, pull

    done = await pull.pull(service, options, reporter)
    return output.pulled_as_json(done, options, service), output.pulled_as_text(done, options)


_Begin = Callable[["Connection", "Reporter"], Coroutine[Any, Any, tuple[dict[str, Any], str]]]


def _run(begin: _Begin, file: Path | None, project: str | None, *, as_json: bool) -> None:
    """Do it, tell how it ended, and leave with the exit code that says so."""
    from app.client import connection, loop
    from app.client.failures import Failure
    from app.client.progress import Reporting, legible

    try:
        service = connection.find(file, project, connection.default_environment())
        with Reporting(silent=as_json) as reporter:
            result, words = loop.run(begin(service, reporter))
    except Failure as failure:
        _end(failure, as_json=as_json)
    except KeyboardInterrupt:
        _interrupted(as_json=as_json)
    else:
        typer.echo(json.dumps(result, ensure_ascii=False) if as_json else legible(words))


def _interrupted(*, as_json: bool) -> None:
    from app.client.failures import Interrupted

    _end(Interrupted("Interrupted. Run the same command again to resume."), as_json=as_json)


def _end(failure: Failure, *, as_json: bool) -> None:
    from app.client import output, progress

    if as_json:
        typer.echo(json.dumps(output.failure_as_json(failure), ensure_ascii=False))
    else:
        sys.stdout.flush()
        typer.echo(progress.legible(f"modelyard: {failure.message}"), err=True)
    raise typer.Exit(failure.exit_code)


def _misused(message: str) -> Failure:
    from app.client.failures import Misused

    return Misused(message)


def _tags(given: list[str] | tuple[str, ...]) -> dict[str, str]:
    wrong = [text for text in given if not text.partition("=")[1] or text.startswith("=")]
    if wrong:
        raise _misused(f"--tag is KEY=VALUE, not {wrong[0]!r}.")
    return dict(text.split("=", 1) for text in given)
