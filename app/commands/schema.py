"""`modelyard schema`: the GraphQL schema, and whether it keeps what was promised."""
# ruff: noqa: PLC0415 - the command line loads nothing before a command runs

from __future__ import annotations

from typing import Annotated

import typer


def schema(
    check: Annotated[bool, typer.Option(help="Compare schema.graphql with it; exit code 1 when that is old.")] = False,
    check_breaking: Annotated[
        bool, typer.Option(help="Compare it with that of the last release; exit code 1 when it breaks programs unsaid.")
    ] = False,
) -> None:
    """Print the GraphQL schema: `modelyard schema > schema.graphql`."""
    from app.graphql import sdl

    if check_breaking:
        raise typer.Exit(_compare())
    difference = sdl.difference() if check else ""
    typer.echo(difference if check else sdl.text(), nl=False)
    raise typer.Exit(1 if difference else 0)


def _compare() -> int:
    from datetime import UTC, datetime

    from app.graphql import compatibility, sdl

    try:
        released = compatibility.RELEASED.read_text(encoding="utf-8")
        changelog = compatibility.CHANGELOG.read_text(encoding="utf-8")
    except OSError as error:
        typer.echo(f"{error.filename} cannot be read: run this in the folder of the project.", err=True)
        return 1
    report = compatibility.examine(released, sdl.text(), changelog, datetime.now(UTC).date())
    for note in report.notes:
        typer.echo(f"note: {note}")
    for problem in report.problems:
        typer.echo(problem, err=True)
    return 1 if report.problems else 0
