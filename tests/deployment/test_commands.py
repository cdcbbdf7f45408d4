"""What an operator types: every command does what the how-to pages say, against real servers."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import tokens
from app.access.policy import Actor, Scope
from app.errors import Unauthenticated
from app.runtime import Runtime
from app.settings import Settings
from tests.conftest import Person, TestProject, new_person
from tests.support.pages.visitor import Visitor
from tests.support.source import ROOT


def modelyard(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_migrate_may_be_repeated(migrated: Settings) -> None:
    for _ in range(2):
        done = modelyard("migrate", MODELYARD_S3_BUCKET="made-by-migrate")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr


async def test_token_prints_export_lines(runtime: Runtime) -> None:
    done = modelyard("token", MODELYARD_URL="https://models.example.org")
    assert done.returncode == 0, done.stderr
    words = [line.partition(" ") for line in done.stdout.splitlines()]
    values = dict(shlex.split(rest)[0].split("=", 1) for _, _, rest in words)
    assert {command for command, _, _ in words} == {"export"}
    assert set(values) == {
        "MODELYARD_URL",
        "MODELYARD_TOKEN",
        "MODELYARD_PROJECT",
        "MLFLOW_TRACKING_URI",
        "MLFLOW_TRACKING_TOKEN",
    }
    assert values["MODELYARD_URL"] == "https://models.example.org"
    assert urlsplit(values["MLFLOW_TRACKING_URI"]).path.endswith("/ml/mlflow")
    assert isinstance(await tokens.authenticate(runtime.db, values["MODELYARD_TOKEN"]), Actor)


def test_missing_settings_are_reported_by_name() -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")}
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "api"],
        cwd=ROOT,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    told = [line.split()[0] for line in done.stderr.splitlines()[1:]]
    assert done.returncode == 2
    assert told == [
        f"MODELYARD_{name}"
        for name in ("DATABASE_URL", "REDIS_URL", "S3_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY", "SECRET_KEY")
    ]


def path_of(link: str, kind: str) -> str:
    """The path of a link that a command has printed, alone in its output."""
    (shown,) = link.splitlines()
    assert shown.startswith(f"http://127.0.0.1:8080/{kind}/myl_"), shown
    return urlsplit(shown).path


async def test_a_user_is_added_and_sets_a_password_by_the_link(runtime: Runtime, url: str) -> None:
    name = f"ada-{uuid4().hex[:12]}"
    done = modelyard("user", "add", name, "--name", "Ada", "--email", f"{name}@example.org", "--admin")
    assert done.returncode == 0, done.stderr
    async with Visitor(url) as visitor:
        password = "correct horse battery staple"
        answer = await visitor.fill_in(
            path_of(done.stdout, "password-resets"), password=password, password_again=password
        )
        assert (answer.status, await visitor.whoami()) == (303, name)
        agent = visitor.http.headers["user-agent"]
    again = modelyard("user", "add", name.upper())
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == f"There is already a user `{name.upper()}`.\n"
    assert await logged(runtime, name) == [
        ("user_create", "modelyard at the machine"),
        ("password_reset_create", "modelyard at the machine"),
        ("password_change", agent),
        ("sign_in", agent),
    ]


async def test_a_person_is_invited_to_groups_and_projects(runtime: Runtime, url: str, project: TestProject) -> None:
    group = project.path.rpartition("/")[0]
    done = modelyard("user", "invite", "--group", group, "--project", project.path, "--role", "maintainer")
    assert done.returncode == 0, done.stderr
    async with Visitor(url) as visitor:
        page = await visitor.open(path_of(done.stdout, "invitations"))
        assert f"maintainer in group {group}" in page.text
        assert f"maintainer in project {project.path}" in page.text
    for arguments, reason in (
        (("--group", "no/such"), "There is no group `no/such`, or you may not see it.\n"),
        (("--project", "no/such"), "There is no project `no/such`, or you may not see it.\n"),
        (("--group", group, "--role", "king"), "`king` is no role; there are: guest, reporter, developer, maintainer,"),
        (("--email", "ada"), "`ada` is not an e-mail address"),
        (("--group", group, "--group", group), "A group or project stands more than once"),
    ):
        refused = modelyard("user", "invite", *arguments)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith(reason), refused.stderr


async def test_a_password_is_reset_and_a_user_deactivated_and_reactivated(runtime: Runtime, admin: Person) -> None:
    person = await new_person(runtime, admin, f"ada-{uuid4().hex[:12]}")
    name = person.actor.username
    path_of(modelyard("user", "reset", name).stdout, "password-resets")
    done = modelyard("user", "deactivate", name)
    assert (done.returncode, done.stdout) == (0, f"{name} is deactivated.\n"), done.stderr
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(runtime.db, person.token)
    refused = modelyard("user", "reset", name)
    assert (refused.returncode, refused.stderr) == (
        1, f"`{name}` is deactivated; reactivate the account first.\n"
    )  # fmt: skip
    shown = modelyard("user", "list", "--search", name)
    assert shown.returncode == 0 and "deactivated" in shown.stdout and "1 people" in shown.stdout
    assert modelyard("user", "reactivate", name).stdout == f"{name} is active.\n"
    assert await tokens.authenticate(runtime.db, person.token)
    for command in ("reset", "deactivate", "reactivate"):
        refused = modelyard("user", command, "no-such-user")
        assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", "There is no user `no-such-user`.\n")


async def test_a_token_of_a_user_has_the_scopes_that_are_named(runtime: Runtime, admin: Person) -> None:
    person = await new_person(runtime, admin, f"ada-{uuid4().hex[:12]}")
    name = person.actor.username
    done = modelyard("token", "--user", name, "--scopes", "read_api", "--days", "1", "--name", "ci")
    assert done.returncode == 0, done.stderr
    values = dict(line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines())
    assert set(values) == {"MODELYARD_URL", "MODELYARD_TOKEN", "MLFLOW_TRACKING_TOKEN"}
    token, actor = await tokens.read(runtime.db, values["MODELYARD_TOKEN"])
    assert (actor.username, actor.scopes, token.name) == (name, {Scope.READ_API}, "ci")
    assert token.expires_at is not None and abs(token.expires_at - datetime.now(UTC) - timedelta(days=1)).seconds < 60
    for arguments, reason in (
        (("--scopes", "everything"), "`everything` is no scope; there are: api, read_api"),
        (("--scopes", ""), "A token needs at least one scope"),
        (("--scopes", "manage_access"), "A personal token"),
        (("--name", " "), "` ` is not a valid name"),
    ):
        refused = modelyard("token", "--user", name, *arguments)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith(reason), refused.stderr
    assert modelyard("token", "--user", "no-such-user").stderr == "There is no user `no-such-user`.\n"


async def test_names_do_not_turn_the_terminal_around(runtime: Runtime, admin: Person) -> None:
    person = await new_person(runtime, admin, f"ada-{uuid4().hex[:12]}")
    async with runtime.db.write() as tx:
        name = {"n": "a\u202eb\x9bc[31m", "id": person.actor.user_id}
        await tx.execute(text("UPDATE users SET name = :n WHERE id = :id"), name)
    shown = modelyard("user", "list", "--search", person.actor.username).stdout
    assert "a?b?c[31m" in shown


async def logged(runtime: Runtime, username: str) -> list[tuple[str, str]]:
    statement = "SELECT action, client FROM access_log WHERE username = :u ORDER BY id"
    async with runtime.db.read() as snap:
        return [(row.action, row.client) for row in await snap.execute(text(statement), {"u": username})]
