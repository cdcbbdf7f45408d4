"""Tokens for a part of what their owner may: by scope and by pattern of models, of people, projects and groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.access import tokens
from app.access.members import GroupOrProject
from app.access.policy import Role, Scope
from app.access.service_accounts import changes
from app.access.service_accounts.changes import CreateServiceAccount
from app.access.tokens import IssueToken
from tests.conftest import TestProject
from tests.support.access.scoped_tokens import KINDS, Bearer

NARROW = {
    "reads registry": (Scope.READ_REGISTRY,),
    "writes registry": (Scope.WRITE_REGISTRY,),
    "writes candidates": (Scope.WRITE_CANDIDATES,),
    "reads bytes": (Scope.READ_REGISTRY, Scope.READ_ARTIFACTS),
    "patterns": (Scope.WRITE_REGISTRY, Scope.READ_ARTIFACTS),
}
HOLDERS = ("person", "project", "group")


async def narrow_token(
    runtime: Any, project: TestProject, holder: str, name: str, patterns: Sequence[str] = ()
) -> Bearer:
    """A new token with these scopes, granted by the owner of the project, whose role it has."""
    where = {"project": {"project_id": project.id}, "group": {"group_id": project.group_id}, "person": {}}[holder]
    confined = list(patterns) if name == "patterns" else None
    command = IssueToken(name, NARROW[name], role=Role.OWNER, model_patterns=confined, **where)
    return Bearer((await tokens.issue(runtime.db, project.owner, command)).secret)


async def account_token(runtime: Any, project: TestProject, holder: str, name: str) -> Bearer:
    """A new token of a new service account, of a kind of ``scoped_tokens``."""
    role, scopes = KINDS[name]
    target = GroupOrProject(project_id=project.id) if holder == "project" else GroupOrProject(group_id=project.group_id)
    command = CreateServiceAccount(target, f"account {name}", role=role)
    account = await changes.create(runtime.db, project.owner, command)
    issued = await tokens.issue(runtime.db, project.owner, IssueToken(name, scopes, service_account_id=account.id))
    return Bearer(issued.secret)
