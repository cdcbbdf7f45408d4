"""The table of docs/roles.md: every line, tried by every role through every door that it names."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from app.access import groups, members
from app.access.groups import CreateGroup
from app.access.members import GroupOrProject
from app.access.policy import Role
from app.ids import GlobalId
from tests.conftest import Person, TestProject
from tests.graphql.test_permissions import verdict_of
from tests.support.graphql.examples import Seeded, seed

PAGE = Path(__file__).parents[2] / "docs" / "roles.md"
ROLES = list(Role)


def lines() -> dict[tuple[str, str], set[Role]]:
    """Which roles may do what through which door, as the page says."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.findall(r"^\|.+\|$", PAGE.read_text(), re.MULTILINE)
    ]
    head, _, *body = rows
    assert head[2:] == [role.name.lower() for role in ROLES]
    return {
        (what, door): {role for role, cell in zip(ROLES, cells, strict=True) if cell == "✓"}
        for what, doors, *cells in body
        for door in doors.split(", ")
    }


TABLE = lines()
LINES = dict.fromkeys(what for what, _ in TABLE)
READ, MODELS, RESTORE, PURGE, FILES, DEPLOYMENTS, PROMOTE, APPROVE, BYPASS, EVALUATIONS, CANDIDATES, *MORE = LINES
ANYTHING, WEBHOOKS, MANAGE, RELEASE, INVITE, DELETE, MOVE, GROUPS = MORE
EXAMPLES = {
    READ: ["project", "model", "modelVersion", "experiment", "candidate", "loggedModel", "artifact", "search"],
    MODELS: ["modelCreate", "modelUpdate", "modelVersionCreate", "modelVersionUpdate", "aliasSet", "aliasDelete",
             "derivationCreate", "derivationDelete", "modelVersionYank", "modelVersionDeprecate",
             "modelVersionUndeprecate",
             "modelVersionDelete", "modelDelete"],
    RESTORE: ["modelRestore", "modelVersionRestore"],
    FILES: ["artifactUploadCreate", "artifactsDelete"],
    DEPLOYMENTS: ["deploymentRegister", "deploymentHeartbeat", "deploymentEnd"],
    PROMOTE: ["promotionRequestCreate", "promotionRequestComment", "modelVersionPromote"],
    APPROVE: ["promotionRequestApprove", "promotionRequestReject"],
    BYPASS: ["promotionRequestWithdraw"],
    EVALUATIONS: ["evaluationCreate", "onlineExperimentCreate", "onlineExperimentLog", "onlineExperimentConclude",
                  "factsSet"],
    CANDIDATES: ["experimentCreate", "experimentUpdate", "candidateCreate", "candidateLog", "candidateUpdate",
                 "candidateDelete", "loggedModelCreate", "loggedModelUpdate", "experimentDelete"],
    WEBHOOKS: ["webhookCreate", "webhookUpdate", "webhookTest", "webhookDelete"],
    MANAGE: ["memberSet", "memberDelete", "tokenCreate", "ciSettingsUpdate", "projectUpdate"],
    INVITE: ["userInvite"],
    RELEASE: ["artifactRelease", "backgroundJobRetry", "backgroundJobCancel", "auditLog", "auditHeads",
              "modelVersionUnyank"],
}  # fmt: skip
"""Documented examples of each line, in an order in which all of them work."""
Call = Callable[[httpx.AsyncClient, Seeded, Person], Awaitable[bool]]


def mlflow(method: str, path: str, **body: object) -> Call:
    """A call of MLflow's API; ``NAME`` is a name of its own, ``RUN`` a candidate of the project."""

    async def send(http: httpx.AsyncClient, seeded: Seeded, person: Person) -> bool:
        words = {"NAME": f"n{uuid4().hex}", "RUN": candidate(seeded), "PROJECT": str(seeded.project.id)}
        given = {key: words.get(value, value) if isinstance(value, str) else value for key, value in body.items()}
        kind = {"params": given} if method == "GET" else {"json": given}
        address = f"/api/v4/projects/{seeded.project.id}/ml/mlflow/api/2.0/{path.replace('RUN', words['RUN'])}"
        answer = await http.request(method, address, headers=person.headers, **kind)
        assert answer.status_code in {200, 403}, answer.text
        return answer.status_code == 200

    return send


def file(method: str, address: str) -> Call:
    """A file of a candidate, written or read at a path of MLflow's or GitLab's."""

    async def send(http: httpx.AsyncClient, seeded: Seeded, person: Person) -> bool:
        path = f"/api/v4/projects/{seeded.project.id}/{address.replace('RUN', candidate(seeded))}"
        if method != "PUT":
            owner = seeded.project.people[Role.OWNER]
            assert (await http.put(path, content=b"1", headers=owner.headers)).status_code < 300
        answer = await http.request(method, path, headers=person.headers, content=b"2" if method == "PUT" else None)
        assert answer.status_code in {200, 201, 204, 302, 307, 403}, answer.text
        return answer.status_code != 403

    return send


STORED = "ml/mlflow/api/2.0/mlflow-artifacts/artifacts/0/RUN/artifacts/f"
PACKAGED = "packages/ml_models/candidate:RUN/files/g"
CALLS: dict[tuple[str, str], list[Call]] = {
    (READ, "MLflow"): [
        mlflow("GET", "mlflow/registered-models/get", name="digits"),
        mlflow("POST", "mlflow/runs/search", experiment_ids=["0"]),
        mlflow("GET", "mlflow/runs/get", run_id="RUN"),
        mlflow("GET", "mlflow/artifacts/list", run_id="RUN"),
        file("GET", STORED),
    ],
    (READ, "packages"): [file("GET", PACKAGED)],
    (ANYTHING, "packages"): [file("PUT", PACKAGED)],
    (ANYTHING, "MLflow"): [
        mlflow("POST", "mlflow/registered-models/create", name="NAME"),
        mlflow("PATCH", "mlflow/registered-models/update", name="digits", description="d"),
        mlflow("POST", "mlflow/registered-models/set-tag", name="digits", key="k", value="v"),
        mlflow("POST", "mlflow/registered-models/alias", name="digits", alias="a", version="2"),
        mlflow("POST", "mlflow/model-versions/create", name="digits", source="s"),
        mlflow("POST", "mlflow/experiments/create", name="NAME"),
        mlflow("POST", "mlflow/runs/create", experiment_id="0"),
        mlflow("POST", "mlflow/runs/log-metric", run_id="RUN", key="k", value=1, timestamp=1),
        mlflow("POST", "mlflow/runs/set-tag", run_id="RUN", key="k", value="v"),
        file("PUT", STORED),
        file("DELETE", STORED),
        mlflow("DELETE", "mlflow/model-versions/delete", name="digits", version="2"),
        mlflow("DELETE", "mlflow/registered-models/delete", name="digits"),
        mlflow("POST", "mlflow/runs/delete", run_id="RUN"),
    ],
    (WEBHOOKS, "MLflow"): [
        mlflow("POST", "mlflow/webhooks", name="w", url="https://example.org/",
               events=[{"entity": "MODEL_VERSION", "action": "CREATED"}]),
        mlflow("GET", "mlflow/webhooks"),
    ],
}  # fmt: skip


def candidate(seeded: Seeded) -> str:
    parsed = GlobalId.parse(seeded.meanings["<other candidate id>"])
    assert parsed
    return parsed.parts[-1].replace("-", "")


@pytest.fixture(scope="module")
async def seeded(runtime, staff, data, people) -> dict[Role, Seeded]:
    """A project for each role, since an example works once."""
    made = await asyncio.gather(*(seed(runtime, staff, data, people) for _ in ROLES))
    return dict(zip(ROLES, made, strict=True))


def test_every_line_is_tried():
    tried = (
        {(what, "GraphQL") for what in EXAMPLES}
        | {(what, "GraphQL") for what in (PURGE, DELETE, MOVE, GROUPS)}
        | set(CALLS)
    )
    assert tried == set(TABLE)


@pytest.mark.parametrize("what", EXAMPLES)
async def test_graphql_agrees_with_the_table(client, seeded, what):
    refused: dict[Role, list[str]] = {role: [] for role in ROLES}
    for role, one in seeded.items():
        for name in EXAMPLES[what]:
            document, variables = one.example(name)
            sent = {"query": document, "variables": variables}
            answer = await client.post("/graphql", json=sent, headers=one.project[role].headers)
            verdict = verdict_of(answer, name)
            assert verdict in {"ok", "FORBIDDEN"}, (role, name, answer.text)
            refused[role] += [name] if verdict != "ok" else []
    may = TABLE[what, "GraphQL"]
    assert refused == {role: [] if role in may else EXAMPLES[what] for role in ROLES}


@pytest.mark.parametrize(("what", "door"), CALLS)
async def test_rest_agrees_with_the_table(http, runtime, staff, data, people, what, door):
    projects = await asyncio.gather(*(seed(runtime, staff, data, people) for _ in ROLES))
    done = {
        role: [await call(http, one, one.project[role]) for call in CALLS[what, door]]
        for role, one in zip(ROLES, projects, strict=True)
    }
    assert done == {role: [role in TABLE[what, door]] * len(CALLS[what, door]) for role in ROLES}


@pytest.mark.parametrize("role", ROLES)
async def test_only_maintainers_delete_models_and_versions_permanently(data, project: TestProject, role):
    path, owner = {"project": project.path, "name": "m"}, project[Role.OWNER]
    create = 'mutation c($p: String!) { modelCreate(input: {project: {path: $p}, name: "m"}) { model { id } } }'
    await data(owner, create, p=project.path)
    version = "mutation v($m: ModelPath!) { modelVersionCreate(input: {model: {path: $m}}) { modelVersion { id } } }"
    made = (await data(owner, version, m=path))["modelVersionCreate"]["modelVersion"]["id"]
    for noun, target in (("modelVersion", {"id": made}), ("model", {"path": path})):
        name = f"{noun[0].upper()}{noun[1:]}"
        document = f"""mutation d($target: {name}Lookup!) {{
          done: {noun}Delete(input: {{{noun}: $target, permanently: true}}) {{ deletedId userErrors {{ code }} }} }}"""
        answer = (await data(project[role], document, target=target))["done"]
        assert (answer["userErrors"] == []) == (role in TABLE[PURGE, "GraphQL"])
        assert answer["userErrors"] in ([], [{"code": "FORBIDDEN"}])


@pytest.mark.parametrize("role", ROLES)
async def test_only_owners_delete_the_project(data, project: TestProject, role):
    document = """mutation d($p: String!) { projectDelete(input: {project: {path: $p}, confirm: $p}) {
      deletedId userErrors { code } } }"""
    answer = (await data(project[role], document, p=project.path))["projectDelete"]
    assert (answer["userErrors"] == []) == (role in TABLE[DELETE, "GraphQL"])


@pytest.mark.parametrize("role", ROLES)
async def test_only_owners_move_the_project(data, runtime, project: TestProject, role):
    person, path = project[role], f"g{uuid4().hex}"
    await groups.create(runtime.db, person.actor, CreateGroup(path))
    document = """mutation t($p: String!, $g: String!) {
      projectTransfer(input: {project: {path: $p}, group: {path: $g}}) { userErrors { code } } }"""
    answer = (await data(person, document, p=project.path, g=path))["projectTransfer"]
    assert (answer["userErrors"] == []) == (role in TABLE[MOVE, "GraphQL"])
    assert answer["userErrors"] in ([], [{"code": "FORBIDDEN"}])


@pytest.mark.parametrize("role", ROLES)
async def test_only_owners_change_and_delete_a_group(data, runtime, staff, project: TestProject, role):
    """Of the role in that group, whatever the role in projects of it."""
    person, target = staff[role], GroupOrProject(group_id=project.group_id)
    await members.set_role(runtime.db, project.owner, target, person.actor.username, role)
    group = project.path.rpartition("/")[0]
    for change in (
        'groupUpdate(input: {group: {path: $g}, name: "n"})',
        "groupDelete(input: {group: {path: $g}, confirm: $g})",
    ):
        document = f"mutation m($g: String!) {{ done: {change} {{ userErrors {{ code }} }} }}"
        answer = (await data(person, document, g=group))["done"]
        assert (answer["userErrors"] == []) == (role in TABLE[GROUPS, "GraphQL"])
        assert answer["userErrors"] in ([], [{"code": "FORBIDDEN"}])
