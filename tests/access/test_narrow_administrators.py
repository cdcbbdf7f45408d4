"""An administrator's token for a part of the registry administers nothing."""

from __future__ import annotations

import pytest

from app.access import tokens
from app.access.policy import Scope
from app.access.tokens import IssueToken
from tests.graphql.test_permissions import NEEDS, verdict_of
from tests.support.access.narrow_tokens import NARROW
from tests.support.graphql.examples import seed


@pytest.mark.parametrize("name", NARROW)
async def test_what_administrators_may_takes_their_whole_token(client, runtime, staff, data, people, admin, name):
    seeded = await seed(runtime, staff, data, people)
    patterns = ["digits"] if name == "patterns" else None
    issued = await tokens.issue(runtime.db, admin.actor, IssueToken(name, NARROW[name], model_patterns=patterns))
    headers = {"Authorization": f"Bearer {issued.secret}"}
    verdicts = {}
    for field in [*NEEDS["administrator"], "backgroundJobs", "user"]:
        document, variables = seeded.example(field)
        answer = await client.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
        verdicts[field] = verdict_of(answer, field)
    assert {field: one for field, one in verdicts.items() if one not in {"FORBIDDEN", None}} == {}
    assert (await client.get("/metrics", headers=headers)).status_code == 403


VIEWER = """{ viewer { scopes user { username }
  tokens { nodes { name } } sessions { totalCount } identities { id } accessLog { totalCount } } }"""


@pytest.mark.parametrize("name", NARROW)
async def test_what_a_narrow_token_may_not_see_of_its_owner_is_null_beside_the_rest(client, runtime, admin, name):
    patterns = ["digits"] if name == "patterns" else None
    issued = await tokens.issue(runtime.db, admin.actor, IssueToken(name, NARROW[name], model_patterns=patterns))
    headers = {"Authorization": f"Bearer {issued.secret}"}
    answer = (await client.post("/graphql", json={"query": VIEWER}, headers=headers)).json()
    viewer = answer["data"]["viewer"]
    assert viewer["scopes"] == [scope.name for scope in sorted(NARROW[name], key=list(Scope).index)]
    assert viewer["user"] == {"username": admin.actor.username}
    assert viewer["tokens"] == {"nodes": [{"name": name}]}
    refused = {"sessions", "identities", "accessLog"}
    assert {field: viewer[field] for field in refused} == dict.fromkeys(refused)
    assert {error["path"][1] for error in answer["errors"]} == refused
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
