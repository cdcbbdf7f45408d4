"""`modelyard openid`: whether providers can be used, and the end of one."""
# ruff: noqa: PLC0415 - the command line loads nothing before a command runs

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.commands import session

if TYPE_CHECKING:
    from app.runtime import Runtime

openid = typer.Typer(help="OpenID providers, with which people sign in.", no_args_is_help=True)


@openid.command()
def check() -> None:
    """Ask every provider for its description and keys; exit code 1 when one cannot be used."""
    if not session.run(_check):
        raise typer.Exit(session.FAILED)


@openid.command()
def forget(
    provider: Annotated[str, typer.Argument(help="The name that the provider has, or had, in the file.")],
) -> None:
    """Take away the roles that the rules of a provider gave, after it was removed from the file.

    Who signs in with a provider that is still there gets them again.
    """
    from app.access.openid import rule_memberships

    count = session.run(lambda runtime: rule_memberships.forget(runtime.db, provider))
    typer.echo(f"{count} memberships of the rules of {provider} were removed.")


async def _check(runtime: Runtime) -> bool:
    from app.access.openid import conversation

    if not runtime.openid.providers:
        typer.echo("MODELYARD_OPENID_PROVIDERS names no provider.")
    all_work = True
    for provider in runtime.openid.providers:
        problem = await conversation.problem_of(runtime.openid, provider)
        typer.echo(f"{provider.name}: {problem or 'works'}")
        typer.echo(f"  redirect address to register there: {runtime.openid.callback_url(provider)}")
        all_work = all_work and not problem
    return all_work
