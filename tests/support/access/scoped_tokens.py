"""Tokens of projects and of groups, one for every role, and some that carry more or less than usual."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.access import bots, tokens
from app.access.policy import Role, Scope
from app.access.tokens import IssueToken
from tests.conftest import TestProject

KINDS = {
    # name:        role of its bot, scopes
    "guest": (Role.GUEST, (Scope.API,)),
    "reporter": (Role.REPORTER, (Scope.API,)),
    "developer": (Role.DEVELOPER, (Scope.API,)),
    "maintainer": (Role.MAINTAINER, (Scope.API,)),
    "owner": (Role.OWNER, (Scope.API,)),
    "reader": (Role.OWNER, (Scope.READ_API,)),
    "managing": (Role.MAINTAINER, (Scope.API, Scope.MANAGE_ACCESS, Scope.MANAGE_PROJECT)),
    "deleting": (Role.OWNER, tuple(scope for scope in Scope if scope is not Scope.READ_API)),
}
TOKENS = [(scope, name) for scope in ("project", "group") for name in KINDS]
TOKENS += [("job", "developer"), ("job", "maintainer")]
"""The last ones are what CI jobs get for their identity."""


@dataclass(frozen=True)
class Bearer:
    """A caller that sends this token."""

    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def token_of(runtime: Any, project: TestProject, scope: str, name: str) -> Bearer:
    """A new token of the project, or of the group around it, granted by its owner."""
    role, scopes = KINDS[name]
    if scope == "job":
        return Bearer(await _of_job(runtime, project, role))
    where = {"project_id": project.id} if scope == "project" else {"group_id": project.group_id}
    command = IssueToken(name, scopes, role=role, **where)
    return Bearer((await tokens.issue(runtime.db, project.owner, command)).secret)


async def _of_job(runtime: Any, project: TestProject, role: Role) -> str:
    """As an exchange makes it (app/ci/identities/token_exchange.py)."""
    end = datetime.now(UTC) + timedelta(minutes=15)
    command = IssueToken("CI job", project_id=project.id, expires_at=end, ci_job="gitlab:1")
    async with runtime.db.write() as tx:
        user = await bots.add(tx, project.id, "CI jobs", role)
        return (await tokens.add(tx, command, user_id=user, created_by=None)).secret
