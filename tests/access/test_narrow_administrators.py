"""An administrator's token for a part of the registry administers nothing."""

from __future__ import annotations

import pytest

from app.access import tokens
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
