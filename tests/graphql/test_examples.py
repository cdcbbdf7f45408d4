"""Every query, mutation and subscription has a documented example, and every example does what it says."""

from __future__ import annotations

import asyncio
import json

import pytest
from graphql import OperationType, get_named_type, parse

from app.access.policy import Role
from app.graphql.schema import schema
from tests.support.graphql.examples import EXAMPLES, FOLDER, MUTATIONS, QUERIES, SUBSCRIPTIONS, Seeded, seed

FIELDS = {
    **dict.fromkeys(QUERIES, OperationType.QUERY),
    **dict.fromkeys(MUTATIONS, OperationType.MUTATION),
    **dict.fromkeys(SUBSCRIPTIONS, OperationType.SUBSCRIPTION),
}


ADMINISTRATORS = {
    "accessLog",
    "projectLimitsUpdate",
    "invitations",
    "userCreate",
    "userDeactivate",
    "userDelete",
    "userPasswordResetCreate",
    "userReactivate",
    "userUpdate",
    "users",
}
"""What owners of a project cannot do."""
BROWSERS = {"passwordChange"}
"""What no token can do: tests/access/test_password_change.py sends these examples."""


@pytest.fixture(scope="module")
async def seeded(runtime, staff, data, people) -> Seeded:
    return await seed(runtime, staff, data, people)


def test_every_operation_has_an_example():
    assert sorted(EXAMPLES) == sorted(QUERIES + MUTATIONS + SUBSCRIPTIONS)
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == EXAMPLES


@pytest.mark.parametrize("name", FIELDS)
def test_example_says_what_it_does_and_shows_what_it_is_named_after(name):
    text = (FOLDER / f"{name}.graphql").read_text()
    assert text.startswith("# ")
    (operation,) = parse(text).definitions
    (field,) = operation.selection_set.selections
    assert (field.name.value, operation.name.value) == (name, name[0].upper() + name[1:])
    assert operation.operation is FIELDS[name]


@pytest.mark.parametrize("name", MUTATIONS)
def test_example_asks_for_all_that_its_mutation_answers(name):
    """So that the tests of permissions, which send it, see everything that could leak."""
    (operation,) = parse((FOLDER / f"{name}.graphql").read_text()).definitions
    payload = get_named_type(schema._schema.mutation_type.fields[name].type)
    (root,) = operation.selection_set.selections
    requested = {field.name.value for field in root.selection_set.selections}
    assert requested == set(payload.fields)


@pytest.mark.parametrize("name", [name for name in QUERIES + MUTATIONS if name not in BROWSERS])
async def test_example_works(data, admin, seeded, name):
    """Each in the same project: they name things of their own wherever they end something."""
    person = admin if name in ADMINISTRATORS else seeded.project.people[Role.OWNER]
    document, variables = seeded.example(name)
    answer = (await data(person, document, **variables))[name]
    assert answer is not None
    if name in MUTATIONS:
        assert answer["userErrors"] == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("backgroundJobUpdated", {"kind": "webhooks.deliver", "status": "DEAD"}),
        ("candidateUpdated", {"isComplete": True}),
        ("projectEvents", {"type": "MODEL_CREATED", "objectType": "Model"}),
    ],
)
async def test_example_of_a_subscription_gets_its_first_event(http, seeded, name, told):
    document, variables = seeded.example(name)
    headers = {**seeded.project.people[Role.OWNER].headers, "Accept": "text/event-stream"}
    sent = {"query": document, "variables": variables}
    async with asyncio.timeout(10), http.stream("POST", "/graphql", json=sent, headers=headers) as answer:
        events = (line.removeprefix("data: ") async for line in answer.aiter_lines() if line.startswith("data: "))
        first = json.loads(await anext(events))
    assert "errors" not in first
    assert first["data"][name].items() >= told.items()
