"""GraphQL in this process, a model with three versions, and calls of deployments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.access.policy import Role
from tests.conftest import Person, TestProject
from tests.graphql.conftest import ask, client, data  # noqa: F401  (fixtures)

REGISTER = """mutation r($input: DeploymentRegisterInput!) { deploymentRegister(input: $input) {
  deployment { id status version follows startedAt lastHeartbeatAt isDrifting modelVersionFollowed { version } }
  userErrors { code message field } } }"""
BEAT = """mutation b($id: ID!) { deploymentHeartbeat(input: {id: $id}) {
  deployment { status statusReason isDrifting lastHeartbeatAt } userErrors { code message field } } }"""
END = """mutation e($id: ID!, $reason: String!) { deploymentEnd(input: {id: $id, reason: $reason}) {
  deployment { status statusReason endedAt } userErrors { code message field } } }"""
Do = Callable[..., Awaitable[Any]]


@pytest.fixture
async def fraud(project: TestProject, data: Do) -> TestProject:  # noqa: F811
    """A project whose model `fraud` has the versions 1.0.0, 1.1.0 and 2.0.0."""
    await data(
        project[Role.OWNER],
        """mutation m($p: String!) { modelCreate(input: {project: {path: $p}, name: "fraud"}) { userErrors { code } }
        a: modelVersionCreate(input: {model: {path: {project: $p, name: "fraud"}}, version: "1.0.0"}) {
          userErrors { code } }
        b: modelVersionCreate(input: {model: {path: {project: $p, name: "fraud"}}, version: "1.1.0"}) {
          userErrors { code } }
        c: modelVersionCreate(input: {model: {path: {project: $p, name: "fraud"}}, version: "2.0.0"}) {
          userErrors { code } } }""",
        p=project.path,
    )
    return project


def named(project: TestProject, reference: str, model: str = "fraud") -> dict[str, Any]:
    """A version as the inputs name it."""
    return {"path": {"project": project.path, "model": model, "reference": reference}}


@pytest.fixture
def register(data: Do, fraud: TestProject) -> Do:  # noqa: F811
    """Register as a reporter; gives the deployment, or the errors."""

    async def call(reference: str, *, person: Person | None = None, refused: bool = False, **more: Any) -> Any:
        values = {"modelVersion": named(fraud, reference), "environment": "production", "endpoint": "scoring"}
        answer = await data(person or fraud[Role.REPORTER], REGISTER, input=values | more)
        payload = answer["deploymentRegister"]
        if refused:
            assert payload["deployment"] is None
            return payload["userErrors"]
        assert payload["userErrors"] == []
        return payload["deployment"]

    return call
