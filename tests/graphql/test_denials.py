"""Every mutation asks for permission: strangers, guests and anonymous callers are refused, and nothing is written."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from graphql import print_type
from sqlalchemy import text

from app.access.policy import Role, Scope
from app.graphql.schema import schema
from tests.conftest import new_person
from tests.graphql.conftest import Ask
from tests.support.graphql.examples import MUTATIONS, Seeded, seed


@pytest.fixture(scope="module")
async def seeded(runtime, staff, data, people) -> Seeded:
    return await seed(runtime, staff, data, people)


OF_ONESELF = ["sessionsRevoke"]
"""What every person may do, whatever the role: it ends the caller's own."""


@pytest.mark.parametrize("mutation", sorted({*MUTATIONS} - {*OF_ONESELF}))
async def test_a_denied_mutation_writes_nothing(ask: Ask, runtime, admin, seeded, mutation):
    """That the owner's would be done: tests/graphql/test_examples.py."""
    project, (document, variables) = seeded.project, seeded.example(mutation)
    reader = await new_person(runtime, admin, f"reader-{uuid4().hex[:8]}", scope=Scope.READ_API)
    before = await traces(runtime, project)
    people = {"nobody": None, "stranger": project.stranger, "reader": reader, "guest": project[Role.GUEST]}
    codes = {}
    for name, person in people.items():
        answer = await ask(person, document, **variables)
        assert answer.errors == []
        (error,) = answer.data[mutation]["userErrors"]
        codes[name] = error["code"]
    assert set(codes.values()) <= {"NOT_FOUND", "FORBIDDEN", "UNAUTHENTICATED"}, codes
    assert codes["guest"] in {"FORBIDDEN", "NOT_FOUND"}
    assert await traces(runtime, project) == before


@pytest.mark.parametrize("mutation", OF_ONESELF)
async def test_what_is_of_oneself_takes_a_person_who_may_write(ask: Ask, runtime, admin, seeded, mutation):
    document, variables = seeded.example(mutation)
    reader = await new_person(runtime, admin, f"reader-{uuid4().hex[:8]}", scope=Scope.READ_API)
    refusals = [(await ask(person, document, **variables)).data[mutation]["userErrors"] for person in (None, reader)]
    assert [[error["code"] for error in errors] for errors in refusals] == [["UNAUTHENTICATED"], ["FORBIDDEN"]]


async def traces(runtime, project) -> dict[str, Any]:
    """All that belongs to the project or stands beside it, as text: whatever is written shows."""
    tables = {
        "projects": "id = :id", "memberships": "project_id = :id or group_id = :group", "tokens": "project_id = :id",
        "webhooks": "project_id = :id", "webhook_deliveries": "project_id = :id",
        "models": "project_id = :id", "model_versions": "project_id = :id", "aliases": "project_id = :id",
        "experiments": "project_id = :id", "candidates": "project_id = :id", "candidate_tags": "project_id = :id",
        "candidate_params": "project_id = :id", "logged_models": "project_id = :id", "ci_jobs": "project_id = :id",
        "ci_settings": "project_id = :id", "candidate_ci_jobs": "project_id = :id",
        "background_jobs": "project_id = :id",
        "artifacts": "project_id = :id", "multipart_uploads": "project_id = :id",
        "groups": ":group = any(lineage)",
    }  # fmt: skip
    keys = {"id": project.id, "group": project.group_id}
    answer = {}
    async with runtime.db.read() as snap:
        for table, condition in tables.items():
            used = {name: value for name, value in keys.items() if f":{name}" in condition}
            columns = "to_jsonb(t) - 'last_used_at'"
            rows = await snap.scalars(text(f"select {columns} from {table} t where {condition}"), used)
            answer[table] = sorted(map(str, rows.all()))
        beside = text("select count(*) from projects where group_id = :group")
        answer["projects beside"] = await snap.scalar(beside, {"group": project.group_id})
        answer["users"] = await snap.scalar(text("select count(*) from users where not is_bot"))
    return answer


def test_every_mutation_takes_one_input_and_answers_user_errors():
    for name, field in schema._schema.mutation_type.fields.items():
        assert set(field.args) == {"input"}, name
        assert str(field.args["input"].type) == f"{name[0].upper()}{name[1:]}Input!"
        payload = field.type.of_type
        assert payload.name == f"{name[0].upper()}{name[1:]}Payload"
        assert str(payload.fields["userErrors"].type) == "[UserError!]!", print_type(payload)


def test_everything_is_described():
    bare = []
    for kind in schema._schema.type_map.values():
        if kind.name.startswith("__"):
            continue
        if not kind.description:
            bare.append(kind.name)
        bare += [f"{kind.name}.{name}" for name, one in getattr(kind, "values", {}).items() if not one.description]
        for name, field in getattr(kind, "fields", {}).items():
            if not field.description:
                bare.append(f"{kind.name}.{name}")
            bare += [f"{kind.name}.{name}({a})" for a, arg in getattr(field, "args", {}).items() if not arg.description]
    assert bare == []
