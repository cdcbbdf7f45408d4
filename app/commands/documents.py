"""`modelyard documents`: manifests of trusted documents."""
# ruff: noqa: PLC0415 - the command line loads nothing before a command runs

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

documents = typer.Typer(help="Documents that clients name by their hash.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder with .graphql files.")]
Manifest = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON of hash and document.")]


@documents.command()
def register(folder: Folder) -> None:
    """Print a manifest of all documents in a folder; exit code 1 when one of them cannot be run."""
    import orjson

    from app.graphql.execution import trusted_documents as trusted

    gathered = _checked(lambda: trusted.gather(folder))
    typer.echo(orjson.dumps(gathered, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode())


@documents.command()
def check(manifest: Manifest) -> None:
    """Check a manifest against the schema and the default limits; exit code 1 when something is wrong."""
    from app.graphql.execution import trusted_documents as trusted

    gathered = _checked(lambda: trusted.read(manifest))
    typer.echo(f"{len(gathered)} documents can be run.")


def _checked(find: Callable[[], dict[str, str]]) -> dict[str, str]:
    from app.errors import Invalid
    from app.graphql.execution import trusted_documents as trusted
    from app.graphql.execution.limits import Limits

    try:
        gathered = find()
        problems = trusted.check(gathered, Limits())
    except Invalid as error:
        problems = [error.message]
    if problems:
        typer.echo("\n".join(problems), err=True)
        raise typer.Exit(1)
    return gathered
