"""Tokens of projects and groups at every address that takes one beside GraphQL: MLflow's calls, files, packages.

A route without a line in ``NEEDS`` fails, but for calls of MLflow: those are held to the rule of their method, that GET
reads and everything else takes a developer. A call that takes something else needs a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from app.http.edge_table import EdgeTable
from app.main import EDGES, PROJECTS
from app.mlflow.protocol.route_lookup import PathLookup
from tests.conftest import new_project
from tests.mlflow.conftest import Rest
from tests.mlflow.test_isolation import furnished
from tests.support.access.scoped_tokens import KINDS, TOKENS, token_of

PROJECT, API, AJAX = "/api/v4/projects/{project}", "/api/2.0/mlflow", "/ajax-api/2.0/mlflow"
READS = """
GET /runs/get; POST /runs/search; GET /metrics/get-history; GET /metrics/get-history-bulk; GET /experiments/get
GET /metrics/get-history-bulk-interval; GET /artifacts/list; POST /artifacts/presigned-download-url
GET /experiments/get-by-name; POST /experiments/search; GET /experiments/search; POST /experiments/search-datasets
POST /logged-models/search; GET /logged-models/{id}; GET /logged-models/{id}/artifacts/directories
GET /registered-models/get; GET /registered-models/search; POST /registered-models/get-latest-versions
GET /registered-models/get-latest-versions; GET /registered-models/alias; GET /model-versions/get
GET /model-versions/search; GET /model-versions/get-download-uri
"""
WRITES = """
POST /runs/log-metric; POST /runs/log-batch; POST /runs/log-parameter; POST /runs/set-tag; POST /runs/create
POST /runs/update; POST /runs/delete; POST /runs/restore; POST /runs/delete-tag; POST /runs/log-model
POST /runs/log-inputs; POST /runs/outputs; POST /artifacts/presigned-upload-url; POST /experiments/create
POST /experiments/update; POST /experiments/delete; POST /experiments/restore; POST /experiments/set-experiment-tag
POST /experiments/delete-experiment-tag; POST /logged-models; PATCH /logged-models/{id}; DELETE /logged-models/{id}
PATCH /logged-models/{id}/tags; DELETE /logged-models/{id}/tags/{key:path}; POST /logged-models/{id}/params
POST /registered-models/create; POST /registered-models/rename; PATCH /registered-models/update
DELETE /registered-models/delete; POST /registered-models/set-tag; DELETE /registered-models/delete-tag
POST /registered-models/alias; DELETE /registered-models/alias; POST /model-versions/create
PATCH /model-versions/update; POST /model-versions/transition-stage; DELETE /model-versions/delete
POST /model-versions/set-tag; DELETE /model-versions/delete-tag
"""
MANAGES = """
POST /webhooks; GET /webhooks; GET /webhooks/{id}; PATCH /webhooks/{id}; DELETE /webhooks/{id}
POST /webhooks/{id}/test
"""
FILES_READ = "GET /artifacts/{path:path}; GET /artifacts; GET /presigned/{path:path}"
FILES_WRITTEN = """
PUT /artifacts/{path:path}; DELETE /artifacts/{path:path}; POST /mpu/create/{path:path}
POST /mpu/complete/{path:path}; POST /mpu/abort/{path:path}
"""


def below(prefix: str, lines: str) -> list[str]:
    calls = [call.split() for line in lines.strip().splitlines() for call in line.split(";")]
    return [f"{method} {prefix}{path}" for method, path in calls]


def everywhere(lines: str, *, files: bool = False) -> list[str]:
    return [line for prefix in (API, AJAX) for line in below(f"{prefix}-artifacts" if files else prefix, lines)]


PACKAGE = "/packages/ml_models/{owner}/files/{path:path}"
NEEDS = {
    "reading": [
        *everywhere(READS), *everywhere(FILES_READ, files=True), "GET /get-artifact",
        "GET /model-versions/get-artifact",
        f"GET {AJAX}/logged-models/{{id}}/artifacts/files", f"GET {PACKAGE}",
    ],
    "developer": [
        *everywhere(WRITES), *everywhere(FILES_WRITTEN, files=True), f"POST {AJAX}/upload-artifact", f"PUT {PACKAGE}",
        f"PUT {PACKAGE}/authorize",
    ],
    "manager": everywhere(MANAGES),
}  # fmt: skip
MAY = {
    # what it takes: guest reporter develop. maintain. owner reader managing deleting
    "reading": "++++++++",
    "developer": "--+++-++",
    "manager": "------++",
}
OPEN = {
    "GET /health", "GET /version", "GET /health/live", "GET /health/ready", "GET /metrics",
    "GET /api/3.0/mlflow/server-info",
    # Each with a proof of its own instead of a token: signed links, secrets of hooks, identities of CI jobs.
    "GET /artifacts/{project}/{artifact}/{name}", "PUT /uploads/{project}/file/{owner}/{path:path}",
    "PUT /uploads/{project}/{upload}/{part}", "POST /ci/hooks/{project}/gitlab", "POST /ci/hooks/{project}/github",
    "POST /ci/token",
    # tests/access/test_token_matrix.py
    "GET /graphql", "POST /graphql",
    # Pages for people, with a session or none: tests/pages
    "GET /", "GET /sign-in", "POST /sign-in", "POST /sign-out", "GET /account", "POST /account/sessions/revoke",
    "POST /account/sessions/revoke-others", "POST /account/tokens", "POST /account/tokens/revoke",
    "POST /account/password", "POST /account/identities/delete",
    "GET /device", "POST /device",
    "POST /openid/{provider}/start", "GET /openid/{provider}/callback",
    # Command lines that have no token yet: tests/access/test_devices.py
    "POST /oauth/device/code", "POST /oauth/token",
    # One-time links, each with its own secret
    "GET /invitations/{secret}", "POST /invitations/{secret}", "GET /password-resets/{secret}",
    "POST /password-resets/{secret}", "GET /sign-in-links/{secret}", "POST /sign-in-links/{secret}",
    # The pages that browsers run, which are the same for everyone: tests/web
    "GET /{path:path}", "GET /-/assets/{name:path}", "GET /-/licenses",
    # GraphiQL, which holds nothing of any project
    "GET /graphql/explorer/{digest}/{name}",
}  # fmt: skip
UNKNOWN = {"/api/2.0/{rest:path}", "/api/3.0/{rest:path}", "/ajax-api/{rest:path}"}
"""There MLflow's clients are told that a call is unknown."""


def addresses(routes: list[BaseRoute], prefix: str = "") -> Iterator[str]:
    """Method and path of every route, however it is wrapped."""
    for route in routes:
        if isinstance(route, Mount):
            yield from addresses(list(route.routes), prefix + route.path)
        elif isinstance(route, Route):
            if route.path not in UNKNOWN:
                yield from (f"{method} {prefix}{route.path}" for method in (route.methods or set()) - {"HEAD"})
        elif isinstance(route, WebSocketRoute):
            yield f"GET {prefix}{route.path}"
        else:
            assert isinstance(route, PathLookup), route
            yield from addresses([one for same in route._routes.values() for one in same], prefix)


ROUTES = {
    line.replace(f"{PROJECT}/ml/mlflow", "").replace(f"{PROJECT}/packages", "/packages")
    for line in addresses(EdgeTable(EDGES, projects=PROJECTS).routes())
}
for route in sorted(ROUTES - {line for lines in NEEDS.values() for line in lines}):
    if route.split()[1].startswith((f"{API}/", f"{AJAX}/")):
        NEEDS["reading" if route.startswith("GET ") else "developer"].append(route)


def test_every_route_says_what_it_takes():
    lines = [line for lines in NEEDS.values() for line in lines]
    assert len(lines) == len(set(lines))
    assert OPEN | set(lines) == ROUTES, "add new routes to NEEDS or OPEN"


LOGGED = '{"artifact_path": "m", "flavors": {}, "utc_time_created": "2026-01-01 00:00:00", "run_id": "RUN"}'
VALID = {
    "runs/search": {"filter": "", "order_by": []},
    "logged-models/search": {"filter": "", "order_by": [], "datasets": []},
    "runs/log-model": {"model_json": LOGGED},
    "presigned-upload-url": {"model_id": None},
    "presigned-download-url": {"model_id": None},
    "PATCH /logged-models/{id}": {"status": "LOGGED_MODEL_READY"},
    "mpu/complete": {"upload_id": "0" * 32, "parts": [{"part_number": 1, "etag": "e"}]},
    "mpu/abort": {"upload_id": "0" * 32},
    "webhooks": {"status": "ACTIVE", "event": {"entity": "MODEL_VERSION", "action": "CREATED"}},
}
"""What a call wants otherwise than the fields that suit most: bodies are read before a caller is refused."""


class Door:
    """Requests about one project, with any token."""

    def __init__(self, rest: Rest, fields: dict[str, object], project: int) -> None:
        self.rest, self.fields, self.project = rest, fields, project
        self.run = str(fields["run_id"])

    async def send(self, line: str, headers: dict[str, str]) -> httpx.Response:
        method, path = line.split()
        base = self.rest.base.removesuffix("/ml/mlflow") if path.startswith("/packages") else self.rest.base
        spelled = path.replace("{owner}", f"candidate:{self.run}").replace("{key:path}", "k")
        spelled = spelled.replace("{path:path}", "a" if path.startswith("/packages") else f"0/{self.run}/artifacts/a")
        spelled = spelled.replace("{id}", str(UUID(int=1)) if "webhooks" in path else str(self.fields["model_id"]))
        call = line.replace("/ajax-api", "/api").replace(API, "")
        fields = dict(self.fields)
        for part, other in VALID.items():
            if part == call or part in path:
                fields |= other
        fields = {key: value for key, value in fields.items() if value is not None}
        fields |= {"model_json": str(fields["model_json"]).replace("RUN", self.run)}
        options: dict[str, object] = {"params": fields} if method == "GET" else {"json": fields}
        if method == "PUT" or path.endswith("upload-artifact"):
            query = {"run_uuid": self.run, "path": "b"} if path.endswith("upload-artifact") else {}
            options = {"content": b"x", "params": query}
        elif path.endswith(("get-artifact", "/artifacts/files")):
            options = {"params": self.fields | {"run_uuid": self.run, "artifact_file_path": "a", "path": "a"}}
        return await self.rest.http.request(method, base + spelled, headers=headers, **options)


@pytest.fixture
async def door(rest: Rest, project) -> Door:
    fields = await furnished(rest)
    hook = {"name": "w", "url": "https://127.0.0.1:9/", "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]}
    return Door(rest, fields | hook, project.id)


@pytest.mark.parametrize(("scope", "name"), TOKENS)
async def test_every_route_asks_for_the_role(door, runtime, project, scope, name):
    """Denied means 403 from where a token has too little; what is allowed never is, and nothing is an accident."""
    bearer = await token_of(runtime, project, scope, name)
    wrong = []
    for need, lines in NEEDS.items():
        allowed = MAY[need][list(KINDS).index(name)] == "+"
        for line in lines:
            answer = await door.send(line, bearer.headers)
            refused = answer.status_code in {401, 403} or "There is no project" in answer.text
            if answer.status_code >= 500 or refused == allowed or (refused and answer.status_code != 403):
                wrong.append((line, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("visibility", ["private", "public"])
@pytest.mark.parametrize("scope", ["project", "group"])
async def test_no_route_of_another_project_opens(door, runtime, staff, project, scope, visibility):
    """Whatever the visibility of the other one: as if it were not there."""
    elsewhere = await new_project(runtime, staff)
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE projects SET visibility = :v WHERE id = :p"), {"v": visibility, "p": project.id})
    bearer = await token_of(runtime, elsewhere, scope, "deleting")
    wrong = []
    for line in [line for lines in NEEDS.values() for line in lines]:
        answer = await door.send(line, bearer.headers)
        if answer.status_code != 404:
            wrong.append((line, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize(("scope", "name"), TOKENS)
async def test_without_a_project_in_the_address_a_token_of_one_means_its_own(door, runtime, project, scope, name, url):
    bearer = await token_of(runtime, project, scope, name)
    rest = Rest(door.rest.http, url, {})
    for line in below(API, READS):
        answer = await Door(rest, door.fields, project.id).send(line, bearer.headers)
        if scope == "group":
            assert (answer.status_code, "not one of a project" in answer.text) == (400, True), line
        else:
            assert answer.status_code not in {401, 403} and answer.status_code < 500, (line, answer.text)
