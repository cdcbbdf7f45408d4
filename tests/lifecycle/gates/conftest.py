"""A model with versions of some accuracy, gates over GraphQL, and verdicts as a promotion gets them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.access import projects
from app.access.policy import Role
from app.lifecycle.gates import check
from app.lifecycle.gates.check import Approvals, GateVerdict
from app.registry import models
from app.registry.models import CreateModel, Model
from app.registry.stages import definitions
from app.registry.versions import create, lookup
from app.registry.versions.lookup import ModelVersion
from app.registry.versions.request import CreateVersion
from app.runtime import Runtime
from app.tracking import candidates, experiments
from app.tracking.candidates import CreateCandidate
from app.tracking.experiments import CreateExperiment
from app.tracking.logging import log
from app.tracking.logging.log import LogBatch, MetricInput
from tests.conftest import Person, TestProject
from tests.graphql.conftest import ask, client, data  # noqa: F401  (fixtures)
from tests.support.registry import moves

SET = """mutation s($input: GatesSetInput!) { gatesSet(input: $input) {
  gateSet { id number note createdAt createdBy { username } viewerCanUpdate gates {
    id name kind title isRequired config hasSecret viewerCanUpdate createdBy { username } gateSet { number } } }
  userErrors { code message field } } }"""
Do = Callable[..., Awaitable[Any]]


@dataclass
class Prices:
    """The model ``prices`` of a project, and what tests do with it."""

    project: TestProject
    runtime: Runtime
    model: Model
    experiment: int
    data: Do
    versions: dict[str, ModelVersion] = field(default_factory=dict)

    async def add(self, version: str, *, tags: Mapping[str, str] | None = None, **metrics: float) -> ModelVersion:
        """A version of a candidate with these metrics."""
        db, owner, project = self.runtime.db, self.project.owner, self.project.id
        candidate = await candidates.create(db, owner, project, CreateCandidate(self.experiment))
        points = [MetricInput(key, value, 1_000) for key, value in metrics.items()]
        await log.log_batch(db, owner, project, LogBatch(candidate.id, metrics=points, params={"depth": "3"}))
        command = CreateVersion("prices", version=version, candidate_id=candidate.id, tags=tags or {})
        made = await create.create(db, owner, project, command)
        self.versions[version] = made
        return made

    async def move(self, version: str, stage: str) -> None:
        await moves.set_stage(
            self.runtime.db, self.project.owner, self.project.id, self.versions[version].id, stage, keep_others=True
        )

    async def set(self, *gates: Mapping[str, Any], person: Person | None = None, **more: Any) -> Any:
        """The payload of ``gatesSet`` for ``staging``."""
        values = {"project": {"path": self.project.path}, "stage": "staging", "expectedNumber": 0, "gates": list(gates)}
        answer = await self.data(person or self.project[Role.MAINTAINER], SET, input=values | more)
        return answer["gatesSet"]

    async def verdicts(
        self, version: str, *, asks: bool = True, approvals: Approvals | None = None, between: Do | None = None
    ) -> list[GateVerdict]:
        """What the gates of ``staging`` say; ``between`` is done after the preparation."""
        db, actor = self.runtime.db, self.project.owner
        async with db.read() as snap:
            access = await projects.visible(snap, actor, self.project.id)
            stage = await definitions.find(snap, access.id, "staging")
            model, row = await lookup.find(snap, actor, access.id, self.versions[version].id)
        prepared = await check.prepare(db, self.runtime.gate_clients, actor, access, model, row, stage, ask=asks)
        if between is not None:
            await between()
        async with db.write() as tx:
            model, row = await lookup.find(tx, actor, access.id, row.id)
            return await check.verdicts(tx, access, model, row, stage, prepared, approvals=approvals)


@pytest.fixture
async def prices(runtime: Runtime, project: TestProject, data: Do) -> Prices:  # noqa: F811
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("prices"))
    made = await experiments.create(runtime.db, project.owner, project.id, CreateExperiment("training"))
    return Prices(project, runtime, model, made.number, data)


def gate(kind: str, name: str | None = None, *, required: bool = True, **config: Any) -> dict[str, Any]:
    """A gate as the mutation takes it."""
    return {"kind": kind, "name": name, "isRequired": required, "config": config}
