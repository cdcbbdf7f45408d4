"""`modelyard user` and `modelyard token`: people and their tokens, for who has the command line of the server.

They work on the database itself, and what they do stands in the access log.
"""
# ruff: noqa: PLC0415 - the command line loads nothing before a command runs

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands import session

if TYPE_CHECKING:
    from app.access.users import User
    from app.runtime import Runtime

user = typer.Typer(help="People: who they are, and how they come in.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="The username.")]
Email = Annotated[str | None, typer.Option(help="The e-mail address.")]
_COLUMNS = ("username", "name", "e-mail", "administrator", "status", "last active")


def token(
    username: Annotated[
        str | None, typer.Option("--user", help="Whose; of the administrator, with a first project, when left out.")
    ] = None,
    scopes: Annotated[str, typer.Option(help="With --user: comma-separated, such as read_api.")] = "api",
    name: Annotated[str, typer.Option(help="With --user: what the token is for.")] = "made at the machine",
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="With --user: for how long it is valid.")] = None,
) -> None:
    """Issue a personal token, as lines for `source`."""
    if username is None:
        _first_token()
        return
    issued, url = session.run(lambda runtime: _issue(runtime, username, scopes, name, days))
    values = {"MODELYARD_URL": url, "MODELYARD_TOKEN": issued, "MLFLOW_TRACKING_TOKEN": issued}
    typer.echo("".join(f"export {key}={shlex.quote(value)}\n" for key, value in values.items()), nl=False)


@user.command()
def add(
    username: Username,
    name: Annotated[str | None, typer.Option(help="For people to read; the username when left out.")] = None,
    email: Email = None,
    admin: Annotated[bool, typer.Option("--admin", help="The user administers the installation.")] = False,
) -> None:
    """Make a user, and print a link by which that person sets a password."""
    typer.echo(session.run(lambda runtime: _add(runtime, username, name, email, admin)))


@user.command()
def invite(
    email: Email = None,
    group: Annotated[list[str] | None, typer.Option(help="A group to join, by its full path; may be repeated.")] = None,
    project: Annotated[list[str] | None, typer.Option(help="The same of projects.")] = None,
    role: Annotated[
        str, typer.Option(help="The role there: guest, reporter, developer, maintainer, owner.")
    ] = "developer",
    admin: Annotated[bool, typer.Option("--admin", help="The person becomes administrator.")] = False,
) -> None:
    """Print a link by which a person makes an account of its own."""
    typer.echo(session.run(lambda runtime: _invite(runtime, email, group or [], project or [], role, admin)))


@user.command()
def reset(username: Username) -> None:
    """Print a link by which a person sets a new password; earlier ones are dead."""
    typer.echo(session.run(lambda runtime: _reset(runtime, username)))


@user.command()
def deactivate(username: Username) -> None:
    """Refuse everything of a person from the next request on; what the person made stays."""
    typer.echo(session.run(lambda runtime: _change(runtime, username, "deactivate")))


@user.command()
def reactivate(username: Username) -> None:
    """Let a deactivated person in again."""
    typer.echo(session.run(lambda runtime: _change(runtime, username, "reactivate")))


@user.command("list")
def show_list(
    search: Annotated[str, typer.Option(help="Only those with this in their name or e-mail address.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, by username.")] = 1000,
) -> None:
    """List people, and whether they are active."""
    _print_table(session.run(lambda runtime: _some(runtime, search, limit)))


def _first_token() -> None:
    from app.embedded.preparation import FirstProject, connection_lines

    first, url = session.run(_first_start)
    typer.echo(connection_lines(url, FirstProject(**asdict(first))), nl=False)


async def _first_start(runtime: Runtime) -> tuple[Any, str]:
    from app.access import bootstrap

    return await bootstrap.ensure(runtime.db, token=None), runtime.settings.url


async def _issue(runtime: Runtime, username: str, scopes: str, name: str, days: int | None) -> tuple[str, str]:
    from app.access.one_time_links import at_the_machine
    from app.access.policy import Scope
    from app.access.tokens import IssueToken
    from app.settings import listed

    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    command = IssueToken(name, [_one_of(Scope, text, "scope") for text in listed(scopes)], expires_at=expires_at)
    made = await at_the_machine.issue_token(runtime.db, username, command)
    return made.issued.secret, runtime.settings.url


async def _add(runtime: Runtime, username: str, name: str | None, email: str | None, is_admin: bool) -> str:
    from app.access.one_time_links import at_the_machine
    from app.access.users import CreateUser

    made = await at_the_machine.add_user(runtime.db, CreateUser(username, name, is_admin=is_admin, email=email))
    return f"{runtime.settings.url}/password-resets/{made.new.secret}"


async def _invite(
    runtime: Runtime, email: str | None, groups: list[str], projects: list[str], role: str, is_admin: bool
) -> str:
    from app.access.one_time_links import at_the_machine
    from app.access.one_time_links.invitations import Invite, InvitedRole
    from app.access.policy import Role

    given = _one_of(Role, role.upper(), "role", by_name=True)
    paths = [(path, False) for path in groups] + [(path, True) for path in projects]
    targets = [await at_the_machine.target(runtime.db, path, is_project=is_project) for path, is_project in paths]
    command = Invite(email, is_admin=is_admin, roles=[InvitedRole(target, given) for target in targets])
    made = await at_the_machine.invite(runtime.db, command)
    return f"{runtime.settings.url}/invitations/{made.secret}"


async def _reset(runtime: Runtime, username: str) -> str:
    from app.access.one_time_links import at_the_machine

    made = await at_the_machine.reset_password(runtime.db, username)
    return f"{runtime.settings.url}/password-resets/{made.new.secret}"


async def _change(runtime: Runtime, username: str, change: str) -> str:
    from app.access import users
    from app.access.administration import user_changes
    from app.access.one_time_links.at_the_machine import MACHINE

    async with runtime.db.read() as snap:
        person = await users.by_username(snap, username)
    changed = await getattr(user_changes, change)(runtime.db, MACHINE, person.id)
    return f"{changed.username} is {_status(changed)}."


def _one_of(kind: Any, text: str, what: str, *, by_name: bool = False) -> Any:
    """A value of an enum.

    Raises:
        Invalid: there is no such value.
    """
    from app.errors import Invalid

    try:
        return kind[text] if by_name else kind(text)
    except (KeyError, ValueError):
        names = ", ".join(one.name.lower() if by_name else str(one.value) for one in kind)
        raise Invalid(f"`{text[:80].lower()}` is no {what}; there are: {names}.") from None


async def _some(runtime: Runtime, search: str, limit: int) -> list[User]:
    from app.access.one_time_links import at_the_machine

    return await at_the_machine.people(runtime.db, search, limit)


def _print_table(people: list[User]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in _COLUMNS:
        table.add_column(column, overflow="fold")
    for person in people:
        table.add_row(*map(_printable, _cells(person)))
    # Into a file or pipe nothing is wrapped.
    Console(markup=False, width=None if sys.stdout.isatty() else 500).print(table)
    typer.echo(f"{len(people)} people")


def _cells(person: User) -> tuple[str, ...]:
    last = person.last_active_at
    return (
        person.username,
        person.name,
        person.email or "-",
        "yes" if person.is_admin else "-",
        _status(person),
        last.strftime("%Y-%m-%d %H:%M") if last else "-",
    )


def _status(person: User) -> str:
    return "active" if person.blocked_at is None else "deactivated"


def _printable(text: str) -> str:
    """A name that turns the line around, or moves the cursor, is shown without that."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
