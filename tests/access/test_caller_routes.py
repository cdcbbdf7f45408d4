"""Every address that takes a token, by tokens of every scope, service accounts and people who are gone.

What each takes: the table of test_token_routes.py, where new routes need a line; here they are sorted into areas.
"""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.access.policy import Role
from tests.access.test_token_routes import MAY, NEEDS, Door, door  # noqa: F401 - a fixture
from tests.conftest import new_person
from tests.support.access.narrow_tokens import NARROW, account_token, narrow_token
from tests.support.access.scoped_tokens import KINDS

LINES = [line for lines in NEEDS.values() for line in lines if "/ajax-api/" not in line]
ALLOWED = {
    "reads registry": {"registry read"},
    "writes registry": {"registry read", "registry write", "files write"},
    "writes candidates": {"candidates read", "candidates write"},
    "reads bytes": {"registry read", "files read"},
    "patterns": {"registry read", "registry write", "files read"},
}
"""The files of the requests are those of a candidate from which a version was made: the registry's to write."""
UNREAD = {
    "POST /api/2.0/mlflow/model-versions/create", "GET /api/2.0/mlflow-artifacts/artifacts",
    "GET /model-versions/get-artifact",
}  # fmt: skip
"""Answered before the scope is looked at: the body is wrong, the list of no folder empty, the version not there."""


def area(line: str) -> str:
    path = line.split()[1]
    action = "write" if line in NEEDS["developer"] else "read"
    if line in NEEDS["manager"]:
        return "manage"
    if "/artifacts/list" in path or path.endswith("/directories"):
        return "candidates read"
    if "/registered-models" in path or "/model-versions" in path:
        return f"registry {action}" if not path.endswith("get-artifact") else "files read"
    is_file = any(part in path for part in ("-artifacts/", "/packages", "presigned", "get-artifact", "upload-artifact"))
    if is_file or path.endswith("/artifacts/files"):
        return f"files {action}"
    return f"candidates {action}"


def is_refused(answer) -> bool:
    return answer.status_code in {401, 403}


@pytest.mark.parametrize("holder", ["person", "project", "group"])
@pytest.mark.parametrize("name", NARROW)
async def test_every_route_asks_for_the_scope(door, runtime, project, holder, name):  # noqa: F811
    bearer = await narrow_token(runtime, project, holder, name, ["w*", "n*"])
    wrong = []
    for line in LINES:
        answer = await door.send(line, bearer.headers)
        allowed = area(line) in ALLOWED[name]
        if line not in UNREAD and (answer.status_code >= 500 or is_refused(answer) == allowed):
            wrong.append((line, area(line), answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize(("name", "status"), [("reads registry", 403), ("writes registry", 403), ("reads bytes", 200)])
async def test_bytes_take_a_scope_of_their_own(door, runtime, project, name, status):  # noqa: F811
    """Also by a link: made by a token that may, and used after that token is one that may not."""
    bearer = await narrow_token(runtime, project, "project", name)
    run, base = door.run, door.rest.base.removesuffix("/ml/mlflow")
    url = f"{base}/packages/ml_models/candidate:{run}/files/a"
    assert (await door.rest.http.get(url, headers=bearer.headers)).status_code == status
    query = """query($p: String!) { project(by: {path: $p}) { models(first: 3) { nodes { versions(first: 2) { nodes {
      artifacts(first: 2) { nodes { path downloadUrl } } } } } } } }"""
    sent = {"query": query, "variables": {"p": project.path}}
    answer = (await door.rest.http.post("/graphql", json=sent, headers=bearer.headers)).json()
    models = answer["data"]["project"]["models"]["nodes"]
    files = [file for model in models for one in model["versions"]["nodes"] for file in one["artifacts"]["nodes"]]
    assert files and {one["path"] for one in files} == {"a"}
    links = [one["downloadUrl"] for one in files]
    if status == 403:
        assert set(links) == {None} and {one["extensions"]["code"] for one in answer["errors"]} == {"FORBIDDEN"}
        return
    assert (await door.rest.http.get(links[0])).status_code == 200
    async with runtime.db.write() as tx:
        narrowed = "UPDATE tokens SET scopes = '{read_registry}' WHERE sha256 = sha256(convert_to(:secret, 'UTF8'))"
        await tx.execute(text(narrowed), {"secret": bearer.token})
    assert (await door.rest.http.get(links[0])).status_code == 403


@pytest.mark.parametrize("holder", ["project", "group"])
@pytest.mark.parametrize("name", ["reporter", "developer", "reader", "managing"])
async def test_service_accounts_may_what_tokens_of_their_role_may(door, runtime, project, holder, name):  # noqa: F811
    bearer = await account_token(runtime, project, holder, name)
    wrong = []
    for need, lines in NEEDS.items():
        allowed = MAY[need][list(KINDS).index(name)] == "+"
        for line in set(lines) & set(LINES):
            answer = await door.send(line, bearer.headers)
            if answer.status_code >= 500 or is_refused(answer) == allowed:
                wrong.append((line, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))


async def test_people_who_are_gone_reach_nothing(door: Door, runtime, admin, project):  # noqa: F811
    """Deactivated: 401 everywhere. Whose membership has ended: as if there were no such project."""
    gone, ended = await new_person(runtime, admin, "gone-r"), await new_person(runtime, admin, "ended-r")
    async with runtime.db.write() as tx:
        values = {"user": ended.actor.user_id, "project": project.id, "role": int(Role.OWNER)}
        await tx.execute(text(_ENDED), values)
        await tx.execute(text("UPDATE users SET blocked_at = now() WHERE id = :user"), {"user": gone.actor.user_id})
    wrong = []
    for line in LINES:
        for person, status in ((gone, 401), (ended, 404)):
            answer = await door.send(line, person.headers)
            if answer.status_code != status:
                wrong.append((line, status, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))


_ENDED = """INSERT INTO memberships (user_id, project_id, role, expires_at)
  VALUES (:user, :project, :role, now() - interval '1 second')"""
