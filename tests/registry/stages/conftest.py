from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text

from app.access import tokens
from app.access.policy import Actor
from app.access.tokens import IssueToken
from app.registry import aliases, models
from app.registry.models import CreateModel
from app.registry.references.parse import as_of, parse_reference
from app.registry.references.resolve import Named
from app.registry.versions import create, lookup
from app.registry.versions.request import CreateVersion
from tests.support.registry import moves


class Rack:
    """A model `m` of a project, and what tests do with its versions; as the owner, unless another one is named."""

    def __init__(self, project: Any) -> None:
        self.project, self.db = project, project.runtime.db

    async def add(self, *texts: str) -> None:
        for version in texts:
            await create.create(self.db, self.project.owner, self.project.id, CreateVersion("m", version))

    async def move(self, reference: str, stage: str, *, by: Actor | None = None, **more: Any) -> Any:
        target = Named("m", parse_reference(reference))
        more = {"keep_others": False} | more
        return await moves.set_stage(self.db, by or self.project.owner, self.project.id, target, stage, **more)

    async def alias(self, name: str, reference: str, *, by: Actor | None = None, **more: Any) -> Any:
        meant = parse_reference(reference)
        return await aliases.set(self.db, by or self.project.owner, self.project.id, "m", name, meant, **more)

    async def means(self, reference: str, at: Any = None) -> str | None:
        meant = as_of(parse_reference(reference), at)
        try:
            version = await lookup.by_reference(self.db, self.project.owner, self.project.id, "m", meant)
        except lookup.VersionNotFound:
            return None
        return version.version

    async def now(self) -> Any:
        async with self.db.read() as snap:
            return await snap.scalar(text("select clock_timestamp()"))


@pytest.fixture
async def rack(project: Any) -> Rack:
    await models.create(project.runtime.db, project.owner, project.id, CreateModel("m"))
    return Rack(project)


@pytest.fixture
def bot(project: Any) -> Callable[..., Awaitable[Actor]]:
    """Makes a token of the project, with a role and scopes."""

    async def make(role: Any, *scopes: Any) -> Actor:
        command = IssueToken("bot", scopes, project_id=project.id, role=role)
        issued = await tokens.issue(project.runtime.db, project.owner, command)
        return await tokens.authenticate(project.runtime.db, issued.secret)

    return make
