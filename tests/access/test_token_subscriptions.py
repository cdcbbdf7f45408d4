"""Subscriptions by tokens of projects, groups and CI jobs: told of their own project or group, refused elsewhere."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from tests.conftest import new_project
from tests.graphql.test_fields_told import ROOTS, document, results
from tests.support.access.scoped_tokens import TOKENS, Bearer, token_of
from tests.support.graphql.examples import SUBSCRIPTIONS


@pytest.fixture
def first(http, showcases):
    """The first result of a subscription about a project, as whoever sends the token."""

    async def read(target: str, bearer: Bearer, root: str) -> dict[str, Any]:
        query = document(root)
        variables_of_project = {**showcases[target].variables, "after": showcases[target].beginning}
        variables = {name: value for name, value in variables_of_project.items() if f"${name}:" in query}
        headers = bearer.headers | {"Accept": "text/event-stream"}
        sent = {"query": query, "variables": variables}
        async with asyncio.timeout(10), http.stream("POST", "/graphql", json=sent, headers=headers) as answer:
            assert answer.status_code == 200
            async with aclosing(results(answer)) as messages:
                return await anext(messages)

    return read


@pytest.mark.parametrize(("target", "name"), TOKENS)
async def test_tokens_subscribe_to_their_own_project_or_group(runtime, showcases, first, target, name):
    assert set(ROOTS) == set(SUBSCRIPTIONS)
    bearer = await token_of(runtime, showcases["private"].project, target, name)
    for root in ROOTS:
        told = await first("private", bearer, root)
        assert not told.get("errors"), told
        assert told["data"][root]


@pytest.mark.parametrize("visibility", ["private", "public"])
@pytest.mark.parametrize("target", ["project", "group"])
async def test_tokens_follow_nothing_else(runtime, staff, first, target, visibility):
    bearer = await token_of(runtime, await new_project(runtime, staff), target, "deleting")
    for root in ROOTS:
        told = await first(visibility, bearer, root)
        assert [error["extensions"]["code"] for error in told["errors"]] == ["NOT_FOUND"]
